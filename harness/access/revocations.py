"""Notice at once that a caller's token, browser session or user is revoked, disabled or demoted.

A stream stays open for hours, after its caller was authenticated once. A notification only says
that something changed: the database is asked what. So a notification that is too early, repeated
or made up does no harm, and one that was lost is made up for after reconnecting, or a minute later
at the latest.
"""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from contextlib import contextmanager, suppress

from harness.access.store import CHANNEL, Credentials
from harness.api.caller import Caller
from harness.commons.log import get_logger
from harness.contracts.errors import StoreError
from harness.engine.connection import Connection

RETRY_SECONDS = 1.0
RECHECK_SECONDS = 60.0

log = get_logger(__name__)


class Revocations:
    """One for each process: it keeps one connection that listens."""

    def __init__(self, connection: Connection) -> None:
        self._database = connection.database
        self._credentials = Credentials(connection.database, connection.vault)
        self._watched: dict[str, set[asyncio.Event]] = {}
        self._task: asyncio.Task[None] | None = None

    async def wait_revoked(self, caller: Caller) -> None:
        """Return once the caller's token or browser session has ended or its role is lower than
        the caller's. Returns at once if that is so already."""
        self._start_listening()
        changed = asyncio.Event()
        with self._watch({caller.token, caller.user}, changed):
            while True:
                changed.clear()  # before the check: a change during it is not missed
                seconds = await self._seconds_left(caller)
                if seconds <= 0:
                    return
                with suppress(TimeoutError):
                    async with asyncio.timeout(seconds):
                        await changed.wait()

    async def close(self) -> None:
        """Stop listening."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _seconds_left(self, caller: Caller) -> float:
        """How long to wait for a change before the next check; 0 if the caller has lost a right."""
        try:
            standing = await self._credentials.find_standing(caller.token)
        except StoreError as error:
            log.debug("revocations cannot be checked, retrying", error=error.message)
            return RETRY_SECONDS
        if standing is None or standing.user != caller.user:
            return 0
        if standing.over or not standing.role.covers(caller.role):
            return 0
        left = standing.seconds_left
        return RECHECK_SECONDS if left is None else min(left, RECHECK_SECONDS)

    @contextmanager
    def _watch(self, keys: set[str], changed: asyncio.Event) -> Generator[None]:
        for key in keys:
            self._watched.setdefault(key, set()).add(changed)
        try:
            yield
        finally:
            for key in keys:
                left = self._watched[key]
                left.discard(changed)
                if not left:
                    del self._watched[key]

    def _start_listening(self) -> None:
        if self._task is None:
            self._task = asyncio.create_task(self._listen_forever())

    async def _listen_forever(self) -> None:
        from psycopg import Error

        while True:
            try:
                await self._database.listen(CHANNEL, self._wake_all, self._wake)
            except (StoreError, Error) as error:
                log.debug("cannot listen for revocations, retrying", error=str(error))
                await asyncio.sleep(RETRY_SECONDS)

    def _wake_all(self) -> None:
        """Listening has begun: notifications before it may have been missed."""
        for key in tuple(self._watched):
            self._wake(key)

    def _wake(self, key: str) -> None:
        for changed in self._watched.get(key, ()):
            changed.set()
