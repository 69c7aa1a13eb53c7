"""An agent that another agent calls as a tool: what a run pins of it, and how its run begins and
ends."""

from __future__ import annotations

from typing import Any

from harness.contracts.base import Flag, Word
from harness.contracts.budget import Budget
from harness.contracts.errors import ErrorInfo

AWAIT_CHILD = "await_child"
MAX_DEPTH = 3
"""How many runs may stand below one another, not counting the one at the top."""
MAX_CHILDREN = 32
"""Most runs that one run may start below itself."""
MAX_OPEN = 8
"""Most of them that are open at the same time."""


class Subagent(Word):
    """The agent behind a tool, as a run pins it at its start."""

    agent: str
    budget: Budget | None = None
    """Limits of each of its runs; absent: those that the agent declares."""
    parallel: Flag = None
    """Its calls in one reply run side by side, although its tools write."""
    handover: Flag = None
    """A call ends what the calling agent does: this one continues the conversation."""


class CalledBy(Word):
    """The tool call that started a run."""

    run: str
    turn: int
    call: str
    """Its id."""
    depth: int
    """1: below the run at the top."""
    handover: Flag = None
    """It continues the conversation of the run that called it."""


class ChildStart(Word):
    """A child run that is ready to start."""

    run: str
    spec: dict[str, Any]
    """A signed `RunSpec` as JSON."""
    queue: str
    attributes: dict[str, str]
    """Search attributes, all keywords."""
    summary: str
    details: str
    memo: dict[str, str]
    budget: Budget
    """What it may use: reserved in its caller's budget while it is open."""
    priority: int | None = None


class ChildEnd(Word):
    """How a child run ended, as the call that started it reports it to the model."""

    run: str
    state: str
    output: str
    data: Any = None
    """The typed result as JSON, if the agent has an output type."""
    truncated: Flag = None
    error: ErrorInfo | None = None
    head: str | None = None
    """The last node of its transcript, which shows whether it has read untrusted content."""
