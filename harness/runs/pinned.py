"""The agent that a run pinned at its start, whole: a page makes forms from its tools' schemas."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from harness.contracts.errors.run import not_a_run
from harness.contracts.model import AgentSpec
from harness.contracts.run import Budget, RunSpec
from harness.contracts.tool import ToolPolicy, ToolSpec
from harness.engine.connection import Connection
from harness.history import reader


class PinnedTool(BaseModel):
    """A tool as the run pinned it."""

    name: str
    description: str
    """What the model reads."""
    parameters: dict[str, Any]
    """JSON schema of the arguments. The edit of a call must fit it."""
    policy: ToolPolicy | None = None
    """How the run calls it: its effect, and whether a person may be asked."""


class PinnedAgent(BaseModel):
    """The agent of a run, as it was when the run started."""

    name: str
    spec: str
    """Its hash: runs with the same one had the same agent."""
    models: list[str]
    """In the order in which they are tried."""
    instructions: str | None = None
    """Absent if a function writes them for each run: the run's first model call has them."""
    tools: list[PinnedTool]
    output: dict[str, Any] | None = None
    """JSON schema of the typed result."""
    budget: Budget
    """The limits of the run when it started."""

    @classmethod
    def of(cls, run: RunSpec, agent: AgentSpec) -> PinnedAgent:
        """The view of an agent in a run."""
        plan = [each.model for each in agent.plan.candidates]
        return cls(
            name=agent.name,
            spec=run.spec,
            models=[run.model] if run.override else plan,
            instructions=None if agent.dynamic else agent.instructions,
            tools=[_view_tool(each, run.tools.get(each.name)) for each in agent.tools],
            output=agent.output,
            budget=run.budget,
        )


async def read_pinned_agent(connection: Connection, run: str) -> PinnedAgent:
    """Read the agent that a run pinned, wherever the run is."""
    spec = await reader.read_spec(connection, run)
    if spec is None:
        raise not_a_run(run)
    return PinnedAgent.of(spec, await connection.stores.specs.get(spec.spec))


def _view_tool(tool: ToolSpec, policy: ToolPolicy | None) -> PinnedTool:
    return PinnedTool(**tool.model_dump(), policy=policy)
