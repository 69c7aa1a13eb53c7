"""The `run_tool` activity: check a call, ask a person if necessary, run it, return the outcome."""

from __future__ import annotations

import time
from functools import partial
from typing import Any

from temporalio import activity

from harness.agent import AnyTool
from harness.commons.children import caller
from harness.contracts.errors import REFUSALS, HarnessError, StoreError, ToolError
from harness.contracts.tool import RunTool, ToolOutcome
from harness_activities.parts import Activity, AgentParts
from harness_activities.subagents import has_read_untrusted, start_child
from harness_activities.tool_call.arguments import CALL_AGAIN
from harness_activities.tool_call.call import CheckEnd, StartChild, ToolRun
from harness_activities.tool_call.effects import count_allowed_attempts
from harness_activities.tool_call.failures import (
    clean_message,
    is_retried,
    make_failed_outcome,
    retry_error,
)
from harness_activities.tool_call.host import CallHost, get_time_limit
from harness_activities.tool_call.interception import Interception
from harness_activities.tool_call.playback import Records, play_back
from harness_activities.tool_call.toolbox import Toolbox


def make_activities(parts: AgentParts) -> list[Activity]:
    """The tool activities, for the queue of an agent and of its workspaces' host."""
    process = parts.process
    start = partial(start_child, process)
    check = partial(has_read_untrusted, process.transcripts)
    activities = ToolActivities(parts.box, process.interception, start, check)
    return [activities.run_tool, activities.check_edit]


class ToolActivities:
    """Runs the tools of one agent, in one worker."""

    def __init__(
        self,
        box: Toolbox,
        interception: Interception | None = None,
        start: StartChild | None = None,
        check_end: CheckEnd | None = None,
    ) -> None:
        self._box = box
        self._check_end = check_end
        self._start_child = start
        self._interception = interception
        self._records = Records(box.artifacts)

    @activity.defn(name="run_tool")
    async def run_tool(self, request: RunTool) -> ToolOutcome:
        """Run one tool call, or return what a person must decide first."""
        started = time.perf_counter()
        host = self._box.make_host(request)
        host.start_heartbeats()
        try:
            outcome = await self._run_or_play(request, host)
        except REFUSALS:
            raise
        except HarnessError as error:
            if error.retryable and is_retried(host.info, error, self._count_attempts(request)):
                raise retry_error(error) from error
            outcome = self._ask_outcome(request, host, error) or make_failed_outcome(
                request.call, error
            )
        finally:
            host.stop_heartbeats()
        ms = round((time.perf_counter() - started) * 1000, 2)
        outcome = await self._mark_untrusted(request, outcome)
        return outcome.model_copy(update={"ms": ms})

    @activity.defn(name="check_edit")
    async def check_edit(self, request: RunTool) -> ToolOutcome:
        """Check whether a person's edit fits the tool; returns a failure that explains why not."""
        caller.set(activity.info().workflow_id or "")
        try:
            tool, arguments = await self._box.read_call(request)
            if self._interception is not None:
                agent = self._box.agent
                await self._interception.check_edit(agent, tool, request, arguments)
        except ToolError as error:
            message = clean_message(error.message.removesuffix(CALL_AGAIN))
            return ToolOutcome(failure=error.info.model_copy(update={"message": message}))
        return ToolOutcome()

    async def _run_or_play(self, request: RunTool, host: CallHost) -> ToolOutcome:
        """Return the outcome; in a what-if, from a record."""
        if request.playback is None:
            return await self._run_call(request, host)
        return await play_back(
            request.playback,
            request,
            self._records,
            check=lambda: self._box.read_call(request),
            run=lambda: self._run_call(request, host),
        )

    async def _mark_untrusted(self, request: RunTool, outcome: ToolOutcome) -> ToolOutcome:
        """Mark the result of a tool whose content comes from outside, or of an agent that has read
        such content. Errors too: they may quote it."""
        checked, result = self._box.tools.get(request.call.name), outcome.result
        if result is None or checked is None:
            return outcome
        if not checked.tool.policy.untrusted and not await self._is_untrusted_end(request):
            return outcome
        marked = result.model_copy(update={"untrusted": True})
        return outcome.model_copy(update={"result": marked})

    async def _is_untrusted_end(self, request: RunTool) -> bool:
        """Whether it is the end of a child that has read untrusted content."""
        if request.ended is None:
            return False
        return self._check_end is None or await self._check_end(request.ended)

    async def _run_call(self, request: RunTool, host: CallHost) -> ToolOutcome:
        tool, arguments = await self._box.read_call(request)
        await self._box.check_place(tool, request)

        async def run(passed: RunTool) -> ToolOutcome:
            given = arguments
            if passed is not request:
                _, given = await self._box.read_call(passed)
            return await self._run_checked(passed, host, tool, given)

        if self._interception is None:
            return await run(request)
        agent = self._box.agent
        return await self._interception.run_call(agent, tool, request, arguments, run)

    async def _run_checked(
        self, request: RunTool, host: CallHost, tool: AnyTool, arguments: dict[str, Any]
    ) -> ToolOutcome:
        policy = tool.policy
        limit = get_time_limit(policy.timeout_s, host.info, pooled=policy.pool is not None)
        call = ToolRun(
            box=self._box, tool=tool, arguments=arguments, limit=limit, request=request, host=host,
            start_child=self._start_child,
        )  # fmt: skip
        return await call.run_or_ask()

    def _ask_outcome(
        self, request: RunTool, host: CallHost, error: HarnessError
    ) -> ToolOutcome | None:
        """Ask a person if the ledger stays unavailable: only it knows whether an attempt acted."""
        acted = host.info.attempt > 1 and request.playback is None
        if not acted or not isinstance(error, StoreError) or self._count_attempts(request) is None:
            return None
        why = f"{clean_message(error.message)} It may have happened. Approve to check again."
        return ToolOutcome(need="outcome", reason=why)

    def _count_attempts(self, request: RunTool) -> int | None:
        """Return how often the tool may fail; None if Temporal counts its attempts."""
        checked = self._box.tools.get(request.call.name)
        return (
            count_allowed_attempts(checked.tool) if checked and checked.tool.policy.acts else None
        )
