"""Find out who calls, from an API token or the secret of a browser session."""

from __future__ import annotations

import asyncio
from weakref import WeakKeyDictionary

from harness.access.rows import Kind, Standing
from harness.access.secret import BROWSER, TOKEN, parse_secret
from harness.access.store import Credentials
from harness.api.caller import Caller
from harness.commons.log import get_logger
from harness.commons.shared_reads import SharedReads
from harness.contracts.errors import StoreError
from harness.engine.connection import Connection
from harness.store.database import Database

KINDS: dict[str, Kind] = {TOKEN: "token", BROWSER: "browser"}

_noting: WeakKeyDictionary[Database, dict[str, asyncio.Task[None]]] = WeakKeyDictionary()
"""Writes of last uses in progress, by the id of the credential."""

_reading: WeakKeyDictionary[Database, SharedReads[Standing | None]] = WeakKeyDictionary()

log = get_logger(__name__)


async def authenticate(connection: Connection, secret: str) -> Caller | None:
    """Find the caller that a secret belongs to; None if it is malformed, unknown, expired or
    revoked, or its user is disabled.

    Costs one SELECT at most, which requests at the same time share. The last use is written later,
    at most once a minute.

    Raises:
        StoreUnavailable: The database does not answer. Nothing in `secret` causes an error.
    """
    claim = parse_secret(secret)
    if claim is None or claim.prefix not in KINDS:
        return None
    credentials = Credentials(connection.database, connection.vault)
    reads = _reading.setdefault(connection.database, SharedReads())
    standing = await reads.read(claim.id, lambda: credentials.find_standing(claim.id))
    if standing is None or not claim.proves(standing.secret_hash):
        return None
    if standing.over or standing.kind != KINDS[claim.prefix]:
        return None
    if not standing.use_noted:
        _note_use_later(connection.database, credentials, claim.id)
    return Caller(standing.user, standing.role, claim.id, browser=standing.kind == "browser")


def _note_use_later(database: Database, credentials: Credentials, id: str) -> None:
    noting = _noting.setdefault(database, {})
    if id not in noting or noting[id].done():
        noting[id] = asyncio.create_task(_note_use(credentials, id))
        noting[id].add_done_callback(lambda _: noting.pop(id, None))


async def _note_use(credentials: Credentials, id: str) -> None:
    try:
        await credentials.note_use(id)
    except StoreError as error:
        log.debug("the use of a credential was not noted", credential=id, error=error.message)
