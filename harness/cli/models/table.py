"""The command that lists models."""

from __future__ import annotations

from harness.cli.spec import JSON, Command, arg

MODELS_COMMANDS: tuple[Command, ...] = (
    Command(
        "models",
        "List known models.",
        "harness.cli.models.models:print_models",
        (arg("provider", metavar="PROVIDER", nargs="?", help="Only this provider's."), JSON),
        "Other models work too, as provider/model.",
        group="Set up",
        works="anywhere",
    ),
)
