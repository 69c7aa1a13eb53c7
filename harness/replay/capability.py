"""The record of replay."""

from harness.contracts.capability import Capability

REPLAY = Capability(
    name="replay",
    summary="Run today's code over recorded runs and compare every step.",
    page="how-to/replay.md",
    commands="harness.cli.replay.table:REPLAY_COMMANDS",
    routes="harness.replay.routes:ROUTES",
)
