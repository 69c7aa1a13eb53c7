"""Run the SDK's OAuth client: its flow says what to ask, `Exchanges` asks it, and what it obtained
is checked before it is kept.

The flow is driven here instead of by an HTTP client: it would hold its lock while a tool runs, and
keeps no expiry of tokens that it did not obtain itself.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from harness.agent.mcp_server import McpServer
from harness.contracts.errors import HarnessError, McpNotSignedIn, McpSignInFailed, McpUnavailable
from harness.mcp_tools.checked import is_sendable, read_secret
from harness.mcp_tools.link import shorten_words
from harness.mcp_tools.sign_in.client import Exchanges, check_place
from harness.mcp_tools.sign_in.record import SignIn, Tokens, is_document
from harness.version import __version__

if TYPE_CHECKING:
    import httpx2
    from mcp.client.auth import OAuthClientProvider, TokenStorage
    from mcp.shared.auth import OAuthClientInformationFull, OAuthClientMetadata, OAuthToken

MAX_SCOPE = 4_000
MAX_LIFE_S = 10 * 365 * 86_400
PROTOCOL = "2025-11-25"
KEPT = (
    "issuer", "authorization_endpoint", "token_endpoint", "revocation_endpoint",
)  # fmt: skip
"""What is kept of the authorization server's metadata."""


def not_signed_in(server: McpServer, why: str) -> McpNotSignedIn:
    return McpNotSignedIn(
        f"The MCP server {server.name} {why}.", fix=f"Sign in: harness mcp login {server.name}"
    )


def make_storage(
    client: OAuthClientInformationFull | None = None, held: OAuthToken | None = None
) -> TokenStorage:
    """Make the storage of one flow, in memory: what it obtains is read from its context."""

    class Storage:
        async def get_tokens(self) -> OAuthToken | None:
            return held

        async def set_tokens(self, tokens: OAuthToken) -> None: ...

        async def get_client_info(self) -> OAuthClientInformationFull | None:
            return client

        async def set_client_info(self, client_info: OAuthClientInformationFull) -> None: ...

    return Storage()


def make_metadata(redirect: str | None, scopes: tuple[str, ...], **more: Any) -> Any:
    """Describe this client. With `scopes`, no others are asked for."""
    from mcp.shared.auth import OAuthClientMetadata
    from pydantic import field_validator

    class FixedScopes(OAuthClientMetadata, validate_assignment=True):
        """The SDK assigns the scopes that the server asks for; these stay."""

        @field_validator("scope")
        @classmethod
        def _keep(cls, _: str | None) -> str:
            return " ".join(scopes)

    kind = FixedScopes if scopes else OAuthClientMetadata
    return kind.model_validate(
        {
            "redirect_uris": [redirect] if redirect else None,
            "scope": " ".join(scopes) or None,
            "client_name": "durable-harness",
            "software_id": "durable-harness",
            "software_version": __version__,
            **more,
        }
    )


def own_client(server: McpServer, redirect: str | None) -> OAuthClientInformationFull | None:
    """The client that the user registered, if the settings name one."""
    from mcp.shared.auth import OAuthClientInformationFull

    oauth = server.oauth
    if oauth.client_id is None or is_document(server):
        return None
    secret = None
    if oauth.client_secret is not None:
        secret = read_secret(server.name, "oauth.client_secret", oauth.client_secret)
    return OAuthClientInformationFull.model_validate(
        {
            "client_id": oauth.client_id,
            "client_secret": secret,
            "redirect_uris": [redirect] if redirect else None,
            "token_endpoint_auth_method": "client_secret_basic" if secret else "none",
            "issuer": oauth.issuer,
        }
    )


def make_probe(server: McpServer, method: str = "initialize") -> httpx2.Request:
    """Make a request that shows whether the server wants a sign-in, and says where."""
    import httpx2

    hello = {
        "protocolVersion": PROTOCOL, "capabilities": {},
        "clientInfo": {"name": "durable-harness", "version": __version__},
    }  # fmt: skip
    params = hello if method == "initialize" else {}
    body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    headers = {"Accept": "application/json, text/event-stream", "MCP-Protocol-Version": PROTOCOL}
    return httpx2.Request("POST", server.url or "", json=body, headers=headers)


async def run_flow(
    provider: OAuthClientProvider,
    exchanges: Exchanges,
    probe: httpx2.Request,
    refusal: httpx2.Response | None,
) -> None:
    """Run the flow of a provider until it has tokens, or, without `refusal`, until it has renewed
    them. The request `probe` itself is not sent.

    Raises:
        McpSignInFailed: It ended without.
        McpUnavailable: A server did not answer, or is busy.
    """
    flow = provider.async_auth_flow(probe)
    try:
        outgoing = await anext(flow)
        while outgoing is not probe:
            outgoing = await flow.asend(await _ask(exchanges, outgoing))
        if refusal is not None:
            outgoing = await flow.asend(refusal)
            while outgoing is not probe:
                outgoing = await flow.asend(await _ask(exchanges, outgoing))
    except (HarnessError, StopAsyncIteration):
        raise
    except Exception as error:
        raise _explain(exchanges, error) from None
    finally:
        await flow.aclose()


