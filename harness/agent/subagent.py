"""An agent as a tool of other agents."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from harness.agent.schema import tool_error
from harness.agent.tool import Approval, Tool, tool
from harness.contracts.errors import InvalidAgent, ToolFailed
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


def make_handover_tool(
    agent: Agent[Any, Any],
    *,
    name: str | None,
    description: str,
    budget: Budget | None,
    approval: Approval,
) -> AgentTool:
    """Make the tool that hands the conversation over; InvalidAgent if an option does not fit."""
    called = f"hand_over_to_{agent.name.replace('.', '_')}" if name is None else name
    if not description.strip():
        raise tool_error(called, "its description is empty", "Say what the agent is for.")

    async def hand_over(
        reason: Annotated[
            str, Field(min_length=1, description="Why, and what is to be done next, in short.")
        ],
    ) -> str:
        """Hand over."""
        raise ToolFailed(
            f"{called} hands a conversation over: only a run has one ({reason!r:.80})."
        )

    made = tool(name=called, effect=_find_effect(agent), approval=approval)(hand_over)
    subagent = Subagent(agent=agent.name, budget=budget, handover=True)
    return replace(
        made,
        spec=made.spec.model_copy(update={"description": description.strip()}),
        policy=made.policy.model_copy(update={"subagent": subagent}),
        agent=agent,
    )


def check_handovers(agent: Agent[Any, Any]) -> None:
    """Refuse an agent that hands over to one with another output type: its runs promise theirs."""
    own = agent.output_type and agent.output_type.schema
    for each in agent.tools.values():
        subagent, other = each.policy.subagent, each.agent
        if other is None or subagent is None or not subagent.handover:
            continue
        if (other.output_type and other.output_type.schema) != own:
            raise InvalidAgent(
                f"Agent {agent.name} hands over to {other.name}, which has another output type.",
                fix="Give both the same output type, or call it with as_tool.",
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
