"""The commands `eval` and `evals`."""

from __future__ import annotations

from harness.cli.spec import FORCE, JSON, Command, action, arg, flag

REPORTS = (
    arg("--baseline", metavar="ID", help="Compare with this evaluation, or with the `last` one."),
    arg("--junit", metavar="FILE", help="Write the results as JUnit XML."),
    arg("--html", metavar="FILE", help="Write the report as a self-contained web page."),
    arg("--inspect", metavar="FILE", help="Write a log for inspect_ai's viewer (.json)."),
    FORCE,
)
"""What is made of an evaluation."""

EVALS_COMMANDS: tuple[Command, ...] = (
    Command(
        "eval",
        "Run agents over a data set, check the answers and compare.",
        "harness.cli.evals.run:run_eval",
        (
            arg("file", metavar="FILE", nargs="?", help="The evaluation: a TOML file."),
            arg("--resume", metavar="ID", help="Go on with this evaluation."),
            arg("--model", metavar="PROVIDER/MODEL", action="append", default=[],
                help="Use this model instead of those of FILE. Repeat it for more."),
            arg("--repeats", metavar="N", type=int, help="Runs of each case."),
            arg("--limit", metavar="N", type=int, help="At most N cases."),
            arg("--threshold", metavar="RATE", type=float, help="Lowest pass rate, such as 0.9."),
            arg("--on-runs", metavar="QUERY",
                help="Replay ended runs that match this Temporal query; no tool runs."),
            arg("--gate", choices=("shadow", "enforce"), default="enforce",
                help="shadow: report a regression, but exit with 0 (default: enforce)."),
            *REPORTS,
            flag("--detach", help="Start it, print its id and exit; workers run it."),
            JSON,
        ),
        "Each case is an ordinary run; a run has the same id after a crash, so it is not paid for\n"
        "twice. Ctrl-C detaches; --resume goes on, with FILE to serve its agents here. Exits with\n"
        "1 on a significant regression, below the threshold, or if runs have no result.",
        (
            ("harness eval examples/evaluate.toml", ""),
            ("harness eval FILE --baseline last --junit results.xml", "in continuous integration"),
            (
                "harness eval FILE --on-runs \"HarnessAgent = 'sales'\" --gate shadow",
                "this version of an agent on past runs",
            ),
            ("harness eval FILE --resume eval-k7m2p9qrst", ""),
        ),
        group="Replay and fork",
    ),
    Command(
        "evals",
        "List, show and stop evaluations.",
        "harness.cli.evals.evals:run_evals",
        (
            action("list", "show", "stop"),
            arg("id", metavar="ID", nargs="?", help="The evaluation."),
            *REPORTS,
            arg("--limit", metavar="N", type=int, help="list: at most this many (50)."),
            JSON,
        ),
        "  list       evaluations, the newest first\n"
        "  show ID    its report; with --baseline compared with another one\n"
        "  stop ID    start no more runs; again: do not wait for open ones",
        (
            ("harness evals", ""),
            ("harness evals show eval-k7m2p9qrst --html report.html", ""),
        ),
        group="Replay and fork",
    ),
)  # fmt: skip
