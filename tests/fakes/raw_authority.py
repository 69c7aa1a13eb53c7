"""An MCP server and its authorization server, of which each answer can be replaced by a bad one."""

from __future__ import annotations

import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode

from tests.fakes.oauth_server import serving_app

RESOURCE = "/.well-known/oauth-protected-resource/mcp"
METADATA = "/.well-known/oauth-authorization-server"
Answer = Callable[[Any], Awaitable[None]] | tuple[int, dict[str, str], bytes]


@dataclass
class RawAuthority:
    origin: str
    answers: dict[str, Answer] = field(default_factory=dict)
    seen: list[tuple[str, str, bytes]] = field(default_factory=list)
    """Path, Authorization and body of each request."""

    @property
    def url(self) -> str:
        return f"{self.origin}/mcp"

    def say(self, path: str, value: Any, status: int = 200, **headers: str) -> None:
        """Answer a path with JSON, or with bytes as they are."""
        body = value if isinstance(value, bytes) else json.dumps(value).encode()
        self.answers[path] = (status, {"content-type": "application/json", **headers}, body)

    def change(self, path: str, **values: Any) -> None:
        """Answer a path with JSON of other values."""
        answer = self.answers[path]
        assert isinstance(answer, tuple)
        self.say(path, {**json.loads(answer[2]), **values})

    def reached(self, path: str) -> bool:
        return any(each[0] == path for each in self.seen)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        headers = {k.decode(): v.decode() for k, v in scope["headers"]}
        self.seen.append((scope["path"], headers.get("authorization", ""), body))
        answer = self.answers.get(scope["path"], (404, {}, b""))
        if scope["path"] == "/authorize" and isinstance(answer, tuple) and answer[0] == 302:
            query = parse_qs(scope["query_string"].decode())
            more = urlencode({"code": "code-123456", "state": query["state"][0]})
            place = f"{query['redirect_uri'][0]}?{more}{answer[2].decode()}"
            answer = (302, {"location": place}, b"")
        if not isinstance(answer, tuple):
            await answer(send)
            return
        status, more_headers, content = answer
        raw = [(k.encode(), v.encode()) for k, v in more_headers.items()]
        await send({"type": "http.response.start", "status": status, "headers": raw})
        await send({"type": "http.response.body", "body": content})


@asynccontextmanager
async def serving_raw_authority() -> AsyncIterator[RawAuthority]:
    """A server whose answers are all good, at first."""
    listening = socket.create_server(("127.0.0.1", 0))
    raw = RawAuthority(f"http://127.0.0.1:{listening.getsockname()[1]}")
    raw.say("/mcp", {}, 401)
    raw.say(RESOURCE, {"resource": raw.url, "authorization_servers": [raw.origin]})
    raw.say(METADATA, {
        "issuer": raw.origin, "authorization_endpoint": f"{raw.origin}/authorize",
        "token_endpoint": f"{raw.origin}/token", "response_types_supported": ["code"],
        "registration_endpoint": f"{raw.origin}/register",
        "code_challenge_methods_supported": ["S256"],
    })  # fmt: skip
    raw.say("/register", {"client_id": "client-1", "token_endpoint_auth_method": "none"}, 201)
    raw.say("/authorize", b"", 302)
    raw.say("/token", {"access_token": "tok-123456", "token_type": "Bearer"})
    async with serving_app(raw, listening):
        yield raw
