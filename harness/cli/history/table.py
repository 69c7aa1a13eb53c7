"""The table of commands that look at what has happened, and go on from there."""

from __future__ import annotations

from harness.cli.spec import AGENT, JSON, MODEL, QUERY, YES, Command, arg, flag

SOURCE = arg("run", metavar="RUN|FILE", help="The run's id, or a file that was exported.")

OTHERWISE = (
    arg("--at", metavar="TURN", type=int, required=True, help="The last turn to keep."),
    arg("--hint", metavar="TEXT", help="Say this to the model first."),
    MODEL._replace(help="Continue with this model."),
    arg("--prompt", metavar="FILE", help="Continue with these instructions."),
)
"""Where a fork leaves its parent, and what it does otherwise."""

PAST: tuple[Command, ...] = (
    Command(
        "trace",
        "Show what happened in a run, step by step.",
        "harness.cli.history.trace:trace",
        (
            SOURCE,
            flag("--follow", help="Stay until the run ends."),
            arg("--from", dest="start", metavar="N|CURSOR", help="Start at this event."),
            arg("--kind", metavar="KIND", nargs="+", help="Only these kinds of events."),
            flag("--timeline", help="Draw who took how long, as bars."),
            arg("--html", metavar="FILE", help="Write one self-contained page for a browser."),
            JSON,
        ),
        "Read from the engine's history: what was shown once never changes. An exported run reads\n"
        "the same as a live one. Earlier attempts of a step come from the log that workers keep.",
        (
            ("harness trace calculator-h8vvmdnvrp", ""),
            ("harness trace RUN --kind tool_call_finished model_failed", "only these"),
            ("harness trace RUN --html run.html", "to send to a colleague"),
        ),
    ),
    Command(
        "diff",
        "Show two runs side by side, from where they part.",
        "harness.cli.history.diff:diff",
        (
            arg("run", metavar="RUN|FILE", help="The first run, or an exported file."),
            arg("other", metavar="RUN|FILE", help="The second one."),
            JSON,
        ),
        "A fork is shown from the turn where it left its parent.",
        (("harness diff RUN FORK", ""), ("harness diff before.json after.json", "two files")),
    ),
    Command(
        "export",
        "Write a run to one file, with everything that it names.",
        "harness.cli.history.export:export",
        (
            arg("run", metavar="RUN", help="The run's id."),
            arg("-o", "--output", metavar="FILE", help="Where to (RUN.json); - is stdout."),
            JSON,
        ),
        "History, agent, transcript and artifacts; trace, replay, diff and fork read it. It holds\n"
        "what the run was told and said: share it only with people who may read that.",
        (("harness export RUN -o order.json", ""),),
    ),
    Command(
        "verify",
        "Prove that sealed runs are what they were.",
        "harness.cli.archive.verify:verify",
        (
            SOURCE._replace(more={**SOURCE.more, "nargs": "?"}),
            arg("--token", metavar="TOKEN", help="The replay token that it must have."),
            flag("--engine", help="Compare all with the engine too, as far as it has them."),
            JSON,
        ),
        "Without a run the whole chain of seals is checked, and the content of each: what was\n"
        "changed, removed or added is named, and the exit code is 1. A file needs no engine.",
        (
            ("harness verify", "the whole archive"),
            ("harness verify RUN --token TOKEN", "this run is the one that was sealed"),
            ("harness verify run.json --token TOKEN", "so is this export"),
        ),
    ),
    Command(
        "archive",
        "Keep ended runs beyond the engine's retention.",
        "harness.cli.archive.archive:archive",
        (
            arg(
                "action",
                metavar="ACTION",
                choices=("status", "seal", "export", "import", "rebuild"),
                help="status, seal, export, import or rebuild.",
            ),
            arg("names", metavar="NAME", nargs="*", help="Runs, or where from or to."),
            arg("--since", metavar="TIME", help="Export what was sealed since then, such as 7d."),
            JSON,
        ),
        "Workers seal ended runs automatically. `seal` does it now, for these runs or for all;\n"
        "`export` writes all to a folder or a .zip, `import` takes such, or single exports, in;\n"
        "`rebuild` makes the index of `harness list --archived` again.",
        (
            ("harness archive status", "what is sealed and what is not yet"),
            ("harness archive seal RUN", "now; prints the replay token"),
            ("harness archive export runs.zip --since 7d", ""),
            ("harness archive import runs.zip", "in another place"),
        ),
    ),
    Command(
        "replay",
        "Run today's code over recorded runs and compare every step.",
        "harness.cli.history.replay:replay",
        (
            arg("runs", metavar="RUN|FILE", nargs="*", help="Runs, or exported files."),
            QUERY._replace(help="Runs that the engine finds, such as \"HarnessAgent = 'sales'\"."),
            arg("--since", metavar="TIME", help="Runs that started since then, such as 7d or 12h."),
            JSON,
        ),
        "Nothing is called and nothing changes. The first step that differs is shown with both\n"
        "sides, arguments included; the exit code is then 1.",
        (
            ("harness replay --since 7d", "before a new version goes out"),
            ("harness replay tests/histories/*.json", "in CI"),
        ),
    ),
    Command(
        "fork",
        "Start a run that continues from a turn of another one.",
        "harness.cli.history.fork:fork",
        (
            SOURCE,
            *OTHERWISE,
            arg(
                "--edit-tool-result",
                metavar="CALL=TEXT",
                action="append",
                default=[],
                help="What a tool answered in a kept turn instead, by the call's id.",
            ),
            AGENT._replace(help="Serve it here, as `harness run` does: agent.py:agent."),
            arg("--id", metavar="ID", help="The fork's id; the same request again joins it."),
            flag("--detach", help="Start it, print its id and leave; a worker runs it."),
            JSON,
        ),
        "Turns up to TURN stay as they are, with their tool results; nothing of them runs again,\n"
        "and the other run is not touched. Without --agent a worker must serve the agent.",
        (
            ("harness fork RUN --at 3 --model openai/gpt-5", "with another model"),
            ('harness fork RUN --at 3 --hint "be brief" --agent agent.py:agent', "served here"),
            ("harness fork run.json --at 3 --edit-tool-result call_1=rain", "what if?"),
        ),
    ),
    Command(
        "whatif",
        "See how past runs would have ended otherwise; no tool runs.",
        "harness.cli.history.whatif:whatif",
        (
            arg("runs", metavar="RUN|FILE", nargs="*", help="Runs, or exported files."),
            *OTHERWISE,
            arg(
                "--edit-tool-result",
                metavar="CALL=TEXT",
                action="append",
                default=[],
                help="What a tool answered instead, by the call's id.",
            ),
            arg("--n", metavar="N", type=int, default=5, help="How many forks of each run (5)."),
            flag("--live-reads", help="Let tools that only read run where nothing is recorded."),
            AGENT._replace(help="Serve the forks here: agent.py:agent. Unset: a worker does."),
            QUERY._replace(
                help="Ended runs that the engine finds, such as \"HarnessAgent = 'sales'\"."
            ),
            arg("--since", metavar="TIME", help="Runs that started since then, such as 7d or 12h."),
            arg("--html", metavar="FILE", help="Write a page with a picture of the outcome."),
            YES._replace(help="Do not ask before runs that were found are forked."),
            JSON,
        ),
        "Forks each run after TURN. What its tools and people had said is played back, any other\n"
        "call is refused, and nothing reaches the world. The exit code is 1 where a run could not\n"
        "be asked. Ctrl-C aborts the forks.",
        (
            ("harness whatif RUN --at 2 --model openai/gpt-5", "with another model"),
            (
                "harness whatif --since 7d --at 0 --prompt new.txt --html whatif.html",
                "an evaluation",
            ),
            ("harness whatif RUN --at 0 --edit-tool-result call_1=rain --n 1", ""),
        ),
    ),
)
