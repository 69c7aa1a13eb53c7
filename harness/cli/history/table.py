"""The commands that read runs."""

from __future__ import annotations

from harness.cli.spec import FORCE, JSON, Command, arg, flag

SOURCE = arg("run", metavar="RUN|FILE", help="The run's id, or an exported file.")

HISTORY_COMMANDS: tuple[Command, ...] = (
    Command(
        "trace",
        "Show what happened in a run, step by step.",
        "harness.cli.history.trace:trace_run",
        (
            SOURCE,
            flag("--follow", help="Keep following until the run ends."),
            arg("--from", dest="start", metavar="N|CURSOR", help="Start at this event."),
            arg("--prompt", metavar="TURN", type=int, help="Show what a turn sent to the model."),
            arg("--kind", metavar="KIND", nargs="+", help="Only these kinds of events."),
            flag("--workers", help="Show which worker process, with which code, ran each step."),
            flag("--timeline", help="Draw how long each step took, as bars."),
            arg("--html", metavar="FILE", help="Write one self-contained page for a browser."),
            FORCE,
            JSON,
        ),
        "Reads Temporal's history, so what is shown never changes. An exported run reads the same\n"
        "as a live one. Earlier attempts of a step come from the attempt log of the workers.",
        (
            ("harness trace calculator-h8vvmdnvrp", ""),
            ("harness trace RUN --kind tool_call_finished model_failed", "only these"),
            ("harness trace RUN --prompt 3", "what the model read in turn 3"),
            ("harness trace RUN --html run.html", "to send to a colleague"),
        ),
        group="Inspect",
        works="anywhere",
    ),
    Command(
        "diff",
        "Compare two runs side by side.",
        "harness.cli.history.diff:diff_runs",
        (
            arg("run", metavar="RUN|FILE", help="The first run, or an exported file."),
            arg("other", metavar="RUN|FILE", help="The second run, or an exported file."),
            JSON,
        ),
        "A fork is compared from the turn where it left its parent.",
        (("harness diff RUN FORK", ""), ("harness diff before.json after.json", "two files")),
        group="Inspect",
        works="anywhere",
    ),
    Command(
        "export",
        "Write a run to one file, with everything it refers to.",
        "harness.cli.history.export:export_run",
        (
            arg("run", metavar="RUN", help="The run's id."),
            arg(
                "-o",
                "--output",
                metavar="FILE",
                help="The file to write (default: RUN.json); - is stdout.",
            ),
            FORCE,
            JSON,
        ),
        "History, agent, transcript and artifacts; trace, replay, diff and fork read it. It\n"
        "contains prompts and answers: share it only with people who may read them.",
        (("harness export RUN -o order.json", ""),),
        group="Inspect",
        works="anywhere",
    ),
)
