"""The commands for the effects of a run."""

from __future__ import annotations

from harness.cli.spec import JSON, RUN, Command, arg, flag

UNDO_COMMANDS: tuple[Command, ...] = (
    Command(
        "effects",
        "Show the effects of a run, and which ones have been undone.",
        "harness.cli.undo.effects:show_effects",
        (RUN, JSON),
        "Reads the effect ledger, even for runs that Temporal no longer keeps.",
        (("harness effects clerk-h8vvmdnvrp", ""),),
        group="Inspect",
        works="anywhere",
    ),
    Command(
        "undo",
        "Undo the effects of a run, newest first.",
        "harness.cli.undo.undo:undo_run",
        (
            RUN,
            arg("--to", metavar="TURN", type=int, help="Only effects after this turn."),
            flag(
                "--dry-run",
                help="Show what would be undone, what cannot be, and what has changed since.",
            ),
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
                help="Serve this agent from this process while undoing.",
            ),
            JSON,
        ),
        "Stops where an effect cannot be undone or something has changed since, with exit code 1.\n"
        "Effects that are already undone are skipped.\n"
        "A dry run changes nothing. Without a worker, it reports that nothing could be checked.",
        (
            ("harness undo clerk-h8vvmdnvrp --dry-run", "what would be undone"),
            ("harness undo clerk-h8vvmdnvrp --to 3", "back to how things were after turn 3"),
            ("harness undo clerk-h8vvmdnvrp --past call_2", "everything except call_2"),
        ),
        group="Steer",
        works="anywhere",
    ),
)
