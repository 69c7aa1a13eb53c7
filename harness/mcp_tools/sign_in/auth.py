"""Add the token of a sign-in to the requests of a connection, and renew it when it is refused.

A request that was answered with 401, or with 403 for its scopes, was not carried out: it is sent
once more with a new token.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from harness.agent.mcp_server import McpServer
from harness.contracts.errors import HarnessError
from harness.mcp_tools.link import Link
from harness.mcp_tools.sign_in.flow import not_signed_in
from harness.mcp_tools.sign_in.machine import MachineTokens
from harness.mcp_tools.sign_in.stored import StoredTokens

if TYPE_CHECKING:
    import httpx2


class TokenSource(Protocol):
    """Where the access token of a server comes from."""

    async def get_token(self) -> str | None:
        """The token to send; None to send none."""
        ...

    async def renew_token(self, used: str | None, answer: httpx2.Response) -> str:
        """A token instead of `used`, which the server refused with `answer`."""
        ...


def choose_tokens(server: McpServer, project: Path) -> TokenSource:
    """Choose the tokens of a server without a fixed secret."""
    if server.oauth.grant == "client_credentials":
        return MachineTokens(server)
    return StoredTokens(server, project)


def make_auth(link: Link, tokens: TokenSource) -> httpx2.Auth:
    """Make the sign-in of a connection. httpx2 loads slowly, so its subclass is made here."""
    import httpx2

    class SignedIn(httpx2.Auth):
        async def async_auth_flow(
            self, request: httpx2.Request
        ) -> AsyncGenerator[httpx2.Request, httpx2.Response]:
            try:
                used = await tokens.get_token()
                _set_token(request, used)
                answer = yield request
                if request.method != "POST":
                    return  # a stream of events or the goodbye: calls work without them
                if is_refusal(answer):
                    _set_token(request, await tokens.renew_token(used, answer))
                    answer = yield request
                    if is_refusal(answer):
                        raise not_signed_in(link.server, f"{_name_refusal(answer)} the new token")
            except HarnessError as error:
                link.refuse(error)
                raise httpx2.ConnectError(error.message) from None
            if answer.status_code in (401, 403):
                link.fail(f"it answered {answer.status_code}: check its auth", refused=True)

    return SignedIn()


def is_refusal(answer: httpx2.Response) -> bool:
    """Whether an answer asks for another token."""
    from mcp.client.auth.utils import extract_field_from_www_auth

    if answer.status_code == 403:
        return extract_field_from_www_auth(answer, "error") == "insufficient_scope"
    return answer.status_code == 401


def _name_refusal(answer: httpx2.Response) -> str:
    return "refuses" if answer.status_code == 401 else "wants more scopes than those of"


def _set_token(request: httpx2.Request, token: str | None) -> None:
    if token is not None:
        request.headers["Authorization"] = f"Bearer {token}"
