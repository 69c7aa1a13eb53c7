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
    """How a run ended, and what came of it."""

    run: str
    """The run's id."""
    state: RunState
    """`completed`, `aborted` or `failed`."""
    text: str
    """The final answer as text, or what there is of it."""
    data: Any = None
    """The typed value as plain JSON, where the agent has an output type."""
    truncated: bool = False
    """Whether the final answer was cut off at the model's output limit."""
    totals: Totals
    """Turns, tokens, cost and tool calls of the whole run."""
    reason: str | None = None
    """Why it was aborted, or which budget it reached."""
    error: ErrorInfo | None = None
    """Why it failed."""
    undone: Undone | None = None
    """What became of its effects, where the end was to take them back."""
    head: str | None = None
    """The last node of its transcript."""
    agent: Agent[Any, Out] | None = field(default=None, repr=False, compare=False)
    """The agent that knows the output type, where the caller named it."""

    @cached_property
    def output(self) -> Out:
        """The typed value; the text where the agent has no output type.

        A handle that was opened without its agent knows no type: there it is the plain JSON.

        Raises:
            InvalidOutput: The run did not complete, or the value does not fit the output type.
        """
        if self.agent is None or self.agent.output_type is None:
            return cast("Out", self.text if self.data is None else self.data)
        if self.state is not RunState.COMPLETED:
            raise InvalidOutput(
                f"Run {self.run!r} is {self.state.value} and has no {self.agent.output_type.name}.",
                fix="Read `.text` for what it wrote, `.reason` and `.error` for why it ended.",
            )
        return cast("Out", self.agent.parse_output(self.data))

    @property
    def usage(self) -> Usage:
        """Tokens of the whole run."""
        return self.totals.usage

    @property
    def cost(self) -> float | None:
        """What it cost, in US dollars; None where a price is not known."""
        micros = self.totals.cost_micros
        return None if micros is None else micros / 1_000_000

    def __str__(self) -> str:
        why = self.error.message if self.error else self.reason
        head = self.state.value + (f" ({clean_line(why)})" if why else "")
        return f"{head}: {clean_line(self.text)}" if self.text else head


def make_result(run: str, end: RunEnd, agent: Agent[Any, Out] | None) -> RunResult[Out]:
    """The result as users hold it, from what the engine keeps of it."""
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
        agent=agent,
    )
