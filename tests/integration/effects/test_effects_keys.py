"""The idempotency key that is sent: the same for every attempt, another one after an undo."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from harness import Happened, ToolContext, tool
from harness.store.migrate import open_database
from tests.fakes.undoing import Calls

sent: list[str] = []
taken: list[str] = []
prepared: list[str] = []
looked: list[str] = []


@tool(on_unknown="probe")
async def order(ctx: ToolContext[None], item: str) -> str:
    """Order."""
    sent.append(ctx.idempotency_key)
    return "ordered"


@order.prepare
async def prepare_order(ctx: ToolContext[None], arguments: Mapping[str, Any]) -> None:
    prepared.append(ctx.idempotency_key)


@order.probe
async def probe_order(ctx: ToolContext[None], arguments: Mapping[str, Any]) -> Happened | None:
    looked.append(ctx.idempotency_key)
    return Happened("ordered") if ctx.idempotency_key in sent and len(looked) > 1 else None


@order.undo
async def cancel_order(ctx: ToolContext[None], receipt: None) -> None:
    taken.append(ctx.idempotency_key)


@pytest.fixture
async def calls(runs_database: str, tmp_path: Path, name: str) -> AsyncIterator[Calls]:
    for each in (sent, taken, prepared, looked):
        each.clear()
    database = await open_database(runs_database, pool_size=2)
    made = Calls(database, tmp_path, name, order)
    yield made
    await made.close()
    await database.close()


async def test_a_repeated_effect_after_an_undo_has_another_key(calls: Calls) -> None:
    for _ in range(3):
        await calls.call(1, "order", {"item": "tea"})
        await calls.undo(0)
    assert len(sent) == len(set(sent)) == 3
    assert len(taken) == len(set(taken)) == 3
    assert prepared == sent
    assert not set(sent) & set(taken)


async def test_attempts_and_probes_of_one_effect_share_the_key(calls: Calls) -> None:
    await calls.call(1, "order", {"item": "tea"})
    await calls.forget(1)
    await calls.call(1, "order", {"item": "tea"})
    first, again = sent
    assert first == again
    await calls.undo(0)
    looked.clear()
    await calls.call(1, "order", {"item": "tea"})
    await calls.forget(1)
    await calls.call(1, "order", {"item": "tea"})
    await calls.forget(1)
    await calls.undo(0)
    assert len(set(sent)) == 2
    assert set(looked) == {sent[-1]}
    assert len(set(taken)) == 2
