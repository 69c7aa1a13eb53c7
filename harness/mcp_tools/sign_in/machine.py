"""Client credentials: workers sign in by themselves, and keep the token in memory."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from harness.agent.mcp_server import McpServer
from harness.mcp_tools.checked import read_secret
from harness.mcp_tools.sign_in.client import Exchanges, open_client
from harness.mcp_tools.sign_in.flow import (
    keep_tokens,
    make_metadata,
    make_probe,
    make_storage,
    run_flow,
)
from harness.mcp_tools.sign_in.masked import Masked

if TYPE_CHECKING:
    import httpx2
    from mcp.client.auth.extensions.client_credentials import ClientCredentialsOAuthProvider


@dataclass
class MachineTokens:
    """The access token that a worker gets for its client id and secret."""

    server: McpServer
    _token: str | None = field(default=None, init=False, repr=False)
    _scope: str | None = field(default=None, init=False)
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)
    _masked: Masked = field(default_factory=Masked, init=False, repr=False)

    async def get_token(self) -> str | None:
        """The token of the last sign-in. The server says when a new one is needed."""
        return self._token

    async def renew_token(self, used: str | None, answer: httpx2.Response) -> str:
        """Sign in, after the server refused `used` or wanted more scopes."""
        async with self._lock:
            if self._token is not None and self._token != used:
                return self._token
            provider = self._make_provider()
            async with open_client(self.server) as client:
                exchanges = Exchanges(self.server, client)
                await run_flow(provider, exchanges, make_probe(self.server), answer)
            tokens = keep_tokens(self.server, provider.context.current_tokens)
            self._masked.replace([tokens.access])
            self._token, self._scope = tokens.access, tokens.scope
            return tokens.access

    def _make_provider(self) -> ClientCredentialsOAuthProvider:
        from mcp.client.auth.extensions.client_credentials import ClientCredentialsOAuthProvider

        oauth = self.server.oauth
        assert oauth.client_secret is not None
        provider = ClientCredentialsOAuthProvider(
            self.server.url or "",
            make_storage(),
            client_id=oauth.client_id or "",
            client_secret=read_secret(self.server.name, "oauth.client_secret", oauth.client_secret),
            scope=" ".join(oauth.scopes) or None,
            issuer=oauth.issuer,
        )
        metadata = make_metadata(
            None, oauth.scopes, grant_types=["client_credentials"],
            token_endpoint_auth_method="client_secret_basic",  # noqa: S106
        )  # fmt: skip
        if not oauth.scopes:
            metadata.scope = self._scope  # those granted are asked for again with more
        provider.context.client_metadata = metadata
        return provider
