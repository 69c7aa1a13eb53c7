"""The tokens that a person's login left, as workers use them: read before each request, and
refreshed by one process at a time, because a refresh token often counts once."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from harness.agent.mcp_server import McpServer
from harness.contracts.errors import McpUnavailable
from harness.mcp_tools.sign_in.client import Exchanges, open_client, read_error
from harness.mcp_tools.sign_in.flow import (
    MAX_SCOPE,
    keep_tokens,
    make_probe,
    not_signed_in,
    restore_provider,
    run_flow,
)
from harness.mcp_tools.sign_in.masked import Masked
from harness.mcp_tools.sign_in.record import (
    SignIn,
    list_secrets,
    lock_sign_in,
    read_sign_in,
    write_sign_in,
)

if TYPE_CHECKING:
    import httpx2

FINAL = (400, 401, 403)


def is_final(answer: httpx2.Response) -> bool:
    """Whether an authorization server refused a refresh for good: a proxy before it does not say
    so in the words of OAuth."""
    return answer.status_code in FINAL and read_error(answer)[0] != ""


@dataclass
class StoredTokens:
    """The access token of a sign-in, kept fresh."""

    server: McpServer
    project: Path
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)
    _running: set[asyncio.Task[str]] = field(default_factory=set[asyncio.Task[str]], init=False)
    _masked: Masked = field(default_factory=Masked, init=False, repr=False)

    async def get_token(self) -> str | None:
        """Read the access token; it is refreshed if it has expired. None without a sign-in."""
        found = await self._read()
        if found is None or found.tokens is None:
            return None
        if found.tokens.has_expired and found.tokens.refresh:
            return await self._refresh(found.tokens.access)
        return found.tokens.access

    async def renew_token(self, used: str | None, answer: httpx2.Response) -> str:
        """Find another token after the server refused `used`.

        Raises:
            McpNotSignedIn: There is none: a person has to sign in.
        """
        from mcp.client.auth.utils import extract_scope_from_www_auth

        if answer.status_code == 403:
            scope = (extract_scope_from_www_auth(answer) or "")[:MAX_SCOPE]
            raise await self._note_scopes(used, scope)
        return await self._refresh(used)

    async def _refresh(self, used: str | None) -> str:
        """Refresh the token. A call that is aborted does not interrupt this: if the answer to a
        refresh token that counts once were lost, the sign-in would end."""
        refreshing = asyncio.create_task(self._refresh_locked(used))
        self._running.add(refreshing)
        refreshing.add_done_callback(self._running.discard)
        refreshing.add_done_callback(lambda task: task.cancelled() or task.exception())
        return await asyncio.shield(refreshing)

    async def _refresh_locked(self, used: str | None) -> str:
        if await self._read() is None:
            raise not_signed_in(self.server, "wants a sign-in")
        async with self._lock, lock_sign_in(self.project, self.server):
            found = await self._read()
            if found is None or found.tokens is None:
                raise not_signed_in(self.server, "wants a sign-in")
            if found.tokens.access != used:
                return found.tokens.access  # another process was faster
            if found.tokens.refresh is None:
                raise not_signed_in(self.server, "accepts the sign-in no more")
            return await self._ask_for_token(found)

    async def _ask_for_token(self, found: SignIn) -> str:
        assert found.tokens is not None
        provider = restore_provider(found)
        async with open_client(self.server) as client:
            exchanges = Exchanges(self.server, client)
            await run_flow(provider, exchanges, make_probe(self.server), None)
        issued = provider.context.current_tokens
        if issued is None:
            if exchanges.last is None or not is_final(exchanges.last):
                raise McpUnavailable(
                    f"The sign-in to the MCP server {self.server.name} cannot be refreshed: "
                    f"{exchanges.describe_last()}, which is not an answer of OAuth.",
                    fix=f"If this lasts, sign in again: harness mcp login {self.server.name}",
                )
            await self._write(found.model_copy(update={"tokens": None}))
            why = f"has ended the sign-in: {exchanges.describe_last()}"
            raise not_signed_in(self.server, why)
        tokens = keep_tokens(self.server, issued)
        renewed = found.model_copy(update={"tokens": tokens})
        self._masked.replace(list_secrets(renewed))
        await self._write(renewed)
        return tokens.access

    async def _note_scopes(self, used: str | None, scope: str) -> Exception:
        """Record the scopes that a call lacked, for the next login."""
        scopes = [each for each in scope.split() if each.isascii() and each.isprintable()]
        async with self._lock, lock_sign_in(self.project, self.server):
            found = await self._read()
            if found is not None and found.tokens is not None and found.tokens.access == used:
                wanted = tuple(dict.fromkeys((*found.wanted, *scopes)))
                if wanted != found.wanted:
                    await self._write(found.model_copy(update={"wanted": wanted}))
        named = f": {' '.join(scopes)}" if scopes else ""
        return not_signed_in(self.server, f"wants a sign-in with more scopes{named}")

    async def _read(self) -> SignIn | None:
        found = await asyncio.to_thread(read_sign_in, self.project, self.server)
        if found is not None:
            self._masked.replace(list_secrets(found))
        return found

    async def _write(self, found: SignIn) -> None:
        await asyncio.to_thread(write_sign_in, self.project, self.server, found)
