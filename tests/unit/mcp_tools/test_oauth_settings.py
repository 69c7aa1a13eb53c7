"""How a sign-in is described, and what is refused of it."""

from __future__ import annotations

from typing import Any

import pytest

from harness.agent import McpServer

URL = "https://mcp.example.org/mcp"
SECRET = {"client_id": "me", "client_secret": "env:SECRET", "issuer": "https://login.example.org"}


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"oauth": {"grant": "client_credentials"}}, "needs client_id and client_secret"),
        ({"oauth": {"client_id": "me", "client_secret": "s"}}, "the issuer that it is sent to"),
        ({"oauth": {"scopes": ["a b"]}}, "without spaces"),
        ({"oauth": {"scopes": ['a"b']}}, "without spaces"),
        ({"oauth": {"issuer": "javascript:alert(1)"}}, "expected an address"),
        ({"oauth": {"issuer": "https://user:pw@example.org"}}, "no user name or password"),
        ({"oauth": {"issuer": "https://example.org/?x=1"}}, "without ? and #"),
        ({"oauth": {"issuer": "http://example.org"}}, "expected https"),
        ({"oauth": {"redirect_port": 0}}, "greater than or equal to 1"),
        ({"oauth": SECRET, "auth": "tok-123456"}, "oauth is for a url without auth"),
        ({"oauth": SECRET, "url": None, "command": ["x"]}, "oauth is for a url without auth"),
    ],
)
def test_what_cannot_work_is_refused(fields: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=why.replace("?", r"\?")):
        McpServer.model_validate({"name": "bad", "url": URL, **fields})


def test_the_secret_is_not_shown() -> None:
    secret = {**SECRET, "client_secret": "hunter2secret", "grant": "client_credentials"}
    server = McpServer.model_validate({"name": "good", "url": URL, "oauth": secret})
    assert "hunter2secret" not in repr(server) + server.model_dump_json()
