"""Whatever a run did to files and a person since: a dry run tells what the undo then does."""

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

by_hand = st.tuples(st.sampled_from(["a", "b", "d/a", "d/b"]), st.sampled_from(["x", "new", None]))


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(st.tuples(operations, st.booleans()), max_size=6),
    st.none() | by_hand,
    st.none() | st.tuples(st.integers(1, 6), by_hand),
)
def test_a_dry_run_tells_where_the_undo_stops(
    runs_database: str,
    done: list[tuple[tuple[str, dict[str, Any]], bool]],
    afterwards: tuple[str, str | None] | None,
    between: tuple[int, tuple[str, str | None]] | None,
) -> None:
    async def check() -> None:
        async with contextlib.AsyncExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            database = await open_database(runs_database, pool_size=2)
            stack.push_async_callback(database.close)
            calls = Calls(database, folder, folder.name)
            stack.push_async_callback(calls.close)
            lay_out(folder)
            for turn, ((tool, arguments), dies) in enumerate(done, 1):
                await calls.call(turn, tool, arguments)
                if dies:
                    await calls.forget(turn)
                if between and between[0] == turn:
                    change_by_hand(folder, *between[1])
            if afterwards:
                change_by_hand(folder, *afterwards)
            before, keys = world(folder), await calls.keys()
            told = await calls.preview(keys)
            assert world(folder) == before
            assert list(told) == keys
            for key, undone in await calls.undo_each():
                assert told[key] is not undone, "it said otherwise"

    asyncio.run(check())


def change_by_hand(folder: Path, path: str, text: str | None) -> None:
    file = folder / path
    if text is None:
        file.unlink(missing_ok=True)
    else:
        file.write_text(text)
