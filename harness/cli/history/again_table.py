"""The commands that run recorded runs again: replay, fork and what-if."""

from __future__ import annotations

from harness.cli.history.table import SOURCE
from harness.cli.spec import AGENT, FORCE, JSON, MODEL, QUERY, YES, Command, arg, flag

OTHERWISE = (
    arg("--at", metavar="TURN", type=int, required=True, help="The last turn to keep."),
    arg("--hint", metavar="TEXT", help="Say this to the model first."),
    MODEL._replace(help="Continue with this model."),
    arg("--prompt", metavar="FILE", help="Continue with these instructions."),
)
"""Where a fork leaves its parent, and what it does otherwise."""

REPLAY_COMMANDS: tuple[Command, ...] = (
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
        group="Replay and fork",
    ),
)

FORKS_COMMANDS: tuple[Command, ...] = (
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
        group="Replay and fork",
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
            FORCE,
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
        group="Replay and fork",
    ),
)
