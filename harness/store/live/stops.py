"""Notices that a run is being aborted, ahead of Temporal.

An abort is a signal: it is in history, and Temporal cancels the call in flight. When a hundred runs
are aborted at once that takes seconds, in which providers keep writing (and charging). So workers
are notified directly: they close the stream immediately, then wait for Temporal's cancellation. A
lost notice only costs the time it would have saved.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress

from harness.contracts.errors import StoreError
from harness.store.database import Database

CHANNEL = "harness_stop"
RETRY_SECONDS = 1.0
START_SECONDS = 2.0
ANNOUNCE_SECONDS = 0.5
log = logging.getLogger(__name__)


class Stops:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._watched: dict[str, set[Callable[[], None]]] = {}
        self._task: asyncio.Task[None] | None = None
        self._listening = asyncio.Event()

    async def listen(self) -> None:
        """Begin to listen; a worker does this before it takes its first call."""
        if self._task is None:
            self._task = asyncio.create_task(self._listen_forever())
        with suppress(TimeoutError):  # without the database, calls just stop a little later
            await asyncio.wait_for(self._listening.wait(), START_SECONDS)

    async def announce(self, run: str) -> None:
        """Notify the workers. Never fails: the signal that follows is what counts."""
        notify = self._database.fetch("SELECT pg_notify(%s, %s)", (CHANNEL, run))
        try:
            await asyncio.wait_for(notify, ANNOUNCE_SECONDS)
        except (StoreError, TimeoutError) as error:
            log.debug("workers were not notified that %s stops: %s", run, error)

    @contextmanager
    def watch(self, run: str, stop: Callable[[], None]) -> Generator[None]:
        """Call `stop` if the run is aborted during the block."""
        self._watched.setdefault(run, set()).add(stop)
        try:
            yield
        finally:
            left = self._watched[run]
            left.discard(stop)
            if not left:
                del self._watched[run]

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _listen_forever(self) -> None:
        from psycopg import Error

        while True:
            try:
                await self._database.listen(CHANNEL, self._listening.set, self._call_watchers)
            except (StoreError, Error) as error:
                log.debug("cannot listen for aborts, retrying: %s", error)
                await asyncio.sleep(RETRY_SECONDS)

    def _call_watchers(self, run: str) -> None:
        for stop in tuple(self._watched.get(run, ())):
            stop()