async def _ask(exchanges: Exchanges, request: httpx2.Request) -> httpx2.Response:
    answer = await exchanges.send(request)
    if request.method == "POST" and exchanges.is_busy:
        raise McpUnavailable(
            f"The sign-in to the MCP server {exchanges.server.name} failed: "
            f"{exchanges.describe_last()}."
        )
    return answer


def _explain(exchanges: Exchanges, error: Exception) -> McpSignInFailed:
    """Say why a flow ended. Only words of its checks are shown: others may hold a body."""
    from mcp.client.auth import OAuthFlowError, OAuthRegistrationError, OAuthTokenError

    why = f"{exchanges.describe_last()}, which is not an answer of OAuth"
    if isinstance(error, OAuthTokenError):
        why = f"no token was issued: {exchanges.describe_last()}"
    elif isinstance(error, OAuthRegistrationError):
        why = (
            f"this client could not be registered: {exchanges.describe_last()}. If the server "
            "registers none, create one there and set oauth.client_id"
        )
    elif isinstance(error, OAuthFlowError):
        why = shorten_words(str(error))
    return McpSignInFailed(f"The sign-in to the MCP server {exchanges.server.name} failed: {why}.")


def keep_tokens(server: McpServer, issued: OAuthToken | None) -> Tokens:
    """Check tokens before they are kept.

    Raises:
        McpSignInFailed: They cannot be sent in a header, or are too large.
    """
    if issued is None:
        raise McpSignInFailed(f"The sign-in to the MCP server {server.name} brought no token.")
    both = [issued.access_token, *([issued.refresh_token] if issued.refresh_token else [])]
    if not all(each and is_sendable(each) and " " not in each for each in both):
        raise McpSignInFailed(
            f"The sign-in to the MCP server {server.name} failed: its token is too large, or has "
            "characters that a header cannot have."
        )
    life = issued.expires_in
    expires = None if life is None else time.time() + max(0, min(life, MAX_LIFE_S))
    scope = shorten_words(issued.scope[:MAX_SCOPE]) if issued.scope else None
    return Tokens(
        access=both[0], refresh=issued.refresh_token or None, scope=scope, expires_at=expires
    )


def keep_authority(provider: OAuthClientProvider) -> dict[str, Any]:
    """What is kept of the authorization server's metadata, to refresh and revoke tokens there."""
    found = provider.context.oauth_metadata
    data = {} if found is None else found.model_dump(mode="json", exclude_none=True)
    return {key: data[key] for key in KEPT if key in data}


def restore_provider(found: SignIn) -> OAuthClientProvider:
    """Make a provider that holds a sign-in as its flow left it, with tokens that have expired."""
    from mcp.client.auth import OAuthClientProvider
    from mcp.shared.auth import (
        OAuthClientInformationFull,
        OAuthMetadata,
        OAuthToken,
        ProtectedResourceMetadata,
    )

    tokens = found.tokens
    assert tokens is not None
    held = OAuthToken(access_token=tokens.access, refresh_token=tokens.refresh, scope=tokens.scope)
    client = OAuthClientInformationFull.model_validate(found.client)
    metadata: OAuthClientMetadata = make_metadata(None, ())
    provider = OAuthClientProvider(found.url, metadata, make_storage(client, held))
    context = provider.context
    context.token_expiry_time = 1.0
    if found.authority:
        context.oauth_metadata = OAuthMetadata.model_validate(found.authority)
        context.auth_server_url = found.issuer
    if found.resource:
        context.protected_resource_metadata = ProtectedResourceMetadata.model_validate(
            {"resource": found.resource, "authorization_servers": [found.issuer or found.url]}
        )
    return provider


async def check_endpoints(server: McpServer, provider: OAuthClientProvider) -> None:
    """Check what the metadata says, before anybody signs in there.

    Raises:
        McpSignInFailed: It is another authorization server than the user named, or one of its
            addresses is not allowed.
    """
    from mcp.client.auth.utils import issuers_match

    found, issuer = provider.context.oauth_metadata, server.oauth.issuer
    if issuer is not None and (found is None or not issuers_match(str(found.issuer), issuer)):
        named = shorten_words(str(found.issuer)) if found else "none"
        raise McpSignInFailed(
            f"The MCP server {server.name} names another authorization server than its "
            f"oauth.issuer: {named}."
        )
    if found is None and provider.context.auth_server_url is not None:
        # The SDK would go on at the MCP server's own address, which names another.
        raise McpSignInFailed(
            f"The authorization server of the MCP server {server.name} has no usable metadata: "
            f"{shorten_words(provider.context.auth_server_url)}."
        )
    if found is not None:
        await check_place(server, str(found.token_endpoint))
