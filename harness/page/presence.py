"""Who looks at a run: one task for each daemon writes its sockets to the database, and reads those
of all daemons.

Sockets come and go without waiting for the database: the task writes what has changed since its
last round, so a client that follows and leaves in a burst costs no more than one that stays.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import suppress

from harness.api.stream_event import StreamEvent
from harness.commons.log import get_logger
from harness.contracts.errors import HarnessError
from harness.engine.connection import Connection
from harness.page.store import Look, Looks

EVERY_S = 1.0
"""How often the database is read while anyone looks at a run."""
SOONEST_S = 0.05
"""How long at least between two rounds, however often sockets come and go."""
BEAT_S = 10.0
"""How often what has not changed is written again."""

log = get_logger(__name__)


class Presence:
    """Who looks at which run, for the readers of one daemon."""

    def __init__(self, connection: Connection) -> None:
        self._looks = Looks(connection.database, connection.endpoints.namespace)
        self._here: dict[Look, str] = {}
        """The user of each socket of this daemon."""
        self._readers = Counter[Look]()
        """The tabs of a browser share a socket: it looks until the last of them leaves."""
        self._written: set[Look] = set()
        self._found: dict[str, dict[str, str]] = {}
        """By run: the user of each socket of all daemons."""
        self._begun = self._done = 0
        """Numbers of rounds: the one that began last, and the one that found what is known."""
        self._beat_at = 0.0
        self._wanted = asyncio.Event()
        self._read = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def look(self, run: str, socket: str, user: str) -> AsyncGenerator[StreamEvent]:
        """Let others know that a user looks at a run, and yield who else does, without end.

        Args:
            run: The run, which the user may see.
            socket: Identifies the reader, whose own look is left out.
            user: Who looks.
        """
        look = Look(run, socket)
        self._here[look] = user
        self._readers[look] += 1
        self._want_round()
        before = self._begun
        sent: list[str] | None = None
        try:
            while True:
                read = self._read
                if self._done > before:  # what was found earlier may be old
                    found = self._found.get(run, {})
                    users = sorted({each for id, each in found.items() if id != socket})
                    if users != sent:
                        sent = users
                        yield StreamEvent("looking", json.dumps({"users": users}).encode())
                        continue
                await read.wait()
        finally:
            self._readers[look] -= 1
            if not self._readers[look]:
                del self._readers[look]
                self._here.pop(look, None)
                self._want_round()

    async def close(self) -> None:
        """Write that all sockets of this daemon have left."""
        self._here.clear()
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait([task])
        with suppress(HarnessError):
            await self._looks.remove(self._written)

    def _want_round(self) -> None:
        self._wanted.set()
        if self._task is None and self._here:
            self._task = asyncio.create_task(self._go_round())

    async def _go_round(self) -> None:
        """Write and read again and again, until nobody looks and that is written."""
        while self._here or self._written:
            try:
                await self._write_and_read()
            except HarnessError as error:
                log.info("who looks at runs is unknown for now", error=error.message)
                await asyncio.sleep(EVERY_S)
            except Exception:  # else all readers would wait for a task that has ended
                log.exception("who looks at runs could not be read")
                await asyncio.sleep(EVERY_S)
            with suppress(TimeoutError):
                async with asyncio.timeout(EVERY_S):
                    await self._wanted.wait()
            await asyncio.sleep(SOONEST_S)
        self._task = None

    async def _write_and_read(self) -> None:
        self._wanted.clear()
        self._begun += 1
        here, beats = dict(self._here), time.monotonic() >= self._beat_at
        # If this round fails, the next one writes everything.
        beat_at, self._beat_at = time.monotonic() + BEAT_S if beats else self._beat_at, 0.0
        new = {look: user for look, user in here.items() if beats or look not in self._written}
        gone = self._written - here.keys()
        self._written |= new.keys()  # before: what may be written has to be removed
        await self._looks.note(new)
        await self._looks.remove(gone)
        self._written -= gone
        if beats:
            await self._looks.remove_lapsed()
        found: dict[str, dict[str, str]] = {look.run: {} for look in here}
        for look, user in (await self._looks.find(found.keys())).items():
            found[look.run][look.socket] = user
        self._found, self._done, self._beat_at = found, self._begun, beat_at
        read, self._read = self._read, asyncio.Event()
        read.set()
