"""Live output, the writer's side: text that is on its way, for who watches.

Not durable and never in the way: a model call goes on whatever happens here. All streams of a
process share one statement per flush, which also wakes the readers. A reply that is complete
before its first piece is due is not written at all.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections import deque
from collections.abc import Sequence
from typing import Any, NamedTuple

from harness.config.settings import LiveSettings
from harness.contracts.errors import StoreError
from harness.crypto.place import place_of
from harness.crypto.vault import PLAIN, Vault
from harness.store.database import Database
from harness.store.live.merge import MARKER

CHANNEL = "harness_live"
NOTIFY_BYTES = 7900
"""Postgres takes payloads below 8,000 bytes."""
KEEP_CHARACTERS = 1_000_000
"""So much is kept to be sent while Postgres is away; what is older is dropped, and readers see a
gap."""
SWEEP_SECONDS = 600.0

log = logging.getLogger("harness.store")

WRITE = """
WITH output AS (
  INSERT INTO harness.live_output (run, scheduled, turn, call, attempt, pos, text)
  SELECT * FROM unnest(%b::text[], %b::bigint[], %b::int[], %b::int[], %b::int[], %b::int[],
                       %b::text[])
  ON CONFLICT DO NOTHING
), progress AS (
  INSERT INTO harness.live_progress (run, turn, call_id, n, text)
  SELECT * FROM unnest(%b::text[], %b::int[], %b::text[], %b::bigint[], %b::text[])
  ON CONFLICT DO NOTHING
)
SELECT pg_notify('harness_live', runs) FROM unnest(%b::text[]) AS runs
"""
SWEEP = """
DELETE FROM harness.TABLE WHERE run IN (
  SELECT run FROM (
    SELECT DISTINCT run FROM harness.TABLE WHERE at < now() - interval '1 hour' * %s
  ) AS old
  WHERE NOT EXISTS (
    SELECT FROM harness.TABLE AS new
    WHERE new.run = old.run AND new.at >= now() - interval '1 hour' * %s
  )
  LIMIT 1000
)
"""
SWEEPS = (SWEEP.replace("TABLE", "live_output"), SWEEP.replace("TABLE", "live_progress"))


class _Output(NamedTuple):
    run: str
    scheduled: int
    turn: int
    call: int
    attempt: int
    pos: int
    text: str


class _Progress(NamedTuple):
    run: str
    turn: int
    call_id: str
    n: int
    text: str


class LiveText:
    """The text of one attempt of one model call, as it comes."""

    __slots__ = ("_closed", "_key", "_pos", "_size", "_text", "_writer", "due", "seen")

    def __init__(self, writer: LiveWriter, key: tuple[str, int, int, int, int]) -> None:
        self._writer = writer
        self._key = key
        self._pos = 0
        self._text: list[str] = []
        self._size = 0
        self._closed = False
        self.due: float | None = None
        """When what has gathered is to be written."""
        self.seen = False
        """Something of it was written already."""

    def write(self, text: str) -> None:
        if text and not self._closed:
            self._text.append(text)
            self._size += len(text)
            self._writer.touch(self, self._size)

    async def close(self) -> None:
        """The reply is complete: history will have it, so what is not yet written never will be."""
        self._closed = True
        self._text.clear()
        self._writer.forget(self)

    def take(self) -> _Output:
        row = _Output(*self._key, self._pos, _clean("".join(self._text)))
        self._pos += self._size
        self._text.clear()
        self._size = 0
        self.due = None
        self.seen = True
        return row


class LiveWriter:
    def __init__(self, database: Database, settings: LiveSettings, vault: Vault = PLAIN) -> None:
        self._database = database
        self._vault = vault
        self._delay = settings.flush_ms / 1000
        self._bytes = settings.flush_bytes
        self._keep_hours = settings.keep_hours
        self._streams: set[LiveText] = set()
        self._output: deque[_Output] = deque()
        self._progress: deque[_Progress] = deque()
        self._kept = 0
        self._n = 0
        self._timer: asyncio.Handle | None = None
        self._timer_at = 0.0
        self._task: asyncio.Task[None] | None = None
        self._failing = False
        self.dropped = 0
        """Rows that were given up because Postgres was away too long."""
        self._sweeper: asyncio.Task[None] | None = None
        self._sweep_at = 0.0
        self._closed = False

    def open(
        self, run: str, turn: int, call: int, attempt: int, *, scheduled: float = 0.0
    ) -> LiveText:
        """A stream to write to. A second attempt voids the text of the first one at once.

        `scheduled` is when the engine scheduled the call, the same for all attempts: it tells what
        came later where turns go back, because the run was reset.
        """
        key = (run, int(scheduled * 1e6), turn, call, attempt)
        if attempt > 1:
            self._keep_output(_Output(*key, MARKER, ""))
            self._wake(asyncio.get_running_loop().time())
        return LiveText(self, key)

    def tool_progress(self, run: str, turn: int, call_id: str, text: str) -> None:
        # A clock in place of a counter: attempts on several workers stay in order.
        self._n = max(self._n + 1, time.time_ns() // 1000)
        row = _Progress(run, turn, call_id, self._n, _clean(text))
        self._progress.append(row)
        self._kept += len(row.text)
        self._wake(asyncio.get_running_loop().time() + self._delay)

    def touch(self, stream: LiveText, size: int) -> None:
        """`stream` has text to be written."""
        now = asyncio.get_running_loop().time()
        if stream.due is None:
            stream.due = now + self._delay
            self._streams.add(stream)
            self._wake(stream.due)
        if size >= self._bytes and stream.seen and stream.due > now:
            stream.due = now
            self._wake(now)

    def forget(self, stream: LiveText) -> None:
        self._streams.discard(stream)

    async def close(self) -> None:
        self._closed = True
        if self._timer:
            self._timer.cancel()
        if busy := [task for task in (self._task, self._sweeper) if task]:
            await asyncio.wait(busy, timeout=1.0)

    def _keep_output(self, row: _Output) -> None:
        self._output.append(row)
        self._kept += len(row.text)

    def _wake(self, when: float) -> None:
        if self._closed or self._task is not None:
            return  # a flush under way looks again when it is done
        if self._timer is not None:
            if self._timer_at <= when:
                return
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_at(when, self._start)
        self._timer_at = when

    def _start(self) -> None:
        self._timer = None
        self._task = asyncio.create_task(self._flush())

    async def _flush(self) -> None:
        loop = asyncio.get_running_loop()
        self._gather(loop.time())
        retry = 0.0
        try:
            if self._output or self._progress:
                await self._send()
        except StoreError as error:
            retry = 0.25
            self._fail(str(error))
        except Exception as error:  # live text never fails the call it belongs to
            self._output.clear()
            self._progress.clear()
            self._kept = 0
            self._fail(repr(error))
        self._task = None
        if self._output or self._progress:
            self._wake(loop.time() + retry)
        elif self._streams:
            self._wake(min(stream.due or 0.0 for stream in self._streams))
        if loop.time() >= self._sweep_at and not self._failing:
            self._sweep_at = loop.time() + SWEEP_SECONDS
            self._sweeper = asyncio.create_task(self.sweep())

    def _gather(self, now: float) -> None:
        """Turn into rows what is due, and what others wrote that readers watch already: flushing
        together costs less than each in its own time."""
        for stream in [s for s in self._streams if s.seen or (s.due or 0.0) <= now]:
            self._streams.discard(stream)
            self._keep_output(stream.take())
        while self._failing and self._kept > KEEP_CHARACTERS:
            dropped = self._output.popleft() if self._output else self._progress.popleft()
            self._kept -= len(dropped.text)
            self.dropped += 1

    async def _send(self) -> None:
        output, progress = list(self._output), list(self._progress)
        runs = sorted({row.run for row in output} | {row.run for row in progress})
        sealed = (await self._encrypted(output), await self._encrypted(progress))
        await self._database.fetch(
            WRITE, (*_columns(sealed[0], 7), *_columns(sealed[1], 5), _payloads(runs))
        )
        self._failing = False
        for _ in output:
            self._kept -= len(self._output.popleft().text)
        for _ in progress:
            self._kept -= len(self._progress.popleft().text)

    async def _encrypted(self, rows: Sequence[_Output | _Progress]) -> list[Any]:
        if not self._vault.on:
            return list(rows)
        encrypt = self._vault.encrypt_text
        return [
            row._replace(text=await encrypt(row.run, row.text, place_of_live(*row[:-1])))
            for row in rows
        ]

    def _fail(self, why: str) -> None:
        if not self._failing:
            log.warning("live output is held up, runs go on: %s", why)
        self._failing = True

    async def sweep(self) -> None:
        """Forget the runs that wrote nothing for long."""
        try:
            for statement in SWEEPS:
                await self._database.fetch(statement, (self._keep_hours, self._keep_hours))
        except StoreError as error:
            log.info("live output was not swept: %s", error)


def place_of_live(*row: object) -> bytes:
    """The place of one row's text: all that identifies the row."""
    return place_of("live.text", *row)


def _columns(rows: Sequence[tuple[object, ...]], width: int) -> list[list[object]]:
    if not rows:
        return [[] for _ in range(width)]
    return [list(column) for column in zip(*rows, strict=True)]


def _payloads(runs: list[str]) -> list[str]:
    """The names of the runs as JSON lists that fit into a notification each."""
    payloads: list[str] = []
    batch: list[str] = []
    size = 2
    for run in runs:
        length = len(json.dumps(run)) + 2
        if batch and size + length > NOTIFY_BYTES:
            payloads.append(json.dumps(batch))
            batch, size = [], 2
        batch.append(run)
        size += length
    return [*payloads, json.dumps(batch)]


def _clean(text: str) -> str:
    """What Postgres takes as text, at the same length: no NUL, no half of a surrogate pair."""
    return text.replace("\0", "\ufffd").encode(errors="replace").decode()
