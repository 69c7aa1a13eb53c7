"""The client that the conformance suite of MCP judges: signs in when it is asked to, lists the
tools and calls each, as a worker with a person beside it would. Usage: SERVER-URL"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import httpx2

from harness.agent import McpServer
from harness.contracts.errors import HarnessError, McpNotSignedIn
from harness.mcp_tools.connection import Answered, Lost, ServerConnection
from harness.mcp_tools.sign_in.login import sign_in
from tests.fakes.oauth_server import Browser

LOGINS = 3
"""How often the person signs in before giving up."""
DOCUMENT = "https://conformance-test.local/client-metadata.json"


async def find_issuer(url: str) -> str:
    """What the user of client credentials knows, and the suite does not say."""
    root, path = url.rsplit("/", 1)
    async with httpx2.AsyncClient(trust_env=False) as client:
        for place in (f"/{path}", ""):
            answer = await client.get(f"{root}/.well-known/oauth-protected-resource{place}")
            if answer.status_code == 200:
                return str(answer.json()["authorization_servers"][0])
    raise SystemExit("no issuer")


async def describe(url: str) -> McpServer:
    scenario = os.environ.get("MCP_CONFORMANCE_SCENARIO", "")
    context: dict[str, Any] = json.loads(os.environ.get("MCP_CONFORMANCE_CONTEXT", "{}"))
    oauth: dict[str, Any] = {k: context[k] for k in ("client_id", "client_secret") if k in context}
    if "client_secret" in oauth:
        oauth["issuer"] = context.get("issuer") or await find_issuer(url)
    if "client-credentials" in scenario:
        oauth["grant"] = "client_credentials"
    if "cimd" in scenario:
        oauth["client_id"] = DOCUMENT
    return McpServer.model_validate(
        {"name": "suite", "url": url, "allow_private": True, "trusted": True, "oauth": oauth}
    )


async def use(server: McpServer, project: Path) -> None:
    connection = ServerConnection(server, project, 60.0)
    try:
        async with connection.use() as (session, tools):
            for name in tools:
                try:
                    await session.send(session.client.call_tool(name, {}))
                except Answered as why:
                    print(f"{name}: {why}")
                except Lost:
                    raise session.link.make_error() from None
    finally:
        await connection.close()


async def main(url: str) -> int:
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_CONFIG_HOME"] = folder
        server, project = await describe(url), Path(folder)
        for count in range(LOGINS + 1):
            try:
                await use(server, project)
                return 0
            except McpNotSignedIn as error:
                print(f"{error.message} {error.fix}")
                if count == LOGINS or server.oauth.grant == "client_credentials":
                    return 1
                await sign_in(server, project, Browser().person)
    return 1


if __name__ == "__main__":
    try:
        sys.exit(asyncio.run(main(sys.argv[1])))
    except HarnessError as error:
        print(f"{error.message}\n{error.fix}")
        sys.exit(1)
