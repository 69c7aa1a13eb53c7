"""What this user is signed in to: a file of the user's own for each project, server and address.

Only the user can read it, and it is replaced atomically. A worker reads it before each request, so
a login or logout in another process counts at once.
"""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import os
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError

from harness.agent.mcp_server import McpServer
from harness.commons.files import sync_folder, write_private
from harness.config._owned import read_own
from harness.config.trust import user_folder
from harness.contracts.base import Word
from harness.contracts.errors import InvalidValue, McpUnavailable

LOCK_S = 30.0
"""How long to wait for another process: a renewal is a few requests, of 15 s each at most."""
LOOK_S = 0.05
MARGIN_S = 10.0
"""A token is renewed this long before it expires: clocks differ, and requests take time."""


class Tokens(Word):
    """What the authorization server issued."""

    access: str = Field(repr=False)
    refresh: str | None = Field(default=None, repr=False)
    scope: str | None = None
    expires_at: float | None = None

    @property
    def has_expired(self) -> bool:
        return self.expires_at is not None and self.expires_at < time.time() + MARGIN_S


class SignIn(Word):
    """A sign-in to one server: the tokens, and the client that they were issued to."""

    project: str
    server: str
    url: str
    tokens: Tokens | None = None
    """Without them, the sign-in has ended; the client and the scopes count for the next."""
    client: dict[str, Any] = Field(default={}, repr=False)
    """The client, as the SDK keeps it."""
    document: str | None = None
    """The client metadata document that the settings named. The client is another if the
    authorization server takes no documents: then the login registered one."""
    authority: dict[str, Any] = {}
    """The authorization server's metadata, as far as it is used."""
    resource: str | None = None
    """What the tokens are for, as the server's metadata names it."""
    wanted: tuple[str, ...] = ()
    """Scopes that a call lacked: the next login asks for them."""

    @property
    def issuer(self) -> str:
        return str(self.authority.get("issuer", ""))


def sign_in_file(project: Path, server: McpServer) -> Path:
    """The file with the sign-in to a server: another address is another server."""
    key = "\0".join((str(project.resolve()), server.name, server.url or ""))
    name = hashlib.sha256(key.encode(errors="surrogatepass")).hexdigest()[:32]
    return user_folder() / "mcp-sign-ins" / f"{name}.json"


def new_sign_in(project: Path, server: McpServer, **values: Any) -> SignIn:
    return SignIn(
        project=str(project.resolve()), server=server.name, url=server.url or "", **values
    )


def read_sign_in(project: Path, server: McpServer) -> SignIn | None:
    """Read a sign-in; None if there is none, or of another authorization server or client than the
    settings name now. Whoever uses it masks its secrets in logs.

    Raises:
        InvalidValue: Others can read or change the file, or it is damaged.
    """
    try:
        return _read(project, server)
    except ValidationError:
        raise InvalidValue(
            f"{sign_in_file(project, server)} is damaged.",
            fix=f"Remove it, and sign in again: harness mcp login {server.name}",
        ) from None


def read_former(project: Path, server: McpServer) -> SignIn | None:
    """Read a sign-in that is about to be replaced or removed; None also if it is damaged.

    Raises:
        InvalidValue: Others can read or change the file.
    """
    try:
        return _read(project, server)
    except ValidationError:
        return None


def _read(project: Path, server: McpServer) -> SignIn | None:
    content = read_own(sign_in_file(project, server), secret=True)
    if content is None:
        return None
    found = SignIn.model_validate_json(content)
    return found if found.url == server.url and _fits(found, server) else None


def _fits(found: SignIn, server: McpServer) -> bool:
    wanted = server.oauth
    same_issuer = wanted.issuer is None or wanted.issuer.rstrip("/") == found.issuer.rstrip("/")
    if found.tokens is None:
        return same_issuer
    if wanted.client_id in (None, found.client.get("client_id")):
        return same_issuer
    return same_issuer and found.document == wanted.client_id and is_document(server)


def is_document(server: McpServer) -> bool:
    """Whether the client's id is the address of a metadata document."""
    from mcp.client.auth.utils import is_valid_client_metadata_url

    oauth = server.oauth
    return oauth.client_secret is None and is_valid_client_metadata_url(oauth.client_id)


def list_secrets(found: SignIn) -> list[str]:
    tokens = [found.tokens.access, found.tokens.refresh] if found.tokens else []
    return [each for each in (*tokens, found.client.get("client_secret")) if each]


def write_sign_in(project: Path, server: McpServer, found: SignIn) -> None:
    """Replace a sign-in.

    Raises:
        InvalidValue: The file cannot be written.
    """
    file = sign_in_file(project, server)
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_private(file, found.model_dump_json(indent=1, exclude_none=True))
    except OSError as error:
        raise _unwritable(file, error) from None


def remove_sign_in(project: Path, server: McpServer) -> None:
    """Remove a sign-in."""
    file = sign_in_file(project, server)
    try:
        file.unlink(missing_ok=True)
        if file.parent.exists():
            sync_folder(file.parent)
    except OSError as error:
        raise _unwritable(file, error) from None


@asynccontextmanager
async def lock_sign_in(project: Path, server: McpServer) -> AsyncGenerator[None]:
    """Hold the lock of a sign-in, so that one process at a time changes it: a refresh token can be
    used once. Waits without a thread, since another process may hold it for seconds."""
    file = sign_in_file(project, server)
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = file.with_suffix(".lock")
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise _unwritable(file, error) from None
    try:
        end = time.monotonic() + LOCK_S
        while not _try_lock(descriptor):
            if time.monotonic() > end:
                raise McpUnavailable(
                    f"The sign-in to the MCP server {server.name} is in use by another process."
                )
            await asyncio.sleep(LOOK_S)
        yield
    finally:
        os.close(descriptor)


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _unwritable(file: Path, error: OSError) -> InvalidValue:
    return InvalidValue(
        f"{file} cannot be written ({error.strerror}): tokens are renewed there.",
        fix="Set XDG_CONFIG_HOME to a writable folder.",
    )
