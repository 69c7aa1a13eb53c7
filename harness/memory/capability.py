"""The record of memory."""

from harness.contracts.capability import Capability

MEMORY = Capability(
    name="memory",
    summary="Remember facts across runs: with their origin, per owner, found by meaning and words.",
    page="how-to/memory.md",
    requires=("access", "api"),
    settings="harness.memory.settings:MemorySettings",
    migrations="harness.memory.migrations",
)
