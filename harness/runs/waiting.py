"""Follows what waits for people across runs: one reader of Temporal's index for each daemon, shared
by all who follow it.

The index is read again and again while anyone follows, and compared with what was known. So a wait
that begins and is decided between two reads may not be seen; whoever obeys the events ends with
exactly what waits now.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from collections import deque
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from harness.api.stream_event import StreamEvent
from harness.commons.interruption import Interruption
from harness.commons.log import get_logger
from harness.commons.shared_reads import SharedReads
from harness.contracts.errors import HarnessError
from harness.contracts.run import Pending, RunState
from harness.engine.connection import Connection
from harness.runs.listing import RunRow, list_states, list_waiting

EVERY_S = 1.0
"""How often the index is read while anyone follows."""
MOST_PAUSE_S = 30.0
"""How often at least, after failures."""
WINDOW = 1_000
"""Newest events that a reader may be behind; then it gets everything anew."""
PAGE = 200
MOST_RUNS = 2_000
"""If more runs wait, the newest are followed."""
BATCH = 100
Settled = Literal["decided", "ended", "unlisted"]
"""A person decided; the run ended; or more waits than is followed."""
CLOSED = (RunState.COMPLETED, RunState.FAILED, RunState.ABORTED)

log = get_logger(__name__)


class Item(NamedTuple):
    """What identifies something that waits."""

    run: str
    id: str
    since: float
    """A run can ask for the same thing again."""


class Waiting(NamedTuple):
    """Something that waits for a person."""

    owner: str | None
    agent: str
    pending: Pending


class _Logged(NamedTuple):
    owner: str | None
    kind: str
    data: bytes


@dataclass
class _Log:
    """The newest events, numbered since the follower was made."""

    newest: deque[_Logged] = field(default_factory=lambda: deque(maxlen=WINDOW))
    end: int = 0
    """The number of the event that comes next."""

    @property
    def first(self) -> int:
        return self.end - len(self.newest)

    def add(self, event: _Logged) -> None:
        self.newest.append(event)
        self.end += 1


class WaitFollower:
    """What waits for people, for all who follow it in this process. It keeps what it knows when
    the last one leaves, so that one who comes back gets what happened meanwhile."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._name = secrets.token_hex(4)
        """Event ids of other daemons, and of earlier ones, do not fit."""
        self._known: dict[Item, Waiting] = {}
        self._log = _Log()
        self._reads = SharedReads[None]()
        self._interruption = Interruption(log, "following what waits")
        self._grown = asyncio.Event()
        self._readers = 0
        self._task: asyncio.Task[None] | None = None

    async def follow(self, owner: str | None, after: str | None) -> AsyncGenerator[StreamEvent]:
        """Yield what waits, and what changes, without end.

        Args:
            owner: Whose runs; None: everyone's.
            after: The id of the event that the reader got last.
        """
        async with self._reading():
            await self._read_now()
            number = self._place_of(after)
            while True:
                if number is None or number < self._log.first:
                    everything, number = dict(self._known), self._log.end
                    for event in self._describe_all(everything, owner, number):
                        yield event
                while self._log.first <= number < self._log.end:
                    event = self._log.newest[number - self._log.first]
                    number += 1
                    if owner in (None, event.owner):
                        yield StreamEvent(event.kind, event.data, self._id_of(number))
                if number >= self._log.end:
                    await self._grown.wait()

    async def close(self) -> None:
        """Stop reading."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait([task])

    @asynccontextmanager
    async def _reading(self) -> AsyncGenerator[None]:
        self._readers += 1
        if self._task is None:
            self._task = asyncio.create_task(self._read_regularly())
        try:
            yield
        finally:
            self._readers -= 1
            if not self._readers:
                await self.close()

    def _place_of(self, after: str | None) -> int | None:
        name, _, number = (after or "").partition("-")
        if name != self._name or not (number.isascii() and number.isdigit()) or len(number) > 15:
            return None
        place = int(number)
        return place if self._log.first <= place <= self._log.end else None

    def _id_of(self, number: int) -> str:
        return f"{self._name}-{number}"

    def _describe_all(
        self, known: dict[Item, Waiting], owner: str | None, number: int
    ) -> Iterator[StreamEvent]:
        """Describe everything that waits, for a reader that knows nothing. Only the last event has
        an id: one who leaves before has to begin again."""
        yield StreamEvent("reset", b"{}")
        shown = [(item, each) for item, each in known.items() if owner in (None, each.owner)]
        for item, waiting in shown:
            yield StreamEvent("waiting", _write_waiting(item, waiting))
        count = json.dumps({"waiting": len(shown)}).encode()
        yield StreamEvent("ready", count, self._id_of(number))

    async def _read_regularly(self) -> None:
        pause = EVERY_S
        while True:
            await asyncio.sleep(pause)
            try:
                await self._read_now()
                pause = EVERY_S
            except HarnessError:
                pass  # noted, and read again
            except Exception:  # else all readers would wait for a task that has ended
                log.exception("what waits could not be read")
                pause = min(2 * pause, MOST_PAUSE_S)

    async def _read_now(self) -> None:
        """Compare with the index, as of now; all who ask meanwhile share the next read."""
        await self._reads.read("waiting", self._read_noted)

    async def _read_noted(self) -> None:
        try:
            await self._read_index()
        except HarnessError as error:
            self._interruption.note_failure(error.message)
            raise
        self._interruption.note_success()

    async def _read_index(self) -> None:
        found, is_whole = await _read_all(self._connection)
        gone = {item: each for item, each in self._known.items() if item not in found}
        runs = {item.run for item in found}
        away = sorted({item.run for item in gone} - runs)
        states = await _read_states(self._connection, away) if away else {}
        kept = dict[Item, Waiting]()
        for item, waiting in gone.items():
            how = _find_ending(item, runs, states, is_whole=is_whole)
            if how is None:
                kept[item] = waiting
            else:
                self._add("settled", waiting.owner, _write_settled(item, how))
        for item, waiting in found.items():
            if item not in self._known:
                self._add("waiting", waiting.owner, _write_waiting(item, waiting))
        self._known = kept | found
        grown, self._grown = self._grown, asyncio.Event()
        grown.set()

    def _add(self, kind: str, owner: str | None, data: bytes) -> None:
        self._log.add(_Logged(owner, kind, data))


async def _read_all(connection: Connection) -> tuple[dict[Item, Waiting], bool]:
    """Read everything that waits; whether it is all of it."""
    found, token, count = dict[Item, Waiting](), b"", 0
    while count < MOST_RUNS:
        rows, token = await list_waiting(connection, "", token, PAGE)
        count += len(rows)
        for row, pending in rows:
            found |= _items_of(row, pending)
        if not token:
            return found, True
    return found, False


def _items_of(row: RunRow, pending: Sequence[Pending]) -> dict[Item, Waiting]:
    return {
        Item(row.id, each.id, each.since): Waiting(row.owner, row.agent, each) for each in pending
    }


async def _read_states(connection: Connection, runs: Sequence[str]) -> dict[str, RunState]:
    """Read what has become of runs; those that are gone are missing."""
    states = dict[str, RunState]()
    for at in range(0, len(runs), BATCH):
        states |= await list_states(connection, runs[at : at + BATCH])
    return states


def _write_waiting(item: Item, waiting: Waiting) -> bytes:
    head = json.dumps({"run": item.run, "agent": waiting.agent})[:-1].encode()
    return head + b', "pending": ' + waiting.pending.wire() + b"}"


def _write_settled(item: Item, how: Settled) -> bytes:
    return json.dumps({"run": item.run, "id": item.id, "how": how}).encode()


def _find_ending(
    item: Item, waiting: set[str], states: dict[str, RunState], *, is_whole: bool
) -> Settled | None:
    """Why something is not in the index any more; None if it still waits, and was missed because
    the index changed while its pages were read."""
    if item.run in waiting:
        return "decided"
    state = states.get(item.run)
    if state is RunState.WAITING:
        return None if is_whole else "unlisted"
    return "ended" if state is None or state in CLOSED else "decided"
