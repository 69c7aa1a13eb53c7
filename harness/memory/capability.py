"""The record of memory."""

from harness.contracts.capability import Capability

MEMORY = Capability(
    name="memory",
    summary="Remember facts across runs: with their origin, per owner, found by meaning and words.",
    page="how-to/memory.md",
    essential=True,
    commands="harness.cli.memory.table:MEMORY_COMMANDS",
    routes="harness.memory.routes:ROUTES",
    settings="harness.memory.settings:MemorySettings",
    migrations="harness.memory.migrations",
    agent_activities=("harness_activities.memory.run_memory:make_activities",),
)
