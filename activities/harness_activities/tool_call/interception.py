"""Pass a tool call through the interceptors of capabilities."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from harness.agent import AnyTool
from harness.contracts.tool import RunTool, ToolOutcome
from harness.interceptors import ToolInterceptor, ToolUse, pass_through
from harness_activities.guard import Guard


@dataclass(frozen=True)
class Interception:
    """What stands around each tool call of a worker."""

    guard: Guard
    interceptors: Sequence[ToolInterceptor]

    async def run_call(
        self,
        tool: AnyTool,
        request: RunTool,
        run: Callable[[RunTool], Awaitable[ToolOutcome]],
    ) -> ToolOutcome:
        """Return the outcome of `run` for the request, or for what interceptors made of it."""
        if not self.interceptors:
            return await run(request)

        async def carry_out(use: ToolUse) -> ToolOutcome:
            return await run(use.request)

        caller = await self.guard.find_caller(request)
        use = ToolUse(caller=caller, policy=tool.policy, request=request)
        entries = [each.call_tool for each in self.interceptors]
        return await pass_through(entries, use, carry_out)
