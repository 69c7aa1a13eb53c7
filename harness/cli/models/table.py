"""The command that lists models."""

from __future__ import annotations

from harness.cli.spec import JSON, Command, arg

MODELS_COMMANDS: tuple[Command, ...] = (
    Command(
        "models",
        "List known models.",
        "harness.cli.models.models:print_models",
        (
            arg(
                "provider",
                metavar="PROVIDER|explain",
                nargs="?",
                help="Only this provider's; or explain a plan.",
            ),
            arg(
                "plan",
                metavar="AGENT|MODEL",
                nargs="*",
                help="With explain: agent.py:agent, or models in their order.",
            ),
            arg(
                "--run",
                metavar="RUN",
                help="With explain: which models this run called, and why others were skipped.",
            ),
            arg("--test", metavar="MODEL", help="Instead: call this model once, minimally."),
            JSON,
        ),
        "Other models work too, as provider/model. `--test` shows whether the settings and the\n"
        "key work: it makes one call of up to 16 tokens, and exits with 1 if that fails. With a\n"
        "daemon, the daemon makes it. `explain` says for each model of a plan whether it meets\n"
        "the plan's requirements and could be called from here, and which is called first.",
        (
            ("harness models --test openai/gpt-5", "to check a key"),
            ("harness models explain agent.py:agent", "to see which model it would call"),
        ),
        group="Set up",
        works="anywhere",
    ),
)
