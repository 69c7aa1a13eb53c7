"""Run one tool call: ask a person if necessary, run the tool, show the result to the model."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from temporalio import activity

from harness.agent import AnyTool, Ask
from harness.contracts.errors import HarnessError, ToolFailed
from harness.contracts.message import ToolResult
from harness.contracts.run import RunState
from harness.contracts.subagent import ChildEnd, ChildStart
from harness.contracts.tool import RunTool, ToolOutcome, find_changed_parts
from harness.store.effects import NewEffect
from harness_activities.tool_call.effects import ThreadCall, Write
from harness_activities.tool_call.failures import MAX_ERROR, describe_error, timeout_error
from harness_activities.tool_call.host import CallHost
from harness_activities.tool_call.results import shorten_text, show_result
from harness_activities.tool_call.toolbox import Toolbox, get_key, get_origin

log = logging.getLogger("harness.tools")

StartChild = Callable[[RunTool, str], Awaitable[ChildStart]]
"""Prepares the run that a call of an agent starts, from its prompt."""
CheckEnd = Callable[[ChildEnd], Awaitable[bool]]
"""Whether the run that a call started has read untrusted content."""


@dataclass(frozen=True, kw_only=True)
class ToolRun:
    box: Toolbox
    tool: AnyTool
    arguments: dict[str, Any]
    """Converted to the function's own types."""
    limit: float | None
    request: RunTool
    host: CallHost
    start_child: StartChild | None = None
    """None: its agent calls no other agents."""

    async def run_or_ask(self) -> ToolOutcome:
        if self.request.ended is not None:
            return await self._run_agent()
        pin, changed = self.tool.policy.pin, self._find_changes()
        if changed:
            return ToolOutcome(need="approval", reason=changed, pin=pin)
        reason = None if self.request.approved else await self._approval_reason()
        if reason is not None:
            return ToolOutcome(need="approval", reason=reason)
        if self.tool.agent is not None:
            return await self._run_agent()
        if self.tool.policy.effect != "read":
            return await self._make_write().run_once(self._run_tool)
        try:
            return await self._run_tool()
        except TimeoutError:
            raise timeout_error(self.tool, self.limit) from None

    async def _run_agent(self) -> ToolOutcome:
        """Prepare the run of the tool's agent, or show how it ended."""
        ended, subagent = self.request.ended, self.tool.policy.subagent
        if ended is None:
            assert self.start_child is not None and subagent is not None
            [words] = self.arguments.values()
            child = await self.start_child(self.request, words)
            if not subagent.handover or self.request.handed is not None:
                return ToolOutcome(child=child)
            # Nothing stands against it: the call is made again once the conversation is saved.
            shown = await self._show_value(f"{subagent.agent} continues the conversation.")
            return shown.model_copy(update={"handover": True})
        if ended.state != RunState.COMPLETED:
            why = ended.error.message if ended.error else ended.output
            raise ToolFailed(f"{self.tool.name} {ended.state}: {why} (run {ended.run})")
        outcome = await self._show_value(ended.output if ended.data is None else ended.data)
        if ended.truncated and outcome.result is not None:
            cut = f"{outcome.result.content}\n[cut off at the model's output limit]"
            result = outcome.result.model_copy(update={"content": cut})
            return outcome.model_copy(update={"result": result})
        return outcome

    def _find_changes(self) -> str | None:
        """Say how the tool differs from what the run pinned. An approval from before the difference
        does not count."""
        name, happened = self.tool.name, self.request.happened
        changed = find_changed_parts(self.request.pin, self.tool.policy.pin)
        if not changed or happened is not None:
            return None
        return (
            f"The declaration of {name} has changed since this run began: "
            f"{' and '.join(changed)}. The model knows the earlier one. Approve to call it."
        )

    async def _approval_reason(self) -> str | None:
        """Return why a person must allow the call; None if no approval is needed."""
        tool, rule = self.tool, self.tool.approval
        if rule == "never":
            return None
        if rule == "always":
            return f"{tool.name} runs only with approval."
        try:
            async with asyncio.timeout(self.limit):
                verdict: bool | str = await self.box.invoke(rule, dict(self.arguments))
        except Exception as error:
            # A rule that fails must not let the call through.
            log.warning("the approval rule of %s failed", tool.name, exc_info=True)
            return f"The approval rule of {tool.name} failed ({describe_error(error)})."
        if isinstance(verdict, str):
            return shorten_text(verdict, MAX_ERROR) or None
        return f"{tool.name} needs approval with these arguments." if verdict else None

    def _make_write(self) -> Write:
        request, call, host = self.request, self.request.call, self.host
        host.ledger = self.box.ledger
        origin = get_origin(request, host)
        new = NewEffect(
            key=get_key(request, host), origin=origin, run=host.run, agent=self.box.agent.name,
            turn=request.turn, call=call.id, tool=self.tool.name, effect=self.tool.policy.effect,
            arguments=call.arguments if isinstance(call.arguments, dict) else {},
            workspace=request.workspace if self.tool.policy.workspace else None,
        )  # fmt: skip
        return Write(
            ledger=self.box.ledger, tool=self.tool, new=new, request=request,
            arguments=self.arguments, host=host, limit=self.limit,
            context=lambda: self.box.make_context(self.tool, request, host),
            invoke=self.box.invoke, show=self._show_value, later=self.box.run_later,
        )  # fmt: skip

    async def _run_tool(
        self, prepared: Any = None, thread: ThreadCall | None = None
    ) -> ToolOutcome:
        value = await self._call_with_limit(prepared, thread)
        if isinstance(value, Ask):
            return ToolOutcome(need="answer", reason=shorten_text(value.question))
        return await self._show_value(value)

    async def _call_with_limit(self, prepared: Any, thread: ThreadCall | None) -> Any:
        """What the tool returns. TimeoutError means its time is up, and nothing else."""
        cancelled = threading.Event()
        fn = thread.watch_function(self.tool.fn) if thread else self.tool.fn
        arguments = self.arguments
        try:
            async with asyncio.timeout(self.limit) as clock:
                if self.tool.signature.context is not None:
                    context = await self.box.make_context(
                        self.tool, self.request, self.host, cancelled, prepared=prepared
                    )
                    arguments = {**arguments, self.tool.signature.context: context}
                return await self._call_function(fn, arguments, clock)
        except (TimeoutError, asyncio.CancelledError):
            cancelled.set()
            raise

    async def _call_function(
        self, fn: Callable[..., Any], arguments: dict[str, Any], clock: asyncio.Timeout
    ) -> Any:
        name = self.tool.name
        try:
            return await self.box.invoke(fn, **arguments)
        except HarnessError:
            raise
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            raise ToolFailed(f"{name} cancelled itself.") from None
        except (Exception, SystemExit) as error:
            if activity.is_cancelled() or clock.expired():
                # Interrupted: as with a cancellation, whether it happened is unknown.
                raise asyncio.CancelledError from error
            log.warning("tool %s failed", name, exc_info=True)
            raise ToolFailed(f"{name} failed: {describe_error(error)}") from None

    async def _show_value(self, value: Any) -> ToolOutcome:
        call = self.request.call
        shown = await show_result(
            value, self.box.artifacts, run=self.host.run, effect=self.tool.policy.effect,
            readable="read_result" in self.box.tools,
        )  # fmt: skip
        result = ToolResult(
            call=call.id, name=call.name, content=shown.content, artifact=shown.artifact
        )
        return ToolOutcome(result=result)
