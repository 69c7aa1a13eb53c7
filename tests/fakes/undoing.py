"""Calls of tools and their undo, as workers would make them, in a folder and a database; no engine.

A call may be cut off before it reports.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from temporalio.testing import ActivityEnvironment

from harness.agent import Agent, AnyTool
from harness.config.settings import ArtifactSettings
from harness.contracts.effect import CheckTargets, Compensate, ListEffects
from harness.contracts.message import ToolCall
from harness.contracts.tool import RunTool, ToolOutcome, Workspace
from harness.store import Artifacts, Database, Ledger
from harness.tools import delete_file, edit_file, move_file, write_file
from harness_activities.tool_call.activity import ToolActivities
from harness_activities.tool_call.toolbox import Toolbox
from harness_activities.tool_call.workspaces import Workspaces
from harness_activities.undo import EffectActivities
from harness_activities.undo_check import TargetActivities
from tests.fakes.tool_calls import HOST, Said

World = dict[str, tuple[bytes, int] | None]
FILES = (write_file, edit_file, delete_file, move_file)

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
    """Runs calls and compensations of one run."""

    def __init__(self, database: Database, folder: Path, run: str, *tools: AnyTool) -> None:
        self._workspace = Workspace(host=HOST, root=str(folder))
        self._ledger = Ledger(database)
        self._box = Toolbox(
            agent=Agent("clerk", tools=[*FILES, *tools]),
            artifacts=Artifacts(database, ArtifactSettings()),
            progress=Said([]),
            ledger=self._ledger,
            workspaces=Workspaces([folder]),
            host=HOST,
        )
        self._tools = ToolActivities(self._box)
        self._effects = EffectActivities(box=self._box, ledger=self._ledger)
        self._checks = TargetActivities(box=self._box, ledger=self._ledger)
        self._env = ActivityEnvironment()
        self._env.info = dataclasses.replace(
            self._env.info, workflow_id=run, workflow_run_id=run,
            start_to_close_timeout=timedelta(seconds=30),
        )  # fmt: skip
        self._run = run

    async def call(self, turn: int, name: str, arguments: dict[str, Any]) -> ToolOutcome:
        request = RunTool(
            call=ToolCall(id=f"c{turn}", name=name, arguments=arguments),
            turn=turn, workspace=self._workspace,
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

    async def preview(self, keys: Sequence[str]) -> dict[str, bool | None]:
        """What a dry run finds of these effects: whether their targets have changed."""
        asked = CheckTargets(run=self._run, keys=tuple(keys))
        found = await self._env.run(self._checks.check_targets, asked)
        return {each.key: each.changed for each in found.checks}

    async def undo_each(self) -> list[tuple[str, bool]]:
        """Undo until something stops it: keys, and whether each was undone."""
        listed = await self._env.run(self._effects.list_effects, ListEffects(run=self._run))
        done: list[tuple[str, bool]] = []
        for item in listed.items:
            asked = Compensate(key=item.key, run=self._run)
            undone = (await self._env.run(self._effects.compensate, asked)).obstacle is None
            done.append((item.key, undone))
            if not undone:
                break
        return done

    async def keys(self) -> list[str]:
        """The effects that are left, the newest first."""
        listed = await self._env.run(self._effects.list_effects, ListEffects(run=self._run))
        return [item.key for item in listed.items]

    async def close(self) -> None:
        await self._box.close()
        await self._ledger.close()
