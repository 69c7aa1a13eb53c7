"""The `run_tool` activity: check, ask if need be, run, and say what came of it."""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from temporalio import activity
from temporalio.exceptions import ApplicationError

from harness.agent import Agent, AnyTool, Ask, ToolContext, idempotency_key
from harness.commons.redact import redact
from harness.config.settings import HttpToolSettings
from harness.contracts.errors import HarnessError, ToolError
from harness.contracts.message import ToolCall, ToolResult
from harness.contracts.tool import RunTool, ToolOutcome
from harness_activities._tool_arguments import Checked, unknown_tool
from harness_activities._tool_deps import Deps
from harness_activities._tool_host import Before, CallHost, Progress, before, invoke, time_limit
from harness_activities._tool_results import Artifacts, shorten, show

__all__ = ["Artifacts", "Progress", "ToolActivities"]

THREADS = 128
"""More than the activities that a worker takes at once: a call waits for no thread."""
MAX_ERROR = 2_000

log = logging.getLogger("harness.tools")


@dataclass(kw_only=True)
class ToolActivities:
    """The tools of one agent, in one worker."""

    agent: Agent[Any]
    artifacts: Artifacts
    progress: Progress
    http: HttpToolSettings = field(default_factory=HttpToolSettings)
    host: str = field(default_factory=socket.gethostname)

    def __post_init__(self) -> None:
        self._tools = {name: Checked(each) for name, each in self.agent.tools.items()}
        self._readable = "read_result" in self._tools
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="harness-tool")
        self._deps = Deps(self.agent.deps, self._pool)

    async def close(self) -> None:
        """Let go of the threads and of what `deps` made. Threads still busy are not waited for."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        await self._deps.close()

    @activity.defn(name="run_tool")
    async def run_tool(self, request: RunTool) -> ToolOutcome:
        """Run one tool call, or say what a person must decide first."""
        started = time.perf_counter()
        info = activity.info()
        call = request.call
        earlier = before(info)
        host = CallHost(
            run=info.workflow_id or "", turn=request.turn, call_id=call.id, http=self.http,
            artifacts=self.artifacts, sink=self.progress, info=info,
            loop=asyncio.get_running_loop(), left=earlier.left,
        )  # fmt: skip
        host.begin()
        try:
            outcome = await self._outcome(request, host, earlier)
        except HarnessError as error:
            if error.retryable and _tried_again(info, error):
                host.failed()
                raise _try_again(error) from error
            outcome = _failure(request.call, error)
        finally:
            host.end()
        ms = round((time.perf_counter() - started) * 1000, 2)
        return outcome.model_copy(update={"ms": ms})

    async def _outcome(self, request: RunTool, host: CallHost, earlier: Before) -> ToolOutcome:
        call = request.call
        checked = self._tools.get(call.name)
        if checked is None:
            raise unknown_tool(call.name, self._tools)
        tool = checked.tool
        arguments = checked.typed(call.arguments)
        self._check_host(tool, request)
        limit = time_limit(tool.policy.timeout_s, host.info)
        reason = None if request.approved else await self._asks(tool, arguments, limit)
        if reason is not None:
            return ToolOutcome(need="approval", reason=reason)
        if host.info.attempt > 1 and _unsure(tool) and not earlier.ended:
            return ToolOutcome(
                need="outcome",
                reason=f"An earlier attempt of {tool.name} began and never reported back: its "
                "worker died or lost touch. It may have happened.",
            )
        try:
            value = await self._execute(tool, arguments, limit, request, host)
        except TimeoutError:
            if _unsure(tool):
                return ToolOutcome(
                    need="outcome",
                    reason=f"{tool.name} was stopped after {limit:g} s. It may have happened.",
                )
            raise ToolError(
                "timeout", f"{tool.name} took longer than {limit:g} s and was stopped."
            ) from None
        if isinstance(value, Ask):
            return ToolOutcome(need="answer", reason=shorten(value.question))
        shown = await show(
            value, self.artifacts, run=host.run, effect=tool.policy.effect, readable=self._readable
        )
        return ToolOutcome(
            result=ToolResult(
                call=call.id, name=call.name, content=shown.content, artifact=shown.artifact
            )
        )

    async def _execute(
        self,
        tool: AnyTool,
        arguments: dict[str, Any],
        limit: float | None,
        request: RunTool,
        host: CallHost,
    ) -> Any:
        """What the tool returns. TimeoutError means its time is up, and nothing else."""
        cancelled = threading.Event()
        try:
            async with asyncio.timeout(limit):
                if tool.signature.context is not None:
                    context = await self._context(tool, request, host, cancelled)
                    arguments[tool.signature.context] = context
                return await self._call(tool, arguments)
        except (TimeoutError, asyncio.CancelledError):
            cancelled.set()
            raise

    async def _call(self, tool: AnyTool, arguments: dict[str, Any]) -> Any:
        try:
            return await invoke(self._pool, tool.fn, **arguments)
        except HarnessError:
            raise
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            raise ToolError("failed", f"{tool.name} cancelled itself.") from None
        except (Exception, SystemExit) as error:
            log.warning("tool %s failed", tool.name, exc_info=True)
            raise ToolError("failed", f"{tool.name} failed: {_words(error)}") from None

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
            return f"The approval rule of {tool.name} failed ({_words(error)})."
        if isinstance(verdict, str):
            return shorten(verdict, MAX_ERROR) or None
        return f"{tool.name} needs approval with these arguments." if verdict else None

    def _check_host(self, tool: AnyTool, request: RunTool) -> None:
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

    async def _context(
        self,
        tool: AnyTool,
        request: RunTool,
        host: CallHost,
        cancelled: threading.Event,
    ) -> ToolContext[Any]:
        call, info = request.call, host.info
        root = request.workspace.root if request.workspace and tool.policy.workspace else None
        sent = call.arguments if isinstance(call.arguments, dict) else {}
        origin = request.origin or info.workflow_run_id or ""
        return ToolContext(
            deps=await self._make_deps(),
            run=host.run,
            turn=request.turn,
            call_id=call.id,
            tool=tool.name,
            idempotency_key=idempotency_key(
                origin, request.turn, tool.name, sent, request.ordinal or 1
            ),
            attempt=info.attempt,
            cancelled=cancelled,
            logger=logging.LoggerAdapter(
                logging.getLogger(f"harness.tools.{tool.name}"),
                {"run": host.run, "turn": request.turn, "call": call.id},
            ),
            last_heartbeat=host.left,
            root=None if root is None else Path(root),
            host=host,
        )

    async def _make_deps(self) -> Any:
        try:
            return await self._deps.get()
        except Exception as error:
            log.warning("the deps of agent %s failed", self.agent.name, exc_info=True)
            raise ToolError(
                "failed", f"The agent's deps could not be made: {_words(error)}"
            ) from None


def _unsure(tool: AnyTool) -> bool:
    """Whether a person must say if an attempt that was cut off has happened."""
    return tool.policy.effect != "read" and tool.on_unknown == "ask"


def _words(error: BaseException) -> str:
    return _clean(f"{type(error).__name__}: {error}")


def _clean(text: str) -> str:
    """Without secrets, and short enough to be read."""
    return shorten(redact(shorten(text, 4 * MAX_ERROR)), MAX_ERROR)


def _failure(call: ToolCall, error: HarnessError) -> ToolOutcome:
    message = _clean(error.message)
    return ToolOutcome(
        result=ToolResult(call=call.id, name=call.name, content=message, error=True),
        failure=error.info.model_copy(update={"message": message}),
    )


def _tried_again(info: activity.Info, error: HarnessError) -> bool:
    policy = info.retry_policy
    if policy is None:
        return True
    if error.code in (policy.non_retryable_error_types or ()):
        return False
    return policy.maximum_attempts == 0 or info.attempt < policy.maximum_attempts


def _try_again(error: HarnessError) -> ApplicationError:
    wait = None if error.retry_after is None else timedelta(seconds=error.retry_after)
    info = error.info.model_copy(update={"message": _clean(error.message)})
    return ApplicationError(info.message, info, type=error.code, next_retry_delay=wait)
