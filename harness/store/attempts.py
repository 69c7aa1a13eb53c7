"""The log of failed attempts, written in the background.

History keeps how many attempts an activity took and why the last of them failed. This log adds the
others; a row may be missing if a worker was killed or the database was down.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Sequence
from typing import Any

from pydantic_core import from_json

from harness.contracts.attempt import Attempt
from harness.contracts.errors import ContentCorrupt, StoreError
from harness.crypto.place import place_of
from harness.crypto.vault import PLAIN, Vault
from harness.store.database import Database

KEPT = 1000
"""Most rows that wait to be written: a database outage must not exhaust the worker's memory."""
BATCH = 100
MESSAGE_CHARS = 8_000
LEAVE_SECONDS = 2.0
"""How long a stopping worker waits for its last rows to be written."""
ROW = ("run", "run_id", "activity", "attempt", "started", "ended", "who")
"""Fields with a column of their own; the others are in the body, and no query needs them."""

log = logging.getLogger("harness.store")

INSERT = """
INSERT INTO harness.attempt (run, run_id, activity, attempt, started, ended, who, body)
SELECT run, run_id, activity, attempt, to_timestamp(started), to_timestamp(ended), who, body
FROM unnest(%b::text[], %b::text[], %b::text[], %b::int[], %b::float8[], %b::float8[], %b::text[],
            %b::bytea[]) AS b (run, run_id, activity, attempt, started, ended, who, body)
ON CONFLICT DO NOTHING
"""
SELECT = """
SELECT run, run_id, activity, attempt, extract(epoch FROM started)::float8,
       extract(epoch FROM ended)::float8, who, body
FROM harness.attempt WHERE run = %s ORDER BY started, activity, attempt
"""


class AttemptWriter:
    """Queues rows and writes them when it can; rows that do not fit are dropped with a warning."""

    def __init__(self, database: Database, vault: Vault = PLAIN) -> None:
        self._database = database
        self._vault = vault
        self._waiting: deque[Attempt] = deque()
        self._task: asyncio.Task[None] | None = None
        self._away = False
        self._dropped = 0

    def add(self, attempt: Attempt) -> None:
        if len(self._waiting) >= KEPT:
            self._dropped += 1
            if self._dropped == 1:
                log.warning(
                    "the attempt log is full: failures are not logged until Postgres is back"
                )
            return
        self._waiting.append(attempt)
        if self._task is None:
            self._task = asyncio.create_task(self._write_waiting())

    async def close(self) -> None:
        """Write the waiting rows, for at most `LEAVE_SECONDS`."""
        if (task := self._task) is not None:
            await asyncio.wait([task], timeout=LEAVE_SECONDS)
            if not task.done():
                task.cancel()
                log.warning("%d failed attempts were not logged", len(self._waiting))

    async def _write_waiting(self) -> None:
        try:
            while self._waiting:
                batch = [self._waiting[n] for n in range(min(BATCH, len(self._waiting)))]
                await self._write_batch(batch)
                for _ in batch:
                    self._waiting.popleft()
                if self._dropped:
                    log.warning("%d failed attempts were not logged", self._dropped)
                    self._dropped = 0
        finally:
            self._task = None

    async def _write_batch(self, batch: list[Attempt]) -> None:
        delay = 0.1
        while True:
            try:
                await self._database.fetch(INSERT, await _build_columns(self._vault, batch))
            except Exception as error:
                if isinstance(error, StoreError) and error.retryable:
                    if not self._away:
                        log.warning("the attempt log cannot be written, retrying: %s", error)
                    self._away = True
                    await asyncio.sleep(delay)
                    delay = min(delay * 2, 5.0)
                    continue
                if len(batch) > 1:  # write one by one, so that only the bad row is lost
                    for each in batch:
                        await self._write_batch([each])
                else:
                    log.warning("a failed attempt of %s was not logged: %s", batch[0].run, error)
            self._away = False
            return


async def attempts_of(database: Database, run: str, vault: Vault = PLAIN) -> list[Attempt]:
    """Read the logged attempts of a run, in the order in which they began."""
    rows = await database.fetch(SELECT, (run,))
    return [
        _parse_attempt(columns, await vault.decrypt(bytes(body), _body_place(*columns[:4])))
        for *columns, body in rows
    ]


async def _build_columns(vault: Vault, batch: Sequence[Attempt]) -> tuple[list[object], ...]:
    rows = [
        (
            *(getattr(each, name) for name in ROW),
            await vault.encrypt(
                each.run,
                _encode_body(each),
                _body_place(each.run, each.run_id, each.activity, each.attempt),
            ),
        )
        for each in batch
    ]
    return tuple(list(column) for column in zip(*rows, strict=True))


def _body_place(run: str, run_id: str, activity: str, attempt: int) -> bytes:
    return place_of("attempt.body", run, run_id, activity, attempt)


def _encode_body(attempt: Attempt) -> bytes:
    cleaned = attempt.model_copy(update={"message": _clean_message(attempt.message)})
    return cleaned.model_dump_json(exclude_none=True, exclude=set(ROW)).encode()


def _parse_attempt(columns: Sequence[Any], body: bytes) -> Attempt:
    try:
        fields = from_json(body)
        known = {name: fields[name] for name in Attempt.model_fields.keys() & fields.keys()}
        return Attempt.model_validate({**known, **dict(zip(ROW, columns, strict=True))})
    except (ValueError, AttributeError) as error:
        raise ContentCorrupt(
            f"A logged attempt of run {columns[0]!r} cannot be read: {error}"
        ) from None


def _clean_message(message: str) -> str:
    short = message if len(message) <= MESSAGE_CHARS else message[: MESSAGE_CHARS - 1] + "…"
    return short.encode("utf-8", "backslashreplace").decode()
