"""Live output, the writer's side: text that is being streamed, for watchers.

Not durable and never in the way: a model call continues whatever happens here. All streams of a
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
"""Most text that is kept while Postgres is down; older text is dropped, and readers see a gap."""
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


class ReplyStream:
    """The text of one attempt of one model call, as it arrives."""

    __slots__ = ("_closed", "_key", "_pos", "_size", "_text", "_writer", "due", "seen")

    def __init__(self, writer: LiveWriter, key: tuple[str, int, int, int, int]) -> None:
        self._writer = writer
        self._key = key
        self._pos = 0
        self._text: list[str] = []
        self._size = 0
        self._closed = False
        self.due: float | None = None
        """When the buffered text must be written."""
        self.seen = False
        """Whether some of it was written already."""

    def write(self, text: str) -> None:
        if text and not self._closed:
            self._text.append(text)
            self._size += len(text)
            self._writer.schedule_flush(self, self._size)

    async def close(self) -> None:
        """Discard unwritten text: the reply is complete, so history will have it."""
        self._closed = True
        self._text.clear()
        self._writer.discard_stream(self)

    def take_row(self) -> _Output:
        row = _Output(*self._key, self._pos, _clean_text("".join(self._text)))
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
        self._streams: set[ReplyStream] = set()
        self._output: deque[_Output] = deque()
        self._progress: deque[_Progress] = deque()
        self._kept = 0
        self._n = 0
        self._timer: asyncio.Handle | None = None
        self._timer_at = 0.0
        self._task: asyncio.Task[None] | None = None
        self._failing = False
        self.dropped = 0
        """Rows that were dropped because Postgres was down too long."""
        self._sweeper: asyncio.Task[None] | None = None
        self._sweep_at = 0.0
        self._closed = False

    def open_text(
        self, run: str, turn: int, call: int, attempt: int, *, scheduled: float = 0.0
    ) -> ReplyStream:
        """Open a stream to write to. A second attempt voids the text of the first one immediately.

        `scheduled` is when Temporal scheduled the call, the same for all attempts: it orders calls
        whose turns were repeated because the run was reset.
        """
        key = (run, int(scheduled * 1e6), turn, call, attempt)
        if attempt > 1:
            self._keep_output(_Output(*key, MARKER, ""))
            self._wake_at(asyncio.get_running_loop().time())
        return ReplyStream(self, key)

    def tool_progress(self, run: str, turn: int, call_id: str, text: str) -> None:
        # A clock rather than a counter: attempts on several workers stay in order.
        self._n = max(self._n + 1, time.time_ns() // 1000)
        row = _Progress(run, turn, call_id, self._n, _clean_text(text))
        self._progress.append(row)
        self._kept += len(row.text)
        self._wake_at(asyncio.get_running_loop().time() + self._delay)

    def schedule_flush(self, stream: ReplyStream, size: int) -> None:
        """Schedule a flush: `stream` has text to write."""
        now = asyncio.get_running_loop().time()
        if stream.due is None:
            stream.due = now + self._delay
            self._streams.add(stream)
            self._wake_at(stream.due)
        if size >= self._bytes and stream.seen and stream.due > now:
            stream.due = now
            self._wake_at(now)

    def discard_stream(self, stream: ReplyStream) -> None:
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

    def _wake_at(self, when: float) -> None:
        if self._closed or self._task is not None:
            return  # a running flush checks again when it is done
        if self._timer is not None:
            if self._timer_at <= when:
                return
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_at(when, self._start_flush)
        self._timer_at = when

    def _start_flush(self) -> None:
        self._timer = None
        self._task = asyncio.create_task(self._flush())

    async def _flush(self) -> None:
        loop = asyncio.get_running_loop()
        self._gather_rows(loop.time())
        retry = 0.0
        try:
            if self._output or self._progress:
                await self._send_rows()
        except StoreError as error:
            retry = 0.25
            self._note_failure(str(error))
        except Exception as error:  # live text never fails the call it belongs to
            self._output.clear()
            self._progress.clear()
            self._kept = 0
            self._note_failure(repr(error))
        self._task = None
        if self._output or self._progress:
            self._wake_at(loop.time() + retry)
        elif self._streams:
            self._wake_at(min(stream.due or 0.0 for stream in self._streams))
        if loop.time() >= self._sweep_at and not self._failing:
            self._sweep_at = loop.time() + SWEEP_SECONDS
            self._sweeper = asyncio.create_task(self.sweep())

    def _gather_rows(self, now: float) -> None:
        """Turn due text into rows, and text of streams that readers already watch: one flush for
        all costs less than one each."""
        for stream in [s for s in self._streams if s.seen or (s.due or 0.0) <= now]:
            self._streams.discard(stream)
            self._keep_output(stream.take_row())
        while self._failing and self._kept > KEEP_CHARACTERS:
            dropped = self._output.popleft() if self._output else self._progress.popleft()
            self._kept -= len(dropped.text)
            self.dropped += 1

    async def _send_rows(self) -> None:
        output, progress = list(self._output), list(self._progress)
        runs = sorted({row.run for row in output} | {row.run for row in progress})
        sealed = (await self._encrypt_rows(output), await self._encrypt_rows(progress))
        await self._database.fetch(
            WRITE,
            (*_transpose_rows(sealed[0], 7), *_transpose_rows(sealed[1], 5), _split_payloads(runs)),
        )
        self._failing = False
        for _ in output:
            self._kept -= len(self._output.popleft().text)
        for _ in progress:
            self._kept -= len(self._progress.popleft().text)

    async def _encrypt_rows(self, rows: Sequence[_Output | _Progress]) -> list[Any]:
        if not self._vault.encrypts:
            return list(rows)
        encrypt = self._vault.encrypt_text
        return [
            row._replace(text=await encrypt(row.run, row.text, place_of_live(*row[:-1])))
            for row in rows
        ]

    def _note_failure(self, why: str) -> None:
        if not self._failing:
            log.warning("live output is delayed, runs continue: %s", why)
        self._failing = True

    async def sweep(self) -> None:
        """Delete live output of runs that wrote nothing for `keep_hours`."""
        try:
            for statement in SWEEPS:
                await self._database.fetch(statement, (self._keep_hours, self._keep_hours))
        except StoreError as error:
            log.info("live output was not swept: %s", error)


def place_of_live(*row: object) -> bytes:
    """Return the place of one row's text: everything that identifies the row."""
    return place_of("live.text", *row)


def _transpose_rows(rows: Sequence[tuple[object, ...]], width: int) -> list[list[object]]:
    if not rows:
        return [[] for _ in range(width)]
    return [list(column) for column in zip(*rows, strict=True)]


def _split_payloads(runs: list[str]) -> list[str]:
    """Split the names of runs into JSON lists that each fit into a notification."""
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


def _clean_text(text: str) -> str:
    """Replace what Postgres does not accept as text (NUL, lone surrogates), keeping the length."""
    return text.replace("\0", "\ufffd").encode(errors="replace").decode()
