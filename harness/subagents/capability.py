"""The record of subagents."""

from harness.contracts.capability import Capability

SUBAGENTS = Capability(
    name="subagents",
    summary="Let an agent call other agents as tools.",
    page="how-to/subagents.md",
    essential=True,
    agent_activities=("harness_activities.subagents:make_activities",),
)
