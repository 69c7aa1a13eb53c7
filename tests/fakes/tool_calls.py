"""Run tool calls through the activity as a worker would, without an engine.

The SDK's own ActivityEnvironment stands in for the worker; artifacts lie in memory.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from temporalio.common import RetryPolicy
from temporalio.testing import ActivityEnvironment

from harness.agent import Agent, AnyTool
from harness.config.settings import HttpToolSettings
from harness.contracts.message import ToolCall
from harness.contracts.tool import RunTool, ToolOutcome, Workspace
from harness.contracts.transcript import digest
from harness.store.database import Database
from harness.store.effects import Hold, NewEffect
from harness_activities.tool_call.activity import ToolActivities
from harness_activities.tool_call.toolbox import Artifacts, Toolbox
from harness_activities.tool_call.workspaces import Workspaces

HOST = "here"


class Memory:
    """Artifacts in a dict."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    async def put(
        self, content: bytes, *, media_type: str | None = None, run: str | None = None
    ) -> str:
        self.kept[digest(content)] = content
        return digest(content)

    async def get(self, id: str, offset: int = 0, limit: int | None = None) -> bytes:
        return self.kept[id][offset : None if limit is None else offset + limit]


class Effects:
    """A ledger in a dict, of one process that never dies."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[str, Any]] = {}
        self.doubtful = False

    async def find_state(self, key: str) -> tuple[str | None, int]:
        return self.rows.get(key, {}).get("state"), 0

    async def begin(self, new: NewEffect) -> Hold:
        row = self.rows.get(new.key)
        if row is not None:
            begun = row.get("attempt", 1)
            hold = Hold(new.key, "", row["state"], begun, row["result"], row["receipt"])
            return dataclasses.replace(hold, doubtful=self.doubtful)
        self.rows[new.key] = {"state": "begun", "result": None, "receipt": new.receipt}
        return Hold(new.key, "", "new", receipt=new.receipt, doubtful=self.doubtful)

    async def is_doubtful(self, new: NewEffect) -> bool:
        return self.doubtful

    async def begin_again(self, hold: Hold, receipt: Any = None) -> Hold:
        kept = hold.receipt if hold.state == "begun" else receipt
        return Hold(hold.key, "", "new", receipt=kept)

    async def take_over(self, hold: Hold) -> None: ...

    async def mark_done(self, hold: Hold, result: Any, receipt: Any, **_: Any) -> None:
        plain = result.model_dump(mode="json", exclude_none=True)
        self.rows[hold.key] = {"state": "done", "result": plain, "receipt": receipt}

    async def mark_failed(self, hold: Hold, receipt: Any, note: str) -> None:
        self.rows[hold.key] = {"state": "failed", "result": None, "receipt": receipt}

    async def release(self, hold: Hold) -> None: ...

    def connection(self) -> Any:
        raise AssertionError("there is no database")

    def begun_elsewhere(self) -> None:
        """As if the worker of each call had died before it could say what came of it."""
        for row in self.rows.values():
            row |= {"state": "begun", "result": None}


@dataclasses.dataclass
class Said:
    """Takes note of progress."""

    lines: list[str]

    def tool_progress(self, run: str, turn: int, call_id: str, text: str) -> None:
        self.lines.append(f"{run}/{turn}/{call_id}: {text}")


@dataclasses.dataclass
class Caller:
    """Calls the tools of one agent."""

    activities: ToolActivities
    box: Toolbox
    env: ActivityEnvironment
    said: list[str]
    beats: list[tuple[Any, ...]]
    effects: Effects
    root: Path | None = None

    async def request(self, name: str, arguments: Any, **fields: Any) -> ToolOutcome:
        workspace = None if self.root is None else Workspace(host=HOST, root=str(self.root))
        fields = {"turn": 1, "workspace": workspace, **fields}
        request = RunTool(call=ToolCall(id="c1", name=name, arguments=arguments), **fields)
        return await self.env.run(self.activities.run_tool, request)

    async def __call__(self, name: str, /, **arguments: Any) -> str:
        """The content of the result, which is no error."""
        outcome = await self.request(name, arguments)
        assert outcome.result is not None, outcome
        assert outcome.result.error is None, outcome.result.content
        return outcome.result.content

    async def refused(self, name: str, /, **arguments: Any) -> tuple[str, str]:
        """Code and words of the error."""
        outcome = await self.request(name, arguments)
        assert outcome.failure is not None and outcome.result is not None, outcome
        assert outcome.result.error is True
        assert outcome.result.content == outcome.failure.message
        return outcome.failure.code, outcome.failure.message

    def info(self, **changes: Any) -> None:
        """Change what the engine says about the activity."""
        self.env.info = dataclasses.replace(self.env.info, **changes)


@contextlib.asynccontextmanager
async def calling(
    *tools: AnyTool,
    root: Path | None = None,
    deps: Any = None,
    artifacts: Artifacts | None = None,
    http: HttpToolSettings | None = None,
    database: Database | None = None,
) -> AsyncIterator[Caller]:
    said: list[str] = []
    beats: list[tuple[Any, ...]] = []
    effects = Effects()
    box = Toolbox(
        agent=Agent("tested", tools=tools, deps=deps),
        artifacts=artifacts or Memory(),
        progress=Said(said),
        ledger=effects,
        database=database,
        workspaces=Workspaces([] if root is None else [root]),
        http=http or HttpToolSettings(),
        host=HOST,
    )
    env = ActivityEnvironment()
    env.on_heartbeat = lambda *details: beats.append(details)
    caller = Caller(ToolActivities(box), box, env, said, beats, effects, root)
    caller.info(
        start_to_close_timeout=timedelta(seconds=30),
        heartbeat_timeout=timedelta(seconds=5),
        retry_policy=RetryPolicy(maximum_attempts=3),
        workflow_run_id="first",
    )
    try:
        yield caller
    finally:
        await box.close()
