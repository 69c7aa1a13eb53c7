"""An agent as a tool of other agents."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from harness.agent.schema import tool_error
from harness.agent.tool import Approval, Tool, tool
from harness.contracts.errors import ToolFailed
from harness.contracts.run import Budget
from harness.contracts.subagent import Subagent
from harness.contracts.tool import Effect

if TYPE_CHECKING:
    from harness.agent.agent import Agent

AgentTool = Tool[[str], Awaitable[str], object]


def make_agent_tool(
    agent: Agent[Any, Any],
    *,
    name: str | None,
    description: str,
    budget: Budget | None,
    parallel: bool,
    approval: Approval,
) -> AgentTool:
    """Make the tool; InvalidAgent if an option does not fit."""
    called = agent.name.replace(".", "_") if name is None else name
    if not description.strip():
        raise tool_error(called, "its description is empty", "Say what the agent does.")

    async def ask(
        prompt: Annotated[str, Field(min_length=1, description="What it is to do, in full.")],
    ) -> str:
        """Run the agent."""
        raise ToolFailed(f"{called} runs an agent: only a run can ask it {prompt!r:.80}.")

    made = tool(name=called, effect=_find_effect(agent), approval=approval)(ask)
    subagent = Subagent(agent=agent.name, budget=budget, parallel=True if parallel else None)
    return replace(
        made,
        spec=made.spec.model_copy(update={"description": description.strip()}),
        policy=made.policy.model_copy(update={"subagent": subagent}),
        agent=agent,
    )


def _find_effect(agent: Agent[Any, Any]) -> Effect:
    """What its runs may change. The tools of MCP servers are not known yet."""
    reads = all(each.policy.effect == "read" for each in agent.tools.values())
    return "read" if reads and not agent.servers else "write"


def with_subagents(*agents: Agent[Any, Any]) -> list[Agent[Any, Any]]:
    """List agents and those that they call as tools, each once and after those that it calls."""
    found: dict[str, Agent[Any, Any]] = {}
    for agent in agents:
        below = [each.agent for each in agent.tools.values() if each.agent is not None]
        for each in (*with_subagents(*below), agent):
            found.setdefault(each.name, each)
    return list(found.values())
