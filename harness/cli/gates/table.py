"""The table of the command `gates`."""

from __future__ import annotations

from harness.cli.spec import JSON, Command, action, arg

ACTIONS = ("list", "explain", "test")

GATES_COMMANDS: tuple[Command, ...] = (
    Command(
        "gates",
        "Show the gates around calls, and what they decide about a run.",
        "harness.cli.gates.gates:run_gates",
        (
            action(*ACTIONS),
            arg("run", metavar="RUN", nargs="?", help="explain, test: the run's id."),
            arg(
                "--profile",
                choices=("standard", "strict"),
                help="test: the profile to try (default: standard).",
            ),
            JSON,
        ),
        "  list         the gates of all agents, and the profile\n"
        "  explain RUN  what gates decided in a run, and where arguments came from\n"
        "  test RUN     what a profile would decide about its calls; nothing is called",
        (
            ("harness gates", ""),
            ("harness gates explain run-1", ""),
            ("harness gates test run-1 --profile strict", ""),
        ),
        group="Steer",
        works="anywhere",
    ),
)
