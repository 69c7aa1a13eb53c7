"""The command of replay."""

from __future__ import annotations

from harness.cli.spec import JSON, QUERY, Command, arg

REPLAY_COMMANDS: tuple[Command, ...] = (
    Command(
        "replay",
        "Replay recorded runs on the current code and compare every step.",
        "harness.cli.replay.replay:replay_runs",
        (
            arg("runs", metavar="RUN|FILE", nargs="*", help="Runs, or exported files."),
            QUERY._replace(
                help="Runs that match this Temporal query, such as \"HarnessAgent = 'sales'\"."
            ),
            arg("--since", metavar="TIME", help="Runs that started since then, such as 7d or 12h."),
            JSON,
        ),
        "Calls no model or tool, and changes nothing. Shows both sides of the first step that\n"
        "differs, with its arguments, and exits with 1. Runs of a daemon are downloaded, and\n"
        "replayed on the code here.",
        (
            ("harness replay --since 7d", "before deploying a new version"),
            ("harness replay tests/histories/*.json", "in CI"),
        ),
        group="Replay and fork",
        works="anywhere",
    ),
)
