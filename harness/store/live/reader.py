"""Live output, the readers' side: stored text first, then new text, as events.

One connection per process listens for all readers, and one statement fetches for all runs that
have something new. After an outage of Postgres every run is fetched again.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import AsyncGenerator, Iterable, Sequence
from typing import Any, cast

from harness.commons.interruption import Interruption
from harness.commons.log import get_logger
from harness.contracts.errors import StoreError
from harness.crypto.vault import PLAIN, TEXT_MARK, Vault
from harness.store.database import Database, Row
from harness.store.live.merge import MARKER, Live, LiveMerger, OutputRow, ProgressRow
from harness.store.live.writer import CHANNEL, place_of_live

SKEW_MICROSECONDS = 10_000_000
INBOX_ROWS = 20_000
"""A reader that is further behind loses the oldest rows and sees a gap."""

PAUSE_S = 0.2
"""Between two attempts during an outage."""

log = get_logger("harness.store")

FETCH = """
WITH want AS (
  SELECT * FROM unnest(%b::int[], %b::text[], %b::int[], %b::bigint[], %b::bigint[], %b::int[],
                       %b::int[], %b::int[], %b::int[])
    AS w (slot, run, since, n, scheduled, turn, call, attempt, pos)
), lane AS (
  SELECT * FROM unnest(%b::int[], %b::int[], %b::text[], %b::bigint[])
    AS l (slot, turn, call_id, n)
)
SELECT w.slot, NULL, o.scheduled, o.turn, o.call, o.attempt, o.pos, o.text,
       extract(epoch FROM o.at)::float8
FROM want AS w JOIN harness.live_output AS o ON o.run = w.run AND o.turn >= w.since
  AND (o.scheduled, o.turn, o.call, o.attempt, o.pos)
      >= (w.scheduled, w.turn, w.call, w.attempt, w.pos)
UNION ALL
SELECT w.slot, p.call_id, p.n, p.turn, 0, 0, 0, p.text, extract(epoch FROM p.at)::float8
FROM want AS w JOIN harness.live_progress AS p
  ON p.run = w.run AND p.turn >= w.since AND p.n > w.n
LEFT JOIN lane AS l ON l.slot = w.slot AND l.turn = p.turn AND l.call_id = p.call_id
WHERE p.n > coalesce(l.n, -1)
"""


class _Reader:
    """One reader's inbox."""

    def __init__(self) -> None:
        self.output: deque[OutputRow] = deque(maxlen=INBOX_ROWS)
        self.progress: deque[ProgressRow] = deque(maxlen=INBOX_ROWS)
        self.wake = asyncio.Event()
        self.left = False


class _Feed:
    """How far a run was fetched, and for which readers."""

    def __init__(self, run: str, turn: int, reader: _Reader) -> None:
        self.run = run
        self.readers = {reader}
        self.since = turn
        self.position = (0, 0, 0, 0, MARKER)
        self.lanes: dict[tuple[int, str], int] = {}
        self.n = 0
        """Progress up to here is known; rows of other workers may still arrive slightly before it,
        and `lanes` tells them apart."""

    def deliver(self, output: list[OutputRow], progress: list[ProgressRow]) -> None:
        for row in output:
            self.position = max(self.position, (*row.stream, row.pos + len(row.text)))
        for row in progress:
            lane = (row.turn, row.call_id)
            self.lanes[lane] = max(row.n, self.lanes.get(lane, -1))
        if self.lanes:
            self.n = max(self.lanes.values()) - SKEW_MICROSECONDS
            self.lanes = {lane: n for lane, n in self.lanes.items() if n > self.n}
        for reader in self.readers:
            reader.output.extend(output)
            reader.progress.extend(progress)
            reader.wake.set()


