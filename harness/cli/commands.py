"""The table of commands: what `--help`, the parser and shell completion are made from.

Only plain tuples, because each call of `harness` loads it: argparse, dataclasses and whatever a
command needs come later, if at all.
"""

from __future__ import annotations

from harness.cli.history.table import PAST
from harness.cli.privacy.table import SECRET
from harness.cli.spec import (
    AGENT,
    BUDGETS,
    CALL,
    DIGEST,
    JSON,
    MODEL,
    NOTE,
    QUERY,
    REASON,
    RUN,
    RUNS,
    WORKSPACE,
    YES,
    Command,
    arg,
    flag,
)
from harness.cli.stack.table import COPIES

COMMANDS: tuple[Command, ...] = (
    Command(
        "run",
        "Run an agent and show what happens.",
        "harness.cli.run.run:run",
        (
            arg("prompt", metavar="PROMPT", nargs="?", help="What is asked. Unset or -: stdin."),
            AGENT,
            MODEL,
            arg("--session", metavar="ID", help="Continue this conversation."),
            arg("--id", metavar="ID", help="The run's id; the same request again joins it."),
            *BUDGETS,
            WORKSPACE,
            flag("--detach", help="Start it, print its id and leave; a worker runs it."),
            JSON,
        ),
        "This process serves the run. Ctrl-C detaches: the run is safe and continues where a\n"
        "worker serves its agent. Ctrl-C twice aborts it. If a decision is needed and stdin is\n"
        "not a terminal, it ends with exit code 4 and says how to decide.",
        (
            ('harness run "What is 2 + 2?"', "with the built-in assistant"),
            ('harness run "What is 2 + 2?" --agent agent.py:agent', "with an agent of yours"),
            ('harness run "Sum up README.md" --model openai/gpt-5', "with another model"),
            ('harness run "Go on" --session trip --json', "for programs"),
        ),
    ),
    Command(
        "chat",
        "Talk with an agent: a session of runs.",
        "harness.cli.run.run:chat",
        (
            AGENT,
            MODEL,
            arg("--session", metavar="ID", help="Continue this conversation."),
            *BUDGETS,
            WORKSPACE,
            JSON,
        ),
        "Each line is a prompt. Ctrl-D leaves. To continue, pass the session to --session.",
        (
            ("harness chat", "with the built-in assistant"),
            ("harness chat --session trip", "in a session that may exist already"),
        ),
    ),
    Command(
        "watch",
        "Follow a run: events and text as they come.",
        "harness.cli.run.watch:watch",
        (RUN, JSON),
        "Starts with what has happened so far. Ctrl-C leaves the run as it is; twice aborts it.",
        (("harness watch calculator-h8vvmdnvrp", ""),),
    ),
    Command(
        "list",
        "List runs, newest first.",
        "harness.cli.history.list_show:list_runs",
        (
            arg("--state", metavar="STATE", help="Such as running, waiting or failed."),
            arg("--agent", metavar="NAME", help="Only runs of this agent."),
            arg("--session", metavar="ID", help="Of this session."),
            arg("--query", metavar="QUERY", help="Filter in Temporal's query syntax."),
            flag("--archived", help="Sealed ones, also those that the engine has forgotten."),
            arg("--limit", metavar="N", type=int, default=20, help="At most this many (20)."),
            JSON,
        ),
        "",
        (
            ("harness list --state waiting", "who needs a decision"),
            ('harness list --query "HarnessTokens > 10000"', "in the engine's language"),
        ),
    ),
    Command(
        "show",
        "Show a run's card: what was asked, where it is, what came of it.",
        "harness.cli.history.list_show:show",
        (RUN, JSON),
        "Reads the history. It needs no worker.",
        (("harness show calculator-h8vvmdnvrp", ""),),
    ),
    *PAST,
    Command(
        "effects",
        "Show what a run did to the world, and what has been undone.",
        "harness.cli.history.effects:effects",
        (RUN, JSON),
        "Read from the ledger: also for runs that the engine has forgotten.",
        (("harness effects clerk-h8vvmdnvrp", ""),),
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
    ),
    Command(
        "abort",
        "End runs.",
        "harness.cli.run.steer:abort",
        (
            RUNS,
            REASON,
            flag("--undo", help="Take back what they did to the world, and say how far that came."),
            QUERY,
            YES,
            JSON,
        ),
        "Closes the model call in flight. A run whose worker is away ends when one comes back.\n"
        "With --undo it waits for the end, and exits with 1 where an effect could not be undone.",
        (
            ("harness abort RUN --reason 'no longer needed'", ""),
            ("harness abort RUN --undo", "and take back what it did"),
            ("harness abort --query \"HarnessAgent = 'calculator'\" --yes", "many at once"),
        ),
    ),
    Command(
        "hint",
        "Send a hint to runs.",
        "harness.cli.run.steer:hint",
        (
            arg("words", metavar="RUN... TEXT", nargs="+", help="Runs, and last the text."),
            flag("--interrupt", help="Cut the model call in flight short instead of waiting."),
            QUERY,
            YES,
            JSON,
        ),
        "Taken up at the next model call. With --query only the text is given.",
        (
            ('harness hint RUN "look in the second file"', ""),
            ("harness hint --query \"HarnessState = 'running'\" 'be brief'", "many at once"),
        ),
    ),
    Command(
        "pause",
        "Hold runs before their next step.",
        "harness.cli.run.steer:pause",
        (RUNS, REASON, QUERY, YES, JSON),
        "",
        (("harness pause RUN", ""),),
    ),
    Command(
        "resume",
        "Let paused runs go on.",
        "harness.cli.run.steer:resume",
        (RUNS, REASON, QUERY, YES, JSON),
        "",
        (("harness resume RUN", ""),),
    ),
    Command(
        "approve",
        "Allow what a run waits for.",
        "harness.cli.run.decide:approve",
        (
            arg("run", metavar="RUN", nargs="?", help="The run's id."),
            CALL,
            NOTE,
            arg("--edit", metavar="JSON", help="Change these arguments; the others stay."),
            flag("--replace", help="With --edit: replace all arguments."),
            DIGEST,
            QUERY,
            YES,
            JSON,
        ),
        "For a call whose outcome is unknown, approve means that it did not happen: it is called\n"
        "again. If it happened, record that: harness answer RUN TEXT.",
        (
            ("harness approve RUN", "the one thing that waits"),
            ("harness approve RUN call_2 --note checked", "one of several"),
            ('harness approve RUN --edit \'{"path": "notes.txt"}\'', "with another path"),
        ),
    ),
    Command(
        "reject",
        "Refuse what a run waits for.",
        "harness.cli.run.decide:reject",
        (
            arg("run", metavar="RUN", nargs="?", help="The run's id."),
            CALL,
            NOTE,
            DIGEST,
            QUERY,
            YES,
            JSON,
        ),
        "The model reads the note. A call whose outcome is unknown stays so; it is not repeated.",
        (("harness reject RUN --note 'not in this folder'", ""),),
    ),
    Command(
        "answer",
        "Answer a question, or say that a call happened.",
        "harness.cli.run.decide:answer",
        (
            RUN,
            arg("text", metavar="TEXT", help="The answer."),
            arg("--call", metavar="CALL", help="Which call, if several are waiting."),
            DIGEST,
            JSON,
        ),
        "For a call whose outcome is unknown, the text is recorded as its result: it happened,\n"
        "and is not called again.",
        (('harness answer RUN "the blue one"', ""),),
    ),
    Command(
        "worker",
        "Serve agents.",
        "harness.cli.run.serve:worker",
        (
            arg("agents", metavar="FILE[:NAME]", nargs="*", help="Unset: the built-in assistant."),
            arg(
                "--workspace",
                metavar="DIR",
                action="append",
                help="Let runs work in this folder too; may be given more than once.",
            ),
            JSON,
        ),
        "Starts or joins the local stack, unless an engine is configured. Ctrl-C stops it:\n"
        "calls in progress finish or are handed back.",
        (
            ("harness worker agent.py", "the agent in that file"),
            ("harness worker sales.py:agent support.py:agent", "several"),
        ),
    ),
    Command(
        "up",
        "Start the local Temporal and Postgres.",
        "harness.cli.stack.stack:up",
        (flag("--detach", help="Leave them running until `harness down`."), JSON),
        "",
        (("harness up --detach", ""),),
    ),
    Command(
        "down", "Stop the local Temporal and Postgres.", "harness.cli.stack.stack:down", (JSON,)
    ),
    Command(
        "doctor",
        "Check this machine, this project and what is configured.",
        "harness.cli.stack.stack:doctor",
        (flag("--fix", help="Bring tables up to date and register search attributes."), JSON),
    ),
    Command(
        "models",
        "List the models that are known by name.",
        "harness.cli.stack.info:models",
        (arg("provider", metavar="PROVIDER", nargs="?", help="Only this provider's."), JSON),
        "Others work too: name them as provider/model.",
    ),
    Command("tools", "List tools.", "harness.cli.stack.info:tools", (AGENT, JSON)),
    Command(
        "config",
        "Show the settings and where each value came from.",
        "harness.cli.stack.info:config",
        (arg("what", metavar="show", nargs="?", choices=("show",), help="All values."), JSON),
        "",
        (("harness config show", ""), ("harness config show --json", "for programs")),
    ),
    *COPIES,
    *SECRET,
    Command("version", "Print the version.", "harness.cli.stack.info:version", (JSON,)),
)

GROUPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Run", ("run", "chat", "watch")),
    ("Look", ("list", "show", "trace", "effects", "diff", "export")),
    ("Again", ("replay", "fork", "whatif")),
    ("Steer", ("abort", "hint", "pause", "resume", "approve", "reject", "answer", "undo")),
    ("Keep", ("archive", "verify", "backup", "restore", "forget", "keys")),
    ("Serve", ("worker", "up", "down", "doctor")),
    ("Know", ("models", "tools", "config", "trust", "version")),
)

BY_NAME = {command.name: command for command in COMMANDS}
