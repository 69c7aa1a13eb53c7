"""Any sequence of file operations, undone to any point, gives the exact earlier world."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from temporalio.testing import ActivityEnvironment

from harness.agent import Agent
from harness.config.settings import ArtifactSettings
from harness.contracts.effect import Compensate, ListEffects
from harness.contracts.message import ToolCall
from harness.contracts.tool import RunTool, ToolOutcome, Workspace
from harness.store import Artifacts, Database, Ledger
from harness.tools import delete_file, edit_file, move_file, write_file
from harness_activities.effects import EffectActivities
from harness_activities.run_tool import ToolActivities
from tests.fakes.tool_calls import HOST, Said

World = dict[str, tuple[bytes, int] | None]

paths = st.sampled_from(["a", "b", "d/a", "d/b", "d/e/a", "link", "loop/a", "../out", "d"])
texts = st.sampled_from(["", "x", "xx", "x y\r\n", "é\0"])
operations = st.one_of(
    st.tuples(st.just("write_file"), st.fixed_dictionaries({"path": paths, "content": texts})),
    st.tuples(
        st.just("edit_file"),
        st.fixed_dictionaries(
            {"path": paths, "old": texts, "new": texts, "everywhere": st.booleans()}
        ),
    ),
    st.tuples(st.just("delete_file"), st.fixed_dictionaries({"path": paths})),
    st.tuples(st.just("move_file"), st.fixed_dictionaries({"source": paths, "target": paths})),
)


def world(folder: Path) -> World:
    return {
        str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_mode)
        if path.is_file()
        else None
        for path in folder.rglob("*")
    }


def lay_out(folder: Path) -> None:
    (folder / "d").mkdir()
    (folder / "a").write_bytes(b"x\xff\r\nx")
    (folder / "a").chmod(0o777)
    (folder / "d/b").write_bytes(b"x")
    (folder / "d/b").chmod(0o600)
    (folder / "link").symlink_to("d/b")
    (folder / "loop").symlink_to("d")


class Calls:
    """Runs calls and compensations as workers would; a call may be cut off before it reports."""

    def __init__(self, database: Database, folder: Path, run: str) -> None:
        self._workspace = Workspace(host=HOST, root=str(folder))
        self._ledger = Ledger(database)
        self._tools = ToolActivities(
            agent=Agent("clerk", tools=[write_file, edit_file, delete_file, move_file]),
            artifacts=Artifacts(database, ArtifactSettings()),
            progress=Said([]),
            ledger=self._ledger,
            host=HOST,
        )
        self._effects = EffectActivities(tools=self._tools, ledger=self._ledger)
        self._env = ActivityEnvironment()
        self._env.info = dataclasses.replace(
            self._env.info, workflow_id=run, workflow_run_id=run,
            start_to_close_timeout=timedelta(seconds=30),
        )  # fmt: skip
        self._run = run

    async def call(self, turn: int, name: str, arguments: dict[str, Any]) -> ToolOutcome:
        request = RunTool(
            call=ToolCall(id=f"c{turn}", name=name, arguments=arguments),
            turn=turn, spec="s", workspace=self._workspace,
        )  # fmt: skip
        return await self._env.run(self._tools.run_tool, request)

    async def forget(self, turn: int) -> None:
        """As if the worker had died after the effect and before it could say so."""
        await self._ledger.database.fetch(
            "UPDATE harness.effect SET state = 'begun', result = NULL, ended = NULL "
            "WHERE run = %s AND turn = %s AND state = 'done'",
            (self._run, turn),
        )

    async def undo(self, to_turn: int) -> None:
        listed = await self._env.run(
            self._effects.list_effects, ListEffects(run=self._run, to_turn=to_turn)
        )
        for item in listed.items:
            for _ in range(2):  # the second time does nothing
                done = await self._env.run(
                    self._effects.compensate, Compensate(key=item.key, run=self._run)
                )
                assert done.obstacle is None, (item, done)

    async def close(self) -> None:
        await self._tools.close()
        await self._ledger.close()


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
            database = await Database.open(runs_database, pool_size=2)
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
