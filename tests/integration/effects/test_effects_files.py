"""Any sequence of file operations, undone to any point, gives the exact earlier world."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.store.migrate import open_database
from tests.fakes.undoing import Calls, lay_out, operations, world


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(st.tuples(operations, st.sampled_from(["ends", "dies", "again"])), max_size=6),
    st.lists(st.integers(0, 6), min_size=1, max_size=3),
)
def test_undo_gives_the_exact_earlier_world(
    runs_database: str, done: list[tuple[tuple[str, dict[str, Any]], str]], backs: list[int]
) -> None:
    async def check() -> None:
        async with contextlib.AsyncExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            database = await open_database(runs_database, pool_size=2)
            stack.push_async_callback(database.close)
            calls = Calls(database, folder, folder.name)
            stack.push_async_callback(calls.close)
            lay_out(folder)
            worlds = [world(folder)]
            for turn, ((tool, arguments), way) in enumerate(done, 1):
                await one_call(calls, folder, turn, tool, arguments, way)
                worlds.append(world(folder))
            for back in sorted({min(back, len(done)) for back in (*backs, 0)}, reverse=True):
                await calls.undo(back)
                assert world(folder) == worlds[back]

    asyncio.run(check())


async def one_call(
    calls: Calls, folder: Path, turn: int, tool: str, arguments: dict[str, Any], way: str
) -> None:
    first = await calls.call(turn, tool, arguments)
    after = world(folder)
    if way != "ends":
        await calls.forget(turn)
    if way == "again":
        second = await calls.call(turn, tool, arguments)
        assert first.result and second.result
        assert second.result.content == first.result.content
        assert world(folder) == after
