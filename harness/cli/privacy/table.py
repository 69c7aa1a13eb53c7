"""The commands for deleting, for keys, and for what a project may do."""

from __future__ import annotations

from harness.cli.spec import JSON, RUN, Command, arg, flag

FORGET_COMMANDS: tuple[Command, ...] = (
    Command(
        "forget",
        "Make the content of a run permanently unreadable.",
        "harness.cli.privacy.forget:forget_run",
        (RUN, flag("--yes", "-y", help="Do not ask."), JSON),
        "Includes its forks and the other runs of its session, which contain the same content.\n"
        "With encryption.key set, their key is destroyed, so no copy can be read again, not even\n"
        "in backups. Without it, the local copies are deleted. The seals stay and record this.",
        (("harness forget clerk-h8vvmdnvrp", "lists the runs, and asks"),),
        group="Keep and delete",
    ),
)

SETUP_COMMANDS: tuple[Command, ...] = (
    Command(
        "trust",
        "Review and trust this project's harness.toml and state folder.",
        "harness.cli.privacy.trust:review_trust",
        (
            flag("--list", help="List what is trusted."),
            flag("--remove", help="Stop trusting this project. Its stack must be stopped."),
            flag("--yes", "-y", help="Do not ask."),
            JSON,
        ),
        "A harness.toml that you have not trusted may set only harmless values, such as the\n"
        "model. Trust covers its exact content: a changed file must be trusted again. What is\n"
        "trusted is recorded in ~/.config/harness/trusted.json.",
        (
            ("harness trust", "shows what they may do, and asks"),
            ("harness trust --yes", "in scripts"),
            ("harness trust --remove", ""),
        ),
        group="Set up",
    ),
    Command(
        "keys",
        "Create, show and rotate the keys that encrypt runs.",
        "harness.cli.privacy.keys:run_keys",
        (
            arg(
                "what",
                metavar="new|status|rotate",
                nargs="?",
                choices=("new", "status", "rotate"),
                default="status",
                help="Default: status.",
            ),
            JSON,
        ),
        "encryption.key wraps a key for each family of runs. To change it, move the old one to\n"
        "encryption.old_keys, set a new one, and rotate. Stored data does not change.",
        (
            ("harness keys new", "a key for HARNESS_ENCRYPTION__KEY"),
            ("harness keys rotate", "after that the old key decrypts nothing"),
        ),
        group="Set up",
    ),
)
