"""Write entries in the background, in batches. A model call never waits for it.

If Postgres is down, or requests arrive faster than they are written, the newest are dropped and
counted.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from time import monotonic

from harness.commons.log import get_logger
from harness.contracts.errors import StoreError
from harness.contracts.model import ModelRequest
from harness.engine.connection import Connection
from harness.request_log.build import build_entry
from harness.request_log.retention import sweep_log
from harness.request_log.rows import NewEntry, SentRequest
from harness.request_log.settings import RequestLogSettings
from harness.request_log.store import RequestStore

MOST_QUEUED = 1_000
MOST_QUEUED_CHARACTERS = 64_000_000
"""Of the requests that wait. Requests of a run share most of their text."""
BATCH = 100
BATCH_BYTES = 4_000_000
DELAY_S = 0.5
RETRY_S = 2.0
CLOSE_S = 5.0
MOST_KNOWN = 200_000
KEY = "request log"

log = get_logger(__name__)


class LogWriter:
    """The entries of one process that are not written yet."""

    def __init__(self, connection: Connection, settings: RequestLogSettings) -> None:
        self._connection = connection
        self._settings = settings
        self._store = RequestStore(connection.database, connection.vault)
        self._queue = deque[tuple[SentRequest, int]]()
        self._characters = 0
        self._known = dict[str, set[bytes]]()
        self._count = 0
        self._bucket = 0
        self._clock = 0.0
        """What to add to this process's clock for that of Postgres."""
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None
        self._failing = False
        self._closed = False
        self._dropped = 0
        self.dropped = 0
        """Entries that this process has dropped."""

    def add(self, sent: SentRequest) -> None:
        """Note a request, to be written soon."""
        size = weigh_request(sent.request)
        full = len(self._queue) >= MOST_QUEUED
        if full or (self._queue and self._characters + size > MOST_QUEUED_CHARACTERS):
            self._drop(1)
            return
        self._queue.append((sent, size))
        self._characters += size
        self._schedule(DELAY_S)

    async def close(self) -> None:
        """Write what is queued, if that does not take long."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_S):
                if self._task is not None:
                    await self._task
                await self._flush()
        if self._queue:
            log.warning("requests were not recorded", count=len(self._queue))

    def _schedule(self, delay: float) -> None:
        if self._timer is None and self._task is None and not self._closed:
            self._timer = asyncio.get_running_loop().call_later(delay, self._start)

    def _start(self) -> None:
        self._timer = None
        self._task = asyncio.create_task(self._flush())
        self._task.add_done_callback(lambda _: self._end())

    def _end(self) -> None:
        self._task = None
        if self._queue:
            self._schedule(RETRY_S if self._failing else DELAY_S)

    async def _flush(self) -> None:
        try:
            while self._queue:
                await self._write_batch()
                self._failing = False
        except StoreError as error:
            self._note_failure(error)
        except Exception as error:  # the log never disturbs what it records
            self._note_failure(error)
            count = min(BATCH, len(self._queue))
            self._drop(count)
            for _ in range(count):
                self._remove_first()

    async def _write_batch(self) -> None:
        bucket, made, now = await self._store.open_bucket(self._settings)
        if bucket != self._bucket or self._count > MOST_KNOWN:
            self._bucket, self._count = bucket, 0
            self._known.clear()
            # Set only now and then: what a statement takes differs, and the order would change.
            self._clock = now - monotonic()
        entries, taken = await self._build_batch(bucket)
        await self._store.write(bucket, entries, self._dropped)
        self._dropped = 0
        for entry in entries:
            self._known.setdefault(entry.row.run, set()).update(each for each, _ in entry.parts)
            self._count += len(entry.parts)
        for _ in range(taken):
            self._remove_first()
        if made:
            await sweep_log(self._store, self._settings)

    async def _build_batch(self, bucket: int) -> tuple[list[NewEntry], int]:
        """Build entries of the first requests; returns how many requests they are for."""
        jobs = list[tuple[SentRequest, bytes | None]]()
        for sent, _ in list(self._queue)[:BATCH]:
            try:
                key = await self._make_key(sent.caller.run)
            except StoreError as error:
                if error.retryable:
                    raise
                key = None  # the run was forgotten meanwhile
            jobs.append((sent, key))
        return await asyncio.to_thread(self._build_entries, jobs, bucket)

    def _build_entries(
        self, jobs: Sequence[tuple[SentRequest, bytes | None]], bucket: int
    ) -> tuple[list[NewEntry], int]:
        """Runs in a thread, once per batch."""
        entries, size, taken = list[NewEntry](), 0, 0
        fresh = dict[str, set[bytes]]()
        for sent, key in jobs:
            if size >= BATCH_BYTES:
                break
            taken += 1
            run = sent.caller.run
            if key is None:
                continue
            known = self._known.get(run, set()) | fresh.get(run, set())
            at = self._clock + sent.ended - sent.ms / 1e3
            try:
                entry = build_entry(sent, bucket, key, known, self._settings.max_entry_bytes, at)
            except Exception as error:  # one that cannot be written does not take others with it
                log.warning("a request cannot be recorded", run=run, why=str(error))
                self._drop(1)
                continue
            entries.append(entry)
            size += entry.size
            fresh.setdefault(run, set()).update(digest for digest, _ in entry.parts)
        return entries, taken

    async def _make_key(self, run: str) -> bytes:
        salt = await self._connection.vault.salt_of(run)
        signer = await self._connection.signing.get_signer()
        return signer.derive_key(KEY, run, salt)

    def _remove_first(self) -> None:
        _, size = self._queue.popleft()
        self._characters -= size

    def _drop(self, count: int) -> None:
        self._dropped += count
        self.dropped += count

    def _note_failure(self, error: Exception) -> None:
        if not self._failing:
            log.warning("requests are recorded late, or not at all", why=str(error))
        self._failing = True


def weigh_request(request: ModelRequest) -> int:
    """Estimate the characters of a request."""
    size = len(request.instructions)
    for message in request.messages:
        for part in message.parts:
            text = getattr(part, "text", None) or getattr(part, "content", None)
            size += len(text or getattr(part, "data", None) or "") + 50
    return size
