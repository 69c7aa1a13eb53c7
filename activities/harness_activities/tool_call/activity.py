"""The `run_tool` activity: check, ask if need be, run, and say what came of it."""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from temporalio import activity

from harness.agent import Agent, AnyTool, Ask, ToolContext, idempotency_key
from harness.agent.key import sent_key
from harness.commons.children import caller
from harness.commons.log import guarded_logger
from harness.config.settings import HttpToolSettings
from harness.contracts.errors import REFUSALS, HarnessError, StoreError, ToolError
from harness.contracts.message import ToolResult
from harness.contracts.tool import RunTool, ToolOutcome
from harness.store.effects import NewEffect
from harness_activities.tool_call.arguments import CALL_AGAIN, Checked, unknown_tool
from harness_activities.tool_call.deps import Deps
from harness_activities.tool_call.effects import EffectLedger, Thread, Write, allowed
from harness_activities.tool_call.failures import (
    MAX_ERROR,
    clean,
    failure,
    is_tried_again,
    out_of_time,
    try_again,
    words,
)
from harness_activities.tool_call.host import (
    CallHost,
    Connections,
    Progress,
    invoke,
    left_before,
    time_limit,
)
from harness_activities.tool_call.playback import Records, play
from harness_activities.tool_call.results import Artifacts, shorten, show
from harness_activities.tool_call.threads import Threads
from harness_activities.tool_call.workspaces import Workspaces

__all__ = ["Artifacts", "Progress", "ToolActivities"]

log = logging.getLogger("harness.tools")


