"""The commands for deleting, for keys, and for what a project may do."""

from __future__ import annotations

from harness.cli.spec import JSON, RUN, Command, arg, flag

FORGET_COMMANDS: tuple[Command, ...] = (
    Command(
        "forget",
        "Make what a run said unreadable, everywhere and for good.",
        "harness.cli.privacy.forget:forget",
        (RUN, flag("--yes", "-y", help="Do not ask."), JSON),
        "With it go its forks and the other runs of its session, which hold its words too. With\n"
        "encryption.key set their key is destroyed, so no copy can be read again, backups\n"
        "included; without it, what lies here is deleted. Their seals stay, and say so.",
        (("harness forget clerk-h8vvmdnvrp", "shows what is forgotten with it, and asks"),),
        group="Keep and delete",
    ),
)

SETUP_COMMANDS: tuple[Command, ...] = (
    Command(
        "trust",
        "Allow what this project's harness.toml and state folder may do.",
        "harness.cli.privacy.trust:trust",
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
            ("harness trust", "shows what would be allowed, and asks"),
            ("harness trust --yes", "in scripts"),
            ("harness trust --remove", ""),
        ),
        group="Set up",
    ),
    Command(
        "keys",
        "Make, show and change the keys that encrypt runs.",
        "harness.cli.privacy.keys:keys",
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
        "encryption.old_keys, set a new one, and rotate: what is stored stays as it is.",
        (
            ("harness keys new", "a key for HARNESS_ENCRYPTION__KEY"),
            ("harness keys rotate", "afterwards the old key opens nothing"),
        ),
        group="Set up",
    ),
)
