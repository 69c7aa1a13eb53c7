"""The tools of one agent in one worker: what every call and every undo needs."""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from temporalio import activity

from harness.agent import Agent, AnyTool, ToolContext, idempotency_key
from harness.agent.key import sent_key
from harness.agent.memory_tools import RunMemory
from harness.commons.log import guarded_logger
from harness.config.settings import HttpToolSettings
from harness.contracts.errors import ToolFailed, WrongHost
from harness.contracts.tool import RunTool
from harness_activities.tool_call.arguments import CheckedTool, unknown_tool_error
from harness_activities.tool_call.deps import Deps
from harness_activities.tool_call.effects import EffectLedger
from harness_activities.tool_call.failures import describe_error
from harness_activities.tool_call.host import (
    CallHost,
    Connections,
    Progress,
    invoke_function,
    read_last_heartbeat,
)
from harness_activities.tool_call.results import Artifacts
from harness_activities.tool_call.threads import Threads
from harness_activities.tool_call.workspaces import Workspaces

__all__ = ["Artifacts", "Progress", "Toolbox", "get_key", "get_origin"]

log = logging.getLogger("harness.tools")


@dataclass(kw_only=True)
class Toolbox:
    agent: Agent[Any, Any]
    artifacts: Artifacts
    progress: Progress
    ledger: EffectLedger
    workspaces: Workspaces
    database: Connections | None = None
    memory: Callable[[RunTool, str], RunMemory] | None = None
    """Makes what the tools of memory use, for a call of a run."""
    http: HttpToolSettings = field(default_factory=HttpToolSettings)
    host: str = field(default_factory=lambda: socket.gethostname())

    def __post_init__(self) -> None:
        self.tools = {name: CheckedTool(each) for name, each in self.agent.tools.items()}
        self._pool = Threads()
        self._deps = Deps(self.agent.deps, self._pool)
        self._later: set[asyncio.Task[None]] = set()

    async def close(self) -> None:
        """Close the threads and what `deps` made, without waiting for busy threads."""
        for task in self._later:
            task.cancel()
        self._pool.close()
        await self._deps.close()

    def get_tool(self, name: str) -> AnyTool:
        checked = self.tools.get(name)
        if checked is None:
            raise unknown_tool_error(name, self.tools)
        return checked.tool

    def make_host(self, request: RunTool, run: str | None = None) -> CallHost:
        info = activity.info()
        run = run or info.workflow_id or ""
        return CallHost(
            run=run, turn=request.turn, call_id=request.call.id,
            memory=self.memory and self.memory(request, run),
            http=self.http, artifacts=self.artifacts, sink=self.progress, info=info,
            loop=asyncio.get_running_loop(), left=read_last_heartbeat(info),
            database=self.database or self.ledger,
        )  # fmt: skip

    async def invoke(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        return await invoke_function(self._pool, fn, *args, **kwargs)

    async def read_call(self, request: RunTool) -> tuple[AnyTool, dict[str, Any]]:
        """Find the tool and convert the arguments to its own types; raises ToolError if they do not
        fit."""
        tool = self.get_tool(request.call.name)
        return tool, await self.tools[tool.name].convert_arguments(request.call.arguments)

    def run_later(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._later.add(task)
        task.add_done_callback(self._log_late_failure)

    def _log_late_failure(self, task: asyncio.Task[None]) -> None:
        self._later.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.warning("the outcome of an abandoned call is unknown: %s", error)

    async def check_place(self, tool: AnyTool, request: RunTool) -> None:
        """Refuse a folder that is on another host, or that this worker does not serve."""
        if not tool.policy.workspace:
            return
        workspace = request.workspace
        if workspace is None:
            raise ToolFailed(f"{tool.name} works on a folder, but the run was started without one.")
        if workspace.host != self.host:
            raise WrongHost(
                f"The run's folder is on {workspace.host}, and this worker is {self.host}.",
            )
        await self.workspaces.check_folder(workspace.root)

    async def make_context(
        self,
        tool: AnyTool,
        request: RunTool,
        host: CallHost,
        cancelled: threading.Event | None = None,
        *,
        key: str | None = None,
        prepared: Any = None,
    ) -> ToolContext[Any]:
        call, info = request.call, host.info
        root = request.workspace.root if request.workspace and tool.policy.workspace else None
        # A what-if that runs no tool of the agent does not need what tools share.
        bare = request.playback is not None and not request.playback.live_reads
        return ToolContext(
            deps=None if bare else await self._make_deps(),
            run=host.run,
            turn=request.turn,
            call_id=call.id,
            tool=tool.name,
            idempotency_key=key or sent_key(get_key(request, host), host.undos),
            attempt=info.attempt,
            cancelled=cancelled or threading.Event(),
            logger=logging.LoggerAdapter(
                guarded_logger(f"harness.tools.{tool.name}"),
                {"run": host.run, "turn": request.turn, "call": call.id},
            ),
            last_heartbeat=host.left,
            prepared=prepared,
            root=None if root is None else Path(root),
            host=host,
        )

    async def get_deps(self) -> Any:
        """Return the agent's `deps`, made at the first call in this worker."""
        return await self._deps.get_deps()

    async def _make_deps(self) -> Any:
        try:
            return await self.get_deps()
        except Exception as error:
            log.warning("the deps of agent %s failed", self.agent.name, exc_info=True)
            raise ToolFailed(
                f"The agent's deps could not be made: {describe_error(error)}"
            ) from None


def get_origin(request: RunTool, host: CallHost) -> str:
    """Return the first run id of the run's chain of executions."""
    return request.origin or host.info.workflow_run_id or ""


def get_key(request: RunTool, host: CallHost) -> str:
    """Return the idempotency key, computed once per call: for arguments of a megabyte that blocks
    the loop for 40 ms."""
    if host.key is None:
        sent = request.call.arguments if isinstance(request.call.arguments, dict) else {}
        begin = get_origin(request, host) + (request.salt or "")
        name, ordinal = request.call.name, request.ordinal or 1
        host.key = idempotency_key(begin, request.turn, name, sent, ordinal)
    return host.key
