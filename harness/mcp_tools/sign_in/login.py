"""A person signs in to an MCP server with the browser, or ends the sign-in."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from typing_extensions import override

from harness.agent.mcp_server import McpServer
from harness.commons.redact import register_secrets
from harness.contracts.errors import HarnessError, McpSignInFailed
from harness.mcp_tools.connection import import_sdk
from harness.mcp_tools.sign_in.auth import is_refusal
from harness.mcp_tools.sign_in.callback import Callback, Returned, open_callback, read_returned
from harness.mcp_tools.sign_in.client import Exchanges, check_place, open_client
from harness.mcp_tools.sign_in.flow import (
    check_endpoints,
    keep_authority,
    keep_tokens,
    make_metadata,
    make_probe,
    make_storage,
    own_client,
    restore_provider,
    run_flow,
)
from harness.mcp_tools.sign_in.record import (
    SignIn,
    is_document,
    list_secrets,
    lock_sign_in,
    new_sign_in,
    read_former,
    remove_sign_in,
    write_sign_in,
)

if TYPE_CHECKING:
    import httpx2
    from mcp.client.auth import OAuthClientProvider
    from mcp.shared.auth import OAuthClientInformationFull

PERSON_S = 600.0
"""How long a person has for the browser."""


@dataclass(frozen=True)
class Person:
    """Who signs in."""

    show: Callable[[str], None]
    """Show the address to sign in at, or open it."""
    read_line: Callable[[], Awaitable[str | None]]
    """Read the address that the browser returned to, if it cannot reach this machine; None if
    nothing can be pasted."""
    say: Callable[[str], None]
    """Say what is wrong with what was pasted."""


async def sign_in(server: McpServer, project: Path, person: Person) -> SignIn:
    """Let a person sign in, and keep the tokens.

    Raises:
        McpSignInFailed: The server wants no sign-in, or refused it.
        McpUnavailable: A server does not answer.
        InvalidValue: What was kept before is not used, or cannot be replaced.
    """
    await import_sdk(server)
    former = read_former(project, server)
    async with (
        open_callback(server.oauth.redirect_port, _former_port(former)) as callback,
        open_client(server) as client,
    ):
        exchanges, probe = Exchanges(server, client), make_probe(server)
        refusal = await _find_refusal(exchanges)
        provider = _make_provider(server, former, callback, person)
        try:
            async with asyncio.timeout(PERSON_S):
                await run_flow(provider, exchanges, probe, refusal)
        except TimeoutError:
            raise McpSignInFailed(
                f"Nobody signed in to the MCP server {server.name} within {PERSON_S / 60:g} min."
            ) from None
    found = _keep(server, project, provider)
    register_secrets(list_secrets(found))
    async with lock_sign_in(project, server):
        write_sign_in(project, server, found)
    return found


async def sign_out(server: McpServer, project: Path) -> bool | None:
    """End a sign-in: revoke it where the server offers that, and remove it.

    Returns:
        Whether it was revoked; None if there was none.
    """
    await import_sdk(server)
    async with lock_sign_in(project, server):
        found = read_former(project, server)
        remove_sign_in(project, server)
        if found is None or found.tokens is None:
            return None
        register_secrets(list_secrets(found))
        try:
            return await _revoke(server, found)
        except HarnessError:
            return False


def _former_port(former: SignIn | None) -> int | None:
    """The port that a registered client returns to: servers may refuse another."""
    uris: list[Any] = (former.client.get("redirect_uris") if former else None) or [""]
    return urlsplit(str(uris[0])).port


async def _find_refusal(exchanges: Exchanges) -> httpx2.Response:
    """Ask the server without a token. If it answers, a sign-in may be for some of its tools alone:
    then its metadata alone says how."""
    import httpx2

    for method in ("initialize", "tools/list"):
        answer = await exchanges.send(make_probe(exchanges.server, method))
        if is_refusal(answer):
            return answer
    return httpx2.Response(401)


def _make_provider(
    server: McpServer, former: SignIn | None, callback: Callback, person: Person
) -> OAuthClientProvider:
    from mcp.client.auth import AuthorizationCodeResult, OAuthClientProvider
    from mcp.client.auth.utils import issuers_match

    async def redirect(url: str) -> None:
        await check_endpoints(server, provider)
        await check_place(server, url)
        (state,) = parse_qs(urlsplit(url).query)["state"][-1:]
        callback.expect(state)
        person.show(url)

    async def wait() -> AuthorizationCodeResult:
        returned = await _wait_returned(callback, person)
        if returned.error:
            raise McpSignInFailed(
                f"The sign-in to the MCP server {server.name} was refused: {returned.error}."
            )
        register_secrets([returned.code])
        return AuthorizationCodeResult(code=returned.code, state=returned.state, iss=returned.iss)

    class Provider(OAuthClientProvider):
        @override
        def _select_authorization_server(self, advertised: list[str]) -> str:
            wanted = server.oauth.issuer or advertised[0]
            return next((each for each in advertised if issuers_match(each, wanted)), advertised[0])

    provider = Provider(
        server.url or "",
        make_metadata(callback.address, _choose_scopes(server, former)),
        make_storage(_choose_client(server, former, callback)),
        redirect,
        wait,
        client_metadata_url=server.oauth.client_id if is_document(server) else None,
    )
    return provider


def _choose_scopes(server: McpServer, former: SignIn | None) -> tuple[str, ...]:
    """Which scopes to ask for: those of the settings, and those that calls lacked. None of both:
    what the server asks for."""
    wanted = former.wanted if former else ()
    granted = former.tokens.scope if former and former.tokens and wanted else None
    known = server.oauth.scopes or (granted or "").split()
    return tuple(dict.fromkeys((*known, *wanted)))


def _choose_client(
    server: McpServer, former: SignIn | None, callback: Callback
) -> OAuthClientInformationFull | None:
    """The client of the settings, or the one that the last sign-in registered, if the browser
    returns to the same address."""
    from mcp.shared.auth import OAuthClientInformationFull

    if (own := own_client(server, callback.address)) is not None:
        return own
    if former is None or server.oauth.client_id is not None:
        return None
    uris: list[Any] = former.client.get("redirect_uris") or []
    expires = former.client.get("client_secret_expires_at") or 0
    if callback.address not in uris or 0 < expires < time.time():
        return None
    return OAuthClientInformationFull.model_validate(former.client)


async def _wait_returned(callback: Callback, person: Person) -> Returned:
    """Wait for the browser, or for a person who pastes where it returned to."""
    waiting = asyncio.create_task(callback.wait())
    pasting = asyncio.create_task(_read_pasted(callback, person))
    try:
        await asyncio.wait([waiting, pasting], return_when=asyncio.FIRST_COMPLETED)
        if pasting.done() and not waiting.done() and pasting.exception() is not None:
            pasting.result()
        return await waiting
    finally:
        for task in (waiting, pasting):
            task.cancel()
        await asyncio.gather(waiting, pasting, return_exceptions=True)


async def _read_pasted(callback: Callback, person: Person) -> None:
    while (line := await person.read_line()) is not None:
        try:
            if not line.strip():
                continue
            if callback.take(read_returned(line.strip())):
                return
            person.say("This address belongs to another sign-in.")
        except McpSignInFailed as error:
            person.say(error.message)


def _keep(server: McpServer, project: Path, provider: OAuthClientProvider) -> SignIn:
    context = provider.context
    client = context.client_info
    resource = context.protected_resource_metadata
    return new_sign_in(
        project,
        server,
        tokens=keep_tokens(server, context.current_tokens),
        client={} if client is None else client.model_dump(mode="json", exclude_none=True),
        document=server.oauth.client_id if is_document(server) else None,
        authority=keep_authority(provider),
        resource=None if resource is None else str(resource.resource),
    )


async def _revoke(server: McpServer, found: SignIn) -> bool:
    """Revoke the refresh token, and with it the access tokens (RFC 7009)."""
    import httpx2

    endpoint, tokens = found.authority.get("revocation_endpoint"), found.tokens
    if endpoint is None or tokens is None:
        return False
    provider = restore_provider(found)
    provider.context.client_info = client = await provider.context.storage.get_client_info()
    revoked = True
    async with open_client(server) as http:
        exchanges = Exchanges(server, http)
        both = (("refresh_token", tokens.refresh), ("access_token", tokens.access))
        for kind, token in both:
            if token is None or client is None:
                continue
            form = {"token": token, "token_type_hint": kind, "client_id": client.client_id}
            form, headers = provider.context.prepare_token_auth(form, {})
            request = httpx2.Request("POST", str(endpoint), data=form, headers=headers)
            revoked = (await exchanges.send(request)).status_code == 200 and revoked
    return revoked
