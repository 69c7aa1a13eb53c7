"""The command that forgets a run."""

from __future__ import annotations

from harness.cli.spec import JSON, RUN, Command, flag

FORGET_COMMANDS: tuple[Command, ...] = (
    Command(
        "forget",
        "Make the content of a run permanently unreadable.",
        "harness.cli.forget.forget:forget_run",
        (RUN, flag("--yes", "-y", help="Do not ask."), JSON),
        "Includes its forks and the other runs of its session, which contain the same content.\n"
        "With encryption.key set, their key is destroyed, so no copy can be read again, not even\n"
        "in backups. Without it, the local copies are deleted. The seals stay and record this.",
        (("harness forget clerk-h8vvmdnvrp", "lists the runs, and asks"),),
        group="Keep and delete",
        works="anywhere",
    ),
)
