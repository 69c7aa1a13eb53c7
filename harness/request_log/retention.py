"""Delete old entries, and the oldest ones if there are too many, on the clock of Postgres."""

from __future__ import annotations

import asyncio

from harness.commons.log import get_logger
from harness.contracts.errors import StoreError
from harness.engine.connection import Connection
from harness.request_log.settings import RequestLogSettings
from harness.request_log.store import RequestStore

SWEEP_S = 600.0

log = get_logger(__name__)


async def serve_retention(connection: Connection) -> None:
    """Delete entries from time to time, also while none is written or recording is off."""
    settings = connection.settings.section(RequestLogSettings)
    store = RequestStore(connection.database, connection.vault)
    while True:
        try:
            await sweep_log(store, settings)
        except StoreError as error:
            log.info("the request log was not swept", why=str(error))
        await asyncio.sleep(SWEEP_S)


async def sweep_log(store: RequestStore, settings: RequestLogSettings) -> int:
    """Delete what is to be deleted now; returns the number of entries. Several processes may do it
    at the same time."""
    last = await store.find_expired(settings)
    if last is None:
        oldest = await store.find_oldest()
        if oldest is None:
            return 0
        last = oldest - 1  # what a slow process wrote to a bucket that was deleted meanwhile
    return await store.delete_until(last)
