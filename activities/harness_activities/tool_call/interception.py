"""Pass a tool call through the interceptors of capabilities."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from harness.agent import Agent, AnyTool
from harness.contracts.tool import RunTool, ToolOutcome
from harness.interceptors import ToolInterceptor, ToolUse, call_tool
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
        run: Callable[[RunTool], Awaitable[ToolOutcome]],
    ) -> ToolOutcome:
        """Return the outcome of `run` for the request, or for what interceptors made of it."""
        if not self.interceptors:
            return await run(request)

        async def carry_out(use: ToolUse) -> ToolOutcome:
            return await run(use.request)

        caller = await self.guard.find_caller(request)
        use = ToolUse(caller=caller, policy=tool.policy, request=request, gates=agent.gates)
        return await call_tool(self.interceptors, use, carry_out)
