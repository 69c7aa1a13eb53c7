"""RunResult: how a run ended, with its typed value."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Generic, TypeVar, cast

from harness.agent import Agent
from harness.contracts.clean_text import clean_line
from harness.contracts.effect import Undone
from harness.contracts.errors import ErrorInfo, InvalidOutput
from harness.contracts.model import Usage
from harness.contracts.run import RunEnd, RunState, Totals

Out = TypeVar("Out")


@dataclass(frozen=True, kw_only=True)
class RunResult(Generic[Out]):
    """How a run ended, and its output."""

    run: str
    """The run's id."""
    state: RunState
    """`completed`, `aborted` or `failed`."""
    text: str
    """The final answer as text, complete or partial."""
    data: Any = None
    """The typed value as plain JSON, if the agent has an output type."""
    truncated: bool = False
    """Whether the final answer was cut off at the model's output limit."""
    totals: Totals
    """Turns, tokens, cost and tool calls of the whole run."""
    reason: str | None = None
    """Why the run was aborted, or which budget it reached."""
    error: ErrorInfo | None = None
    """Why the run failed."""
    undone: Undone | None = None
    """What was undone, if the run was to undo its effects at its end."""
    head: str | None = None
    """The address of the last node of its transcript."""
    handed_to: str | None = None
    """The run that took over the conversation, and whose end this is."""
    agent: Agent[Any, Out] | None = field(default=None, repr=False, compare=False)
    """The agent, which knows the output type, if the caller passed it."""

    @cached_property
    def output(self) -> Out:
        """The typed value, or the text if the agent has no output type.

        A result that was read without the agent has no type: `output` is then the plain JSON.

        Raises:
            InvalidOutput: The run did not complete, or the value does not fit the output type.
        """
        if self.agent is None or self.agent.output_type is None:
            return cast("Out", self.text if self.data is None else self.data)
        if self.state is not RunState.COMPLETED:
            raise InvalidOutput(
                f"Run {self.run!r} is {self.state.value} and has no {self.agent.output_type.name}.",
                fix="Read `.text` for its text, and `.reason` and `.error` for why it ended.",
            )
        return cast("Out", self.agent.parse_output(self.data))

    @property
    def usage(self) -> Usage:
        """Tokens used by the whole run."""
        return self.totals.usage

    @property
    def cost(self) -> float | None:
        """The cost in US dollars; None if a price is unknown."""
        micros = self.totals.cost_micros
        return None if micros is None else micros / 1_000_000

    def __str__(self) -> str:
        why = self.error.message if self.error else self.reason
        head = self.state.value + (f" ({clean_line(why)})" if why else "")
        return f"{head}: {clean_line(self.text)}" if self.text else head


def make_result(run: str, end: RunEnd, agent: Agent[Any, Out] | None) -> RunResult[Out]:
    """Make a user's result from the result of the workflow."""
    return RunResult(
        run=run,
        state=end.state,
        text=end.output,
        data=end.data,
        truncated=bool(end.truncated),
        totals=end.totals,
        reason=end.reason,
        error=end.error,
        undone=end.undone,
        head=end.head,
        handed_to=end.handed_to,
        agent=agent,
    )