class LiveReader:
    def __init__(self, database: Database, vault: Vault = PLAIN) -> None:
        self._database = database
        self._vault = vault
        self._feeds: dict[str, _Feed] = {}
        self._joining: list[_Feed] = []
        self._arriving: set[str] = set()
        """Runs whose first fetch is in progress: a notice that arrives meanwhile may be about rows
        that it does not see."""
        self._dirty: set[str] = set()
        self._wake = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._interruption = Interruption(log, "live output")
        self._closed = False

    async def follow(
        self, run: str, *, trace: str = "", turn: int = 0
    ) -> AsyncGenerator[Live, None]:
        """Yield live events of a run from `turn` on, forever: the end of the run is in history."""
        reader = _Reader()
        merger = LiveMerger(run, trace)
        self._joining.append(_Feed(run, turn, reader))
        self._wake.set()
        if not self._tasks:
            self._tasks = [
                asyncio.create_task(self._listen_forever()),
                asyncio.create_task(self._fetch_forever()),
            ]
        try:
            while not self._closed:
                await reader.wake.wait()
                reader.wake.clear()
                output, progress = list(reader.output), list(reader.progress)
                reader.output.clear()
                reader.progress.clear()
                for event in merger.feed(output, progress):
                    yield event
        finally:
            await self._remove_reader(run, reader)

    async def close(self) -> None:
        """Stop listening and end all readers."""
        self._closed = True
        for feed in (*self._feeds.values(), *self._joining):
            for reader in feed.readers:
                reader.wake.set()
        await self._stop_tasks()

    async def _remove_reader(self, run: str, reader: _Reader) -> None:
        reader.left = True
        self._joining = [feed for feed in self._joining if reader not in feed.readers]
        if (feed := self._feeds.get(run)) is not None:
            feed.readers.discard(reader)
            if not feed.readers:
                del self._feeds[run]
        if not self._feeds and not self._joining:
            await self._stop_tasks()

    async def _stop_tasks(self) -> None:
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _listen_forever(self) -> None:
        from psycopg import Error

        while True:
            try:
                await self._database.listen(
                    CHANNEL,
                    self._on_listening,
                    lambda payload: self._mark_dirty(_parse_notice(payload)),
                )
            except (StoreError, Error) as error:
                self._interruption.note_failure(str(error))
                await asyncio.sleep(PAUSE_S)

    def _on_listening(self) -> None:
        self._mark_dirty({*self._feeds, *self._arriving})  # notices may have been missed
        self._interruption.note_success()

    async def _fetch_forever(self) -> None:
        from psycopg import Error

        while True:
            await self._wake.wait()
            self._wake.clear()
            runs, self._dirty = self._dirty, set()
            joining, self._joining = self._joining, []
            self._arriving = {feed.run for feed in joining}
            feeds = [*joining, *(self._feeds[run] for run in runs if run in self._feeds)]
            if not feeds:
                continue
            try:
                rows = [
                    await self._decrypt_row(row, feeds)
                    for row in await self._database.fetch(FETCH, _build_parameters(feeds))
                ]
            except (StoreError, Error) as error:
                self._joining = [*joining, *self._joining]
                self._dirty.update(runs)
                self._wake.set()
                self._interruption.note_failure(str(error))
                await asyncio.sleep(PAUSE_S)
                continue
            self._interruption.note_success()
            _deliver_rows(rows, feeds)
            for feed in joining:
                self._join_feed(feed)

    async def _decrypt_row(self, row: Row, feeds: Sequence[_Feed]) -> Row:
        slot, call_id, number, turn, call, attempt, pos, text, when = row
        if not self._vault.encrypts and not text.startswith(TEXT_MARK):
            return row
        run = feeds[int(slot)].run
        place = (
            place_of_live(run, number, turn, call, attempt, pos)
            if call_id is None
            else place_of_live(run, turn, call_id, number)
        )
        try:
            text = await self._vault.decrypt_text(text, place)
        except StoreError:  # forgotten, planted, or written with another key: a gap
            text = ""
        return (slot, call_id, number, turn, call, attempt, pos, text, when)

    def _join_feed(self, feed: _Feed) -> None:
        """Let a new reader that has caught up share what is fetched for its run. It may be ahead of
        the others, and skips what it has."""
        feed.since = 0
        feed.readers = {reader for reader in feed.readers if not reader.left}
        if feed.readers:
            present = self._feeds.setdefault(feed.run, feed)
            present.readers |= feed.readers

    def _mark_dirty(self, runs: Iterable[str]) -> None:
        dirty = [run for run in runs if run in self._feeds or run in self._arriving]
        if dirty:
            self._dirty.update(dirty)
            self._wake.set()


def _parse_notice(payload: str) -> list[str]:
    """Return the runs that a notice names. Anybody may notify: an invalid notice is ignored."""
    try:
        named: Any = json.loads(payload)
    except (ValueError, RecursionError):
        named = None
    if isinstance(named, list):
        names = cast("list[Any]", named)
        if all(isinstance(name, str) for name in names):
            return names
    log.debug("ignored a notice that names no runs: %.100r", payload)
    return []


def _build_parameters(feeds: list[_Feed]) -> list[list[object]]:
    wants = [
        (slot, feed.run, feed.since, feed.n, *feed.position) for slot, feed in enumerate(feeds)
    ]
    lanes = [
        (slot, turn, call_id, n)
        for slot, feed in enumerate(feeds)
        for (turn, call_id), n in feed.lanes.items()
    ]
    columns: list[list[object]] = [list(column) for column in zip(*wants, strict=True)]
    columns += [list(column) for column in zip(*lanes, strict=True)] if lanes else [[], [], [], []]
    return columns


def _deliver_rows(rows: list[Row], feeds: list[_Feed]) -> None:
    news: dict[int, tuple[list[OutputRow], list[ProgressRow]]] = {}
    for slot, call_id, number, turn, call, attempt, pos, text, when in rows:
        output, progress = news.setdefault(slot, ([], []))
        if call_id is None:
            output.append(OutputRow(number, turn, call, attempt, pos, text, when))
        else:
            progress.append(ProgressRow(turn, call_id, number, text, when))
    for slot, (output, progress) in news.items():
        feeds[slot].deliver(output, progress)
