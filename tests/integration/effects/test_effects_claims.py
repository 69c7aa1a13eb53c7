"""An error releases the claim: the next attempt, in any worker, gets the right to act."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from psycopg.errors import NotNullViolation

from harness.contracts.errors import (
    StackError,
    StackUnreachable,
    StoreError,
    StoreUnavailable,
    ToolError,
)
from harness.store import Ledger, NewEffect
from harness.store.epoch import Doubts
from harness.store.migrate import open_database

HELD = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 1"
RESULT = {"content": "made"}


class EngineAway:
    """What a worker knows of the branches while Temporal does not answer."""

    def __init__(self) -> None:
        self.doubts = Doubts()
        self.is_away = False

    async def check(self, made: str | None = None) -> None:
        if self.is_away:
            raise StackUnreachable("Temporal does not answer.")

    def mark(self, key: str, seq: int) -> None:
        pass


@pytest.fixture
async def epoch() -> EngineAway:
    return EngineAway()


@pytest.fixture
async def ledgers(database_url: str, epoch: EngineAway) -> AsyncIterator[tuple[Ledger, Ledger]]:
    """Of two workers; the first one watches the epoch."""
    one = Ledger(await open_database(database_url, pool_size=1), epoch=epoch)
    other = Ledger(await open_database(database_url, pool_size=1))
    yield one, other
    for ledger in (one, other):
        await ledger.close()
        await ledger.database.close()


def new(**fields: Any) -> NewEffect:
    known: dict[str, Any] = {
        "key": uuid.uuid4().hex, "origin": "o", "run": "r", "agent": "a", "turn": 1, "call": "c",
        "tool": "t", "effect": "write", "arguments": {},
    }  # fmt: skip
    return NewEffect(**known | fields)


async def is_free(ledgers: tuple[Ledger, Ledger], effect: NewEffect) -> bool:
    """Whether both workers can have it, and neither kept a lock."""
    for ledger in ledgers:
        await ledger.release(await ledger.begin(effect))
    rows = await ledgers[1].database.fetch(HELD)
    return rows[0][0] == 0


async def cancel_inside(
    monkeypatch: pytest.MonkeyPatch, on: Any, name: str, act: Callable[[], Awaitable[Any]]
) -> None:
    """Cancel `act` as soon as it has called `on.name`, which does not return."""
    inside = asyncio.Event()

    async def hang(*_: Any) -> Any:
        inside.set()
        await asyncio.Event().wait()

    with monkeypatch.context() as patch:
        patch.setattr(on, name, hang)
        task = asyncio.ensure_future(act())
        await inside.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_begin_releases_its_claim_during_an_outage_of_temporal(
    ledgers: tuple[Ledger, Ledger], epoch: EngineAway, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, effect = ledgers[0], new()
    fetch = one._locks.fetch

    async def on_a_new_connection(query: Any, params: Any) -> Any:
        if "harness.effect" in query:
            await (await one._locks._open_connection()).close()
            epoch.is_away = True
        return await fetch(query, params)

    with monkeypatch.context() as patch:
        patch.setattr(one._locks, "fetch", on_a_new_connection)
        with pytest.raises(StackError):
            await one.begin(effect)
    epoch.is_away = False
    assert await is_free(ledgers, effect)


async def test_begin_releases_its_claim_when_it_is_cancelled(
    ledgers: tuple[Ledger, Ledger], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, effect = ledgers[0], new()
    await cancel_inside(monkeypatch, one._fields, "decrypt_kept", lambda: one.begin(effect))
    assert await is_free(ledgers, effect)


async def test_begin_releases_its_lock_when_the_row_is_refused(
    ledgers: tuple[Ledger, Ledger],
) -> None:
    """Postgres keeps a session's lock although the statement that took it has failed."""
    refused = new(effect=None)
    with pytest.raises(NotNullViolation):
        await ledgers[0].begin(refused)
    assert await is_free(ledgers, new(key=refused.key))


async def test_an_undo_releases_its_claim_when_the_row_cannot_be_read(
    ledgers: tuple[Ledger, Ledger], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, effect = ledgers[0], new()
    await one.mark_done(await one.begin(effect), RESULT, None)
    rows, asked = one._fetch_rows, 0

    async def fail_the_second_time(*args: Any) -> Any:
        nonlocal asked
        asked += 1
        if asked == 2:
            raise StoreUnavailable("The database is away.")
        return await rows(*args)

    with monkeypatch.context() as patch:
        patch.setattr(one, "_fetch_rows", fail_the_second_time)
        with pytest.raises(StoreError):
            await one.begin_undo(effect.key, "r")
    for ledger in ledgers:
        hold, _ = await ledger.begin_undo(effect.key, "r")
        await ledger.release(hold)


@pytest.mark.parametrize("ends", ["done", "failed"])
async def test_a_claim_is_released_when_the_outcome_cannot_be_written(
    ledgers: tuple[Ledger, Ledger], monkeypatch: pytest.MonkeyPatch, ends: str
) -> None:
    one, effect = ledgers[0], new()
    hold = await one.begin(effect)

    async def end() -> None:
        if ends == "done":
            await one.mark_done(hold, RESULT, None)
        else:
            await one.mark_failed(hold, None, "it failed")

    await cancel_inside(monkeypatch, one._fields, "encrypt_field", end)
    assert await is_free(ledgers, effect)


async def test_releasing_a_claim_twice_does_not_take_it_from_the_next_attempt(
    ledgers: tuple[Ledger, Ledger],
) -> None:
    one, effect = ledgers[0], new()
    first = await one.begin(effect)
    await one.release(first)
    await one.begin(effect)
    await one.release(first)
    for ledger in ledgers:
        with pytest.raises(ToolError, match="still running"):
            await ledger.begin(effect)