@dataclass(kw_only=True)
class ToolActivities:
    """The tools of one agent, in one worker."""

    agent: Agent[Any]
    artifacts: Artifacts
    progress: Progress
    ledger: EffectLedger
    workspaces: Workspaces
    database: Connections | None = None
    http: HttpToolSettings = field(default_factory=HttpToolSettings)
    host: str = field(default_factory=lambda: socket.gethostname())

    def __post_init__(self) -> None:
        self._tools = {name: Checked(each) for name, each in self.agent.tools.items()}
        self._readable = "read_result" in self._tools
        self._pool = Threads()
        self._deps = Deps(self.agent.deps, self._pool)
        self._records = Records(self.artifacts)
        self._later: set[asyncio.Task[None]] = set()

    async def close(self) -> None:
        """Let go of the threads and of what `deps` made. Threads still busy are not waited for."""
        for task in self._later:
            task.cancel()
        self._pool.close()
        await self._deps.close()

    @activity.defn(name="run_tool")
    async def run_tool(self, request: RunTool) -> ToolOutcome:
        """Run one tool call, or say what a person must decide first."""
        started = time.perf_counter()
        host = self.host_of(request)
        host.begin()
        try:
            outcome = await self._played(request, host)
        except HarnessError as error:
            if error.code in REFUSALS:
                raise
            if error.retryable and is_tried_again(host.info, error, self._attempts(request)):
                raise try_again(error) from error
            outcome = self._unknown(request, host, error) or failure(request.call, error)
        finally:
            host.end()
        ms = round((time.perf_counter() - started) * 1000, 2)
        return outcome.model_copy(update={"ms": ms})

    @activity.defn(name="check_edit")
    async def check_edit(self, request: RunTool) -> ToolOutcome:
        """Whether a person's edit fits the tool: a failure that says why not, or nothing."""
        caller.set(activity.info().workflow_id or "")
        try:
            await self._fits(request)
        except ToolError as error:
            message = clean(error.message.removesuffix(CALL_AGAIN))
            return ToolOutcome(failure=error.info.model_copy(update={"message": message}))
        return ToolOutcome()

    def _unknown(self, request: RunTool, host: CallHost, error: HarnessError) -> ToolOutcome | None:
        """The ledger is away for good: what this attempt or one before it did stands there."""
        acted = host.info.attempt > 1 and request.playback is None
        if not acted or not isinstance(error, StoreError) or self._attempts(request) is None:
            return None
        why = f"{clean(error.message)} It may have happened. Approve to check again."
        return ToolOutcome(need="outcome", reason=why)

    def _attempts(self, request: RunTool) -> int | None:
        """How often the tool may fail; None where the engine counts it."""
        checked = self._tools.get(request.call.name)
        return allowed(checked.tool) if checked and checked.tool.policy.effect != "read" else None

    def tool(self, name: str) -> AnyTool:
        checked = self._tools.get(name)
        if checked is None:
            raise unknown_tool(name, self._tools)
        return checked.tool

    def host_of(self, request: RunTool, run: str | None = None) -> CallHost:
        info = activity.info()
        return CallHost(
            run=run or info.workflow_id or "", turn=request.turn, call_id=request.call.id,
            http=self.http, artifacts=self.artifacts, sink=self.progress, info=info,
            loop=asyncio.get_running_loop(), left=left_before(info),
            database=self.database or self.ledger,
        )  # fmt: skip

    async def invoke(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        return await invoke(self._pool, fn, *args, **kwargs)

    async def _played(self, request: RunTool, host: CallHost) -> ToolOutcome:
        """The outcome; in a what-if from a record."""
        if request.playback is None:
            return await self._outcome(request, host)
        return await play(
            request.playback,
            request,
            self._records,
            check=lambda: self._fits(request),
            run=lambda: self._outcome(request, host),
        )

    async def _fits(self, request: RunTool) -> tuple[AnyTool, dict[str, Any]]:
        """The tool, and the arguments as its own types; ToolError when they do not fit."""
        tool = self.tool(request.call.name)
        return tool, await self._tools[tool.name].typed(request.call.arguments)

    async def _outcome(self, request: RunTool, host: CallHost) -> ToolOutcome:
        tool, arguments = await self._fits(request)
        await self.check_place(tool, request)
        limit = time_limit(tool.policy.timeout_s, host.info)
        reason = None if request.approved else await self._asks(tool, arguments, limit)
        if reason is not None:
            return ToolOutcome(need="approval", reason=reason)

        async def act(prepared: Any = None, thread: Thread | None = None) -> ToolOutcome:
            value = await self._execute(tool, arguments, limit, request, host, prepared, thread)
            if isinstance(value, Ask):
                return ToolOutcome(need="answer", reason=shorten(value.question))
            return await self._shown(tool, request, host, value)

        if tool.policy.effect != "read":
            return await self._write(tool, arguments, limit, request, host).run(act)
        try:
            return await act()
        except TimeoutError:
            raise out_of_time(tool, limit) from None

    def _write(
        self,
        tool: AnyTool,
        arguments: dict[str, Any],
        limit: float | None,
        request: RunTool,
        host: CallHost,
    ) -> Write:
        call = request.call
        host.ledger = self.ledger
        origin = request.origin or host.info.workflow_run_id or ""
        new = NewEffect(
            key=_key(request, host), origin=origin, run=host.run, agent=self.agent.name,
            turn=request.turn, call=call.id, tool=tool.name, effect=tool.policy.effect,
            arguments=call.arguments if isinstance(call.arguments, dict) else {},
            workspace=request.workspace if tool.policy.workspace else None,
        )  # fmt: skip
        return Write(
            ledger=self.ledger, tool=tool, new=new, request=request, arguments=arguments,
            host=host, limit=limit, context=lambda: self.context(tool, request, host),
            invoke=self.invoke, show=lambda value: self._shown(tool, request, host, value),
            later=self._run_later,
        )  # fmt: skip

    def _run_later(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._later.add(task)
        task.add_done_callback(self._ran_later)

    def _ran_later(self, task: asyncio.Task[None]) -> None:
        self._later.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.warning("the end of a call that was given up is not known: %s", error)

    async def _shown(
        self, tool: AnyTool, request: RunTool, host: CallHost, value: Any
    ) -> ToolOutcome:
        call = request.call
        shown = await show(
            value, self.artifacts, run=host.run, effect=tool.policy.effect, readable=self._readable
        )
        result = ToolResult(
            call=call.id, name=call.name, content=shown.content, artifact=shown.artifact
        )
        return ToolOutcome(result=result)

    async def _execute(
        self,
        tool: AnyTool,
        arguments: dict[str, Any],
        limit: float | None,
        request: RunTool,
        host: CallHost,
        prepared: Any,
        thread: Thread | None,
    ) -> Any:
        """What the tool returns. TimeoutError means its time is up, and nothing else."""
        cancelled = threading.Event()
        fn = thread.watch(tool.fn) if thread else tool.fn
        try:
            async with asyncio.timeout(limit) as clock:
                if tool.signature.context is not None:
                    arguments = {
                        **arguments,
                        tool.signature.context: await self.context(
                            tool, request, host, cancelled, prepared=prepared
                        ),
                    }
                return await self._call(tool, fn, arguments, clock)
        except (TimeoutError, asyncio.CancelledError):
            cancelled.set()
            raise

    async def _call(
        self,
        tool: AnyTool,
        fn: Callable[..., Any],
        arguments: dict[str, Any],
        clock: asyncio.Timeout,
    ) -> Any:
        try:
            return await invoke(self._pool, fn, **arguments)
        except HarnessError:
            raise
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            raise ToolError("failed", f"{tool.name} cancelled itself.") from None
        except (Exception, SystemExit) as error:
            log.warning("tool %s failed", tool.name, exc_info=True)
            if activity.is_cancelled() or clock.expired():
                # Interrupted: whether it happened is as unknown as where the cancel came through.
                raise asyncio.CancelledError from error
            raise ToolError("failed", f"{tool.name} failed: {words(error)}") from None

    async def _asks(
        self, tool: AnyTool, arguments: dict[str, Any], limit: float | None
    ) -> str | None:
        """Why a person must allow the call; None when nobody need be asked."""
        rule = tool.approval
        if rule == "never":
            return None
        if rule == "always":
            return f"{tool.name} runs only with approval."
        try:
            async with asyncio.timeout(limit):
                verdict: bool | str = await invoke(self._pool, rule, dict(arguments))
        except Exception as error:
            # A rule that cannot tell must not let the call through.
            log.warning("the approval rule of %s failed", tool.name, exc_info=True)
            return f"The approval rule of {tool.name} failed ({words(error)})."
        if isinstance(verdict, str):
            return shorten(verdict, MAX_ERROR) or None
        return f"{tool.name} needs approval with these arguments." if verdict else None

    async def check_place(self, tool: AnyTool, request: RunTool) -> None:
        """Refuse a folder that is on another host, or that this worker does not serve."""
        if not tool.policy.workspace:
            return
        workspace = request.workspace
        if workspace is None:
            raise ToolError(
                "failed", f"{tool.name} works on a folder, but the run was started without one."
            )
        if workspace.host != self.host:
            raise ToolError(
                "wrong_host",
                f"The run's folder is on {workspace.host}, and this worker is {self.host}.",
            )
        await self.workspaces.check(workspace.root)

    async def context(
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
        # In a what-if that runs no tool of the agent, nothing that they share is made either.
        bare = request.playback is not None and not request.playback.live_reads
        return ToolContext(
            deps=None if bare else await self._make_deps(),
            run=host.run,
            turn=request.turn,
            call_id=call.id,
            tool=tool.name,
            idempotency_key=key or sent_key(_key(request, host), host.undos),
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

    async def _make_deps(self) -> Any:
        try:
            return await self._deps.get()
        except Exception as error:
            log.warning("the deps of agent %s failed", self.agent.name, exc_info=True)
            raise ToolError(
                "failed", f"The agent's deps could not be made: {words(error)}"
            ) from None


def _key(request: RunTool, host: CallHost) -> str:
    """Once for a call: for arguments of a megabyte it takes 40 ms, in which the loop is blocked."""
    if host.key is None:
        sent = request.call.arguments if isinstance(request.call.arguments, dict) else {}
        begin = (request.origin or host.info.workflow_run_id or "") + (request.salt or "")
        name, ordinal = request.call.name, request.ordinal or 1
        host.key = idempotency_key(begin, request.turn, name, sent, ordinal)
    return host.key
