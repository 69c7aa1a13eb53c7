"""The log of failed attempts: written behind, on the way of failures only, and never in their way.

History keeps how many attempts an activity took and why the last of them failed. What is written
here is told beside it; a row may be missing, where a worker was killed or the database was away.
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
"""So many wait to be written at most: a database that is away must not cost a worker its memory."""
BATCH = 100
MESSAGE_CHARS = 8_000
LEAVE_SECONDS = 2.0
"""How long a worker that stops waits for its last rows."""
ROW = ("run", "run_id", "activity", "attempt", "started", "ended", "who")
"""What stands in columns; the rest is the body, which nobody needs in order to find a row."""

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
    """Takes rows at once and writes them when it can; what cannot be kept is dropped and said."""

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
                log.warning("the attempt log is full: failures are not logged until it is written")
            return
        self._waiting.append(attempt)
        if self._task is None:
            self._task = asyncio.create_task(self._run())

    async def close(self) -> None:
        """Write what is left, as far as Postgres takes it soon."""
        if (task := self._task) is not None:
            await asyncio.wait([task], timeout=LEAVE_SECONDS)
            if not task.done():
                task.cancel()
                log.warning("%d failed attempts were not logged", len(self._waiting))

    async def _run(self) -> None:
        try:
            while self._waiting:
                batch = [self._waiting[n] for n in range(min(BATCH, len(self._waiting)))]
                await self._write(batch)
                for _ in batch:
                    self._waiting.popleft()
                if self._dropped:
                    log.warning("%d failed attempts were not logged", self._dropped)
                    self._dropped = 0
        finally:
            self._task = None

    async def _write(self, batch: list[Attempt]) -> None:
        delay = 0.1
        while True:
            try:
                await self._database.fetch(INSERT, await _columns(self._vault, batch))
            except Exception as error:
                if isinstance(error, StoreError) and error.retryable:
                    if not self._away:
                        log.warning("the attempt log waits to be written: %s", error)
                    self._away = True
                    await asyncio.sleep(delay)
                    delay = min(delay * 2, 5.0)
                    continue
                if len(batch) > 1:  # one of them is to blame: the others must not suffer
                    for each in batch:
                        await self._write([each])
                else:
                    log.warning("a failed attempt of %s was not logged: %s", batch[0].run, error)
            self._away = False
            return


async def attempts_of(database: Database, run: str, vault: Vault = PLAIN) -> list[Attempt]:
    """What is logged of a run, in the order in which the attempts began."""
    rows = await database.fetch(SELECT, (run,))
    return [
        _read(columns, await vault.decrypt(bytes(body), _place(*columns[:4])))
        for *columns, body in rows
    ]


async def _columns(vault: Vault, batch: Sequence[Attempt]) -> tuple[list[object], ...]:
    rows = [
        (
            *(getattr(each, name) for name in ROW),
            await vault.encrypt(
                each.run, _body(each), _place(each.run, each.run_id, each.activity, each.attempt)
            ),
        )
        for each in batch
    ]
    return tuple(list(column) for column in zip(*rows, strict=True))


def _place(run: str, run_id: str, activity: str, attempt: int) -> bytes:
    return place_of("attempt.body", run, run_id, activity, attempt)


def _body(attempt: Attempt) -> bytes:
    told = attempt.model_copy(update={"message": _storable(attempt.message)})
    return told.model_dump_json(exclude_none=True, exclude=set(ROW)).encode()


def _read(columns: Sequence[Any], body: bytes) -> Attempt:
    try:
        told = from_json(body)
        known = {name: told[name] for name in Attempt.model_fields.keys() & told.keys()}
        return Attempt.model_validate({**known, **dict(zip(ROW, columns, strict=True))})
    except (ValueError, AttributeError) as error:
        raise ContentCorrupt(
            f"A logged attempt of run {columns[0]!r} cannot be read: {error}"
        ) from None


def _storable(message: str) -> str:
    short = message if len(message) <= MESSAGE_CHARS else message[: MESSAGE_CHARS - 1] + "…"
    return short.encode("utf-8", "backslashreplace").decode()
