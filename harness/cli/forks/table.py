"""The commands of forks and what-ifs."""

from __future__ import annotations

from harness.cli.history.table import SOURCE
from harness.cli.spec import AGENT, FORCE, JSON, MODEL, QUERY, YES, Command, arg, flag

OTHERWISE = (
    arg("--at", metavar="TURN", type=int, required=True, help="The last turn to keep."),
    arg("--hint", metavar="TEXT", help="Send this hint to the model first."),
    MODEL._replace(help="Continue with this model."),
    arg("--prompt", metavar="FILE", help="Continue with these instructions."),
)
"""Where a fork leaves its parent, and what it changes."""

FORKS_COMMANDS: tuple[Command, ...] = (
    Command(
        "fork",
        "Start a run that continues from a turn of another run.",
        "harness.cli.forks.fork:fork_run",
        (
            SOURCE,
            *OTHERWISE,
            arg(
                "--edit-tool-result",
                metavar="CALL=TEXT",
                action="append",
                default=[],
                help="Replace the result of a call in a kept turn.",
            ),
            AGENT._replace(help="Serve the fork here, as `harness run` does: agent.py:agent."),
            arg("--id", metavar="ID", help="The fork's id; repeating the command joins that fork."),
            flag("--detach", help="Start the fork, print its id and exit; a worker runs it."),
            JSON,
        ),
        "Keeps the turns up to TURN with their tool results; they do not run again, and the other\n"
        "run does not change. Without --agent, a worker must serve the agent.",
        (
            ("harness fork RUN --at 3 --model openai/gpt-5", "with another model"),
            ('harness fork RUN --at 3 --hint "be brief" --agent agent.py:agent', "served here"),
            ("harness fork run.json --at 3 --edit-tool-result call_1=rain", "what if?"),
        ),
        group="Replay and fork",
        works="anywhere",
    ),
    Command(
        "whatif",
        "Fork past runs with a change and compare the results; no tool runs.",
        "harness.cli.forks.whatif:ask_whatif",
        (
            arg("runs", metavar="RUN|FILE", nargs="*", help="Runs, or exported files."),
            *OTHERWISE,
            arg(
                "--edit-tool-result",
                metavar="CALL=TEXT",
                action="append",
                default=[],
                help="Replace the result of a call.",
            ),
            arg("--n", metavar="N", type=int, default=5, help="Forks per run (default: 5)."),
            flag("--live-reads", help="Run read-only tools if no result is recorded."),
            AGENT._replace(help="Serve the forks here: agent.py:agent (default: a worker does)."),
            QUERY._replace(
                help="Ended runs that match this query, such as \"HarnessAgent = 'sales'\"."
            ),
            arg("--since", metavar="TIME", help="Runs that started since then, such as 7d or 12h."),
            arg("--html", metavar="FILE", help="Write the results as a self-contained web page."),
            FORCE,
            YES._replace(help="Do not ask for confirmation."),
            JSON,
        ),
        "Forks each run after TURN. Recorded tool results and human answers are played back; any\n"
        "other call is refused, so there are no effects. Exits with 1 if a run could not be\n"
        "forked. Ctrl-C aborts the forks.",
        (
            ("harness whatif RUN --at 2 --model openai/gpt-5", "with another model"),
            (
                "harness whatif --since 7d --at 0 --prompt new.txt --html whatif.html",
                "an evaluation",
            ),
            ("harness whatif RUN --at 0 --edit-tool-result call_1=rain --n 1", ""),
        ),
        group="Replay and fork",
        works="anywhere",
    ),
)
