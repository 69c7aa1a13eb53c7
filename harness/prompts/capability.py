"""The record of prompt templates."""

from harness.contracts.capability import Capability

PROMPTS = Capability(
    name="prompts",
    summary="Keep prompt templates: named, versioned, with typed variables, pinned in each run.",
    page="how-to/prompts.md",
    essential=True,
    commands="harness.cli.prompts.table:PROMPTS_COMMANDS",
    routes="harness.prompts.routes:ROUTES",
    migrations="harness.prompts.migrations",
)
