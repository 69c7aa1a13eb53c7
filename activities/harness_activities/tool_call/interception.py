"""Pass a tool call through the interceptors of capabilities."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.agent import Agent, AnyTool
from harness.contracts.tool import RunTool, ToolOutcome
from harness.interceptors import EditChecker, ToolInterceptor, ToolUse, pass_through
from harness_activities.guard import Guard


@dataclass(frozen=True)
class Interception:
    """What stands around each tool call of a worker."""

    guard: Guard
    interceptors: Sequence[ToolInterceptor]

    async def run_call(
        self,
        agent: Agent[Any, Any],
        tool: AnyTool,
        request: RunTool,
        given: Mapping[str, Any],
        run: Callable[[RunTool], Awaitable[ToolOutcome]],
    ) -> ToolOutcome:
        """Return the outcome of `run` for the request, or for what interceptors made of it."""
        if not self.interceptors:
            return await run(request)

        async def carry_out(use: ToolUse) -> ToolOutcome:
            return await run(use.request)

        use = await self._describe_use(agent, tool, request, given)
        entries = [each.call_tool for each in self.interceptors]
        return await pass_through(entries, use, carry_out)

    async def check_edit(
        self, agent: Agent[Any, Any], tool: AnyTool, request: RunTool, given: Mapping[str, Any]
    ) -> None:
        """Raise ToolError if an interceptor refuses the call as a person edited it."""
        checkers = [each for each in self.interceptors if isinstance(each, EditChecker)]
        if checkers:
            use = await self._describe_use(agent, tool, request, given)
            for each in checkers:
                await each.check_edit(use)

    async def _describe_use(
        self, agent: Agent[Any, Any], tool: AnyTool, request: RunTool, given: Mapping[str, Any]
    ) -> ToolUse:
        caller = await self.guard.find_caller(request)
        return ToolUse(
            caller=caller, policy=tool.policy, request=request, given=given, gates=agent.gates
        )
