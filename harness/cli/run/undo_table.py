"""The commands for what a run did to the world."""

from __future__ import annotations

from harness.cli.spec import JSON, RUN, Command, arg, flag

UNDO_COMMANDS: tuple[Command, ...] = (
    Command(
        "effects",
        "Show what a run did to the world, and what has been undone.",
        "harness.cli.history.effects:effects",
        (RUN, JSON),
        "Read from the ledger: also for runs that the engine has forgotten.",
        (("harness effects clerk-h8vvmdnvrp", ""),),
        group="Inspect",
    ),
    Command(
        "undo",
        "Take back what a run did to the world, the newest first.",
        "harness.cli.run.undo:undo",
        (
            RUN,
            arg("--to", metavar="TURN", type=int, help="Only what came after this turn."),
            flag("--dry-run", help="Show what would be undone."),
            arg(
                "--past",
                metavar="CALL",
                nargs="+",
                default=[],
                help="Leave the effects of these calls as they are.",
            ),
            arg(
                "--agent",
                metavar="FILE:NAME",
                help="Serve this agent meanwhile, instead of a worker.",
            ),
            JSON,
        ),
        "Stops where an effect cannot be undone or something has changed since, with exit code 1.\n"
        "What has been undone is not undone again.",
        (
            ("harness undo clerk-h8vvmdnvrp --dry-run", "what would be undone"),
            ("harness undo clerk-h8vvmdnvrp --to 3", "back to how things were after turn 3"),
            ("harness undo clerk-h8vvmdnvrp --past call_2", "all but that"),
        ),
        group="Steer",
    ),
)
