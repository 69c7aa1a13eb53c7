"""Commands and arguments as plain tuples, and the arguments that several commands share."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

Works = Literal["here", "stack", "anywhere"]
"""Where a command works: on this project and machine; on a stack, so not through a daemon; or on a
stack and through a daemon alike."""


class Arg(NamedTuple):
    """An option (its name starts with a dash) or a positional argument."""

    names: tuple[str, ...]
    help: str
    more: dict[str, Any]
    """Keyword arguments for argparse."""

    @property
    def is_option(self) -> bool:
        """Whether it is an option."""
        return self.names[0].startswith("-")

    @property
    def shown(self) -> str:
        """The form shown in help: `--id ID`, `[CALL]`, `RUN...`."""
        name = self.more.get("metavar") or self.names[-1].lstrip("-").upper()
        if self.is_option:
            flags = ", ".join(self.names)
            return flags if "action" in self.more and self.takes_no_value else f"{flags} {name}"
        match self.more.get("nargs"):
            case "?":
                return f"[{name}]"
            case "*":
                return f"[{name}...]"
            case "+":
                return f"{name}..."
            case _:
                return name

    @property
    def takes_no_value(self) -> bool:
        """Whether it is a flag."""
        return self.more.get("action") == "store_true"


class Command(NamedTuple):
    """A command of `harness`."""

    name: str
    summary: str
    target: str
    """module:function, imported when the command runs."""
    args: tuple[Arg, ...] = ()
    about: str = ""
    examples: tuple[tuple[str, str], ...] = ()
    group: str = "Other"
    """Its heading in `harness --help`."""
    works: Works = "stack"
    """Commands that do not work here alone take `--server`."""


def arg(*names: str, help: str, **more: Any) -> Arg:
    """Declare an argument of a command.

    Args:
        names: `--id` and other forms of an option, or the name of a positional argument.
        help: What it is, for `--help`.
        more: Keyword arguments for argparse, such as `metavar`, `type` or `nargs`.

    Returns:
        The argument, for the `args` of a `Command`.
    """
    return Arg(names, help, more)


def action(*choices: str, default: str = "list") -> Arg:
    """Declare what a command does first of all: one of the actions that its text describes."""
    return arg(
        "action", metavar="ACTION", nargs="?", choices=choices, default=default,
        help=f"One of the actions above (default: {default}).",
    )  # fmt: skip


def flag(*names: str, help: str) -> Arg:
    """Declare an option without a value.

    Args:
        names: Its forms, such as `--force`.
        help: What it does, for `--help`.

    Returns:
        The option, for the `args` of a `Command`.
    """
    return Arg(names, help, {"action": "store_true"})


SERVER = arg(
    "--server",
    metavar="URL",
    help="Use this daemon (see `harness login`); local: this project's stack.",
)
STACK_ONLY = arg(
    "--server",
    metavar="local",
    help="Use this project's stack, even after `harness login`.",
)
JSON = flag("--json", help="Print one JSON object per line on stdout, and nothing else.")
AGENT = arg(
    "--agent",
    metavar="FILE:NAME",
    help="The agent, such as agent.py:agent (default: a built-in assistant).",
)
AGENT_OR_NAME = arg(
    "--agent",
    metavar="AGENT",
    help="agent.py:agent, or a published @NAME (default: a built-in assistant).",
)
MODEL = arg("--model", metavar="PROVIDER/MODEL", help="Use this model instead of the agent's.")
VARIABLE = arg(
    "--var",
    metavar="NAME=VALUE",
    action="append",
    help="A variable of the template. Repeat it for more.",
)
WORKSPACE = arg("--workspace", metavar="DIR", help="The only folder that file tools may use.")
BUDGETS = (
    arg("--budget-turns", metavar="N", type=int, help="Stop after N model calls."),
    arg("--budget-tokens", metavar="N", type=int, help="Stop once this many tokens are used."),
    arg("--budget-cost", metavar="USD", type=float, help="Stop once this much is spent."),
    arg("--budget-seconds", metavar="S", type=float, help="Stop after this many seconds."),
    arg(
        "--budget-shared",
        metavar="WITH",
        choices=("run", "session"),
        help="Share them: with runs that it starts (run), or its session.",
    ),
)
RUN = arg("run", metavar="RUN", help="The run's id.")
RUNS = arg("run", metavar="RUN", nargs="*", help="The ids of the runs.")
QUERY = arg(
    "--query",
    metavar="QUERY",
    help="All open runs that match this Temporal query, such as \"HarnessState = 'waiting'\".",
)
YES = flag("--yes", "-y", help="Do not ask for confirmation.")
FORCE = flag("--force", help="Replace the file if it exists.")
REASON = arg("--reason", metavar="TEXT", help="The reason; recorded in the run's history.")
DIGEST = arg(
    "--digest",
    metavar="HEX",
    help="Refuse unless the pending call has this digest (see `harness show`).",
)
NOTE = arg(
    "--note", metavar="TEXT", help="Recorded in history; after a rejection the model reads it."
)
CALL = arg("call", metavar="CALL", nargs="?", help="Which one to decide, if several are waiting.")
