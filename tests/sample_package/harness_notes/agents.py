"""What notes add to the workers of agents: list an agent's tools."""

from collections.abc import Callable
from typing import Any

from temporalio import activity

from harness.extensions import AgentParts


def make_activities(parts: AgentParts) -> list[Callable[..., Any]]:
    """The activities beside those of an agent's runs."""

    @activity.defn
    async def list_agent_tools() -> list[str]:
        return sorted(parts.agent.policies())

    return [list_agent_tools]
