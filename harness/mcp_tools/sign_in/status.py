"""Say whether this user is signed in to a server."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from harness.agent.mcp_server import McpServer
from harness.contracts.clean_text import clean_line
from harness.contracts.errors import InvalidValue
from harness.mcp_tools.sign_in.record import SignIn, read_sign_in


def read_status(project: Path, server: McpServer) -> dict[str, Any] | None:
    """Read the state of a sign-in; None if none is known to be needed. Without any token.

    Returns:
        `state`: client_credentials, signed_in, expired, ended or unusable, and what is known more.
    """
    if not server.url or server.auth is not None:
        return None
    if server.oauth.grant == "client_credentials":
        return {"state": "client_credentials", "issuer": server.oauth.issuer}
    try:
        found = read_sign_in(project, server)
    except InvalidValue as error:
        return {"state": "unusable", "why": error.message, "fix": error.fix}
    return None if found is None else _describe(found)


def _describe(found: SignIn) -> dict[str, Any]:
    tokens = found.tokens
    facts: dict[str, Any] = {"state": "ended", "issuer": found.issuer or found.url}
    if found.wanted:
        facts["wanted_scopes"] = list(found.wanted)
    if tokens is None:
        return facts
    gone = tokens.expires_at is not None and tokens.expires_at < time.time()
    facts["state"] = "expired" if gone and not tokens.refresh else "signed_in"
    if tokens.expires_at is not None:
        facts["expires_at"] = datetime.fromtimestamp(tokens.expires_at, UTC).isoformat(
            "T", "seconds"
        )
    facts["refreshes"] = tokens.refresh is not None
    if tokens.scope:
        facts["scopes"] = tokens.scope.split()
    return facts


def describe_status(server: McpServer, status: dict[str, Any] | None) -> str | None:
    """Say the state in words, with the next step if there is one."""
    if status is None:
        return None
    again = f"sign in again: harness mcp login {server.name}"
    match status["state"]:
        case "client_credentials":
            return "signs in with client credentials"
        case "unusable":
            return clean_line(f"sign-in not used: {status['why']} {status['fix']}")
        case "ended" | "expired":
            return f"the sign-in has {status['state']}, {again}"
        case _:
            pass
    if status["refreshes"]:
        words = "signed in, refreshed automatically"
    else:
        until = status.get("expires_at")
        words = f"signed in until {until}" if until else "signed in"
    if wanted := status.get("wanted_scopes"):
        return clean_line(f"{words}; a call lacked {' '.join(wanted)}, {again}")
    return words
