"""The command that lists models."""

from __future__ import annotations

from harness.cli.spec import JSON, Command, arg

MODELS_COMMANDS: tuple[Command, ...] = (
    Command(
        "models",
        "List known models.",
        "harness.cli.models.models:print_models",
        (
            arg("provider", metavar="PROVIDER", nargs="?", help="Only this provider's."),
            arg("--test", metavar="MODEL", help="Instead: call this model once, minimally."),
            JSON,
        ),
        "Other models work too, as provider/model. `--test` shows whether the settings and the\n"
        "key work: it makes one call of up to 16 tokens, and exits with 1 if that fails. With a\n"
        "daemon, the daemon makes it.",
        (("harness models --test openai/gpt-5", "to check a key"),),
        group="Set up",
        works="anywhere",
    ),
)
