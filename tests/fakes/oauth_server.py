"""An MCP server behind OAuth, with the SDK's own authorization server at the same address."""

from __future__ import annotations

import asyncio
import secrets
import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import uvicorn
from mcp.server.auth.provider import (
    AccessToken,
    AuthorizationCode,
    AuthorizationParams,
    RefreshToken,
    construct_redirect_uri,
)
from mcp.server.auth.settings import AuthSettings, ClientRegistrationOptions, RevocationOptions
from mcp.shared.auth import OAuthClientInformationFull, OAuthToken

from harness.mcp_tools.sign_in.login import Person
from tests.fakes.mcp_server import make_server
from tests.fakes.stack import until


@dataclass
class Authority:
    """Issues tokens for everyone who asks; a refresh token counts once."""

    resource: str
    life: int = 3600
    clients: dict[str, OAuthClientInformationFull] = field(default_factory=dict)
    codes: dict[str, AuthorizationCode] = field(default_factory=dict)
    access: dict[str, AccessToken] = field(default_factory=dict)
    refresh: dict[str, RefreshToken] = field(default_factory=dict)
    refreshed: list[str] = field(default_factory=list)
    asked: list[AuthorizationParams] = field(default_factory=list)
    seen: list[tuple[str, str, str]] = field(default_factory=list)
    """Method, path and Authorization of each request."""

    async def get_client(self, client_id: str) -> OAuthClientInformationFull | None:
        return self.clients.get(client_id)

    async def register_client(self, client_info: OAuthClientInformationFull) -> None:
        self.clients[client_info.client_id] = client_info

    async def authorize(
        self, client: OAuthClientInformationFull, params: AuthorizationParams
    ) -> str:
        self.asked.append(params)
        code = f"code_{secrets.token_hex(16)}"
        self.codes[code] = AuthorizationCode(
            code=code, client_id=client.client_id, scopes=params.scopes or [],
            expires_at=time.time() + 60, code_challenge=params.code_challenge,
            redirect_uri=params.redirect_uri, resource=params.resource,
            redirect_uri_provided_explicitly=params.redirect_uri_provided_explicitly,
        )  # fmt: skip
        return construct_redirect_uri(str(params.redirect_uri), code=code, state=params.state)

    async def load_authorization_code(
        self, client: OAuthClientInformationFull, authorization_code: str
    ) -> AuthorizationCode | None:
        return self.codes.get(authorization_code)

    async def exchange_authorization_code(
        self, client: OAuthClientInformationFull, authorization_code: AuthorizationCode
    ) -> OAuthToken:
        code = self.codes.pop(authorization_code.code)
        return self.issue(code.client_id, code.scopes)

    async def load_refresh_token(
        self, client: OAuthClientInformationFull, refresh_token: str
    ) -> RefreshToken | None:
        return self.refresh.get(refresh_token)

    async def exchange_refresh_token(
        self, client: OAuthClientInformationFull, refresh_token: RefreshToken, scopes: list[str]
    ) -> OAuthToken:
        self.refreshed.append(refresh_token.token)
        await asyncio.sleep(0)  # others may ask with the same token meanwhile
        self.refresh.pop(refresh_token.token)
        return self.issue(client.client_id, scopes)

    async def load_access_token(self, token: str) -> AccessToken | None:
        return self.access.get(token)

    async def revoke_token(self, token: AccessToken | RefreshToken) -> None:
        self.access.pop(token.token, None)
        self.refresh.pop(token.token, None)

    def issue(self, client_id: str, scopes: list[str]) -> OAuthToken:
        access, refresh = (f"{kind}_{secrets.token_hex(16)}" for kind in ("access", "refresh"))
        self.access[access] = AccessToken(
            token=access, client_id=client_id, scopes=scopes, resource=self.resource,
            expires_at=int(time.time()) + 3600,
        )  # fmt: skip
        self.refresh[refresh] = RefreshToken(token=refresh, client_id=client_id, scopes=scopes)
        return OAuthToken(
            access_token=access, refresh_token=refresh, expires_in=self.life,
            scope=" ".join(scopes),
        )  # fmt: skip


@asynccontextmanager
async def serving_oauth(folder: Path, **more: Any) -> AsyncIterator[tuple[str, Authority]]:
    """The server's address, and its authority."""
    listening = socket.create_server(("127.0.0.1", 0))
    origin = f"http://127.0.0.1:{listening.getsockname()[1]}"
    authority = Authority(f"{origin}/mcp")
    settings = AuthSettings(
        issuer_url=origin,  # pyright: ignore[reportArgumentType]
        resource_server_url=f"{origin}/mcp",  # pyright: ignore[reportArgumentType]
        validate_token_resource=True,
        client_registration_options=ClientRegistrationOptions(
            enabled=True, valid_scopes=["notes", "files"], default_scopes=["notes"]
        ),
        revocation_options=RevocationOptions(enabled=True),
        **{"required_scopes": ["notes"], **more},
    )
    app = make_server(folder, auth=settings, auth_server_provider=authority).streamable_http_app()

    async def noting(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            headers = {k.decode(): v.decode() for k, v in scope["headers"]}
            authority.seen.append(
                (scope["method"], scope["path"], headers.get("authorization", ""))
            )
        await app(scope, receive, send)

    async with serving_app(noting, listening):
        yield f"{origin}/mcp", authority


@asynccontextmanager
async def serving_app(app: Any, listening: socket.socket) -> AsyncIterator[None]:
    """Serve an application at a socket that listens already."""
    config = uvicorn.Config(app, log_level="error", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve([listening]))
    await until(lambda: server.started)
    try:
        yield
    finally:
        server.should_exit = True
        await serving


@dataclass
class Browser:
    """Follows the link as a browser does, whose user agrees to everything."""

    change: Callable[[str], str] = lambda url: url
    """What becomes of the address that the browser returns to."""
    opened: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    pages: list[str] = field(default_factory=list)
    pasted: asyncio.Queue[str] = field(default_factory=asyncio.Queue)
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)

    @property
    def person(self) -> Person:
        return Person(self.show, self.pasted.get, self.said.append)

    def show(self, url: str) -> None:
        self.opened.append(url)
        self._tasks.append(asyncio.create_task(self.follow(url)))

    async def follow(self, url: str) -> None:
        async with httpx2.AsyncClient(trust_env=False) as client:
            answer = await client.get(url)
            assert answer.is_redirect, answer.text
            back = await client.get(self.change(answer.headers["location"]))
            self.pages.append(back.text)
