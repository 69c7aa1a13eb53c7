"""What-ifs: the record that one plays back, and its report."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Literal, cast

from harness.contracts.base import Flag, Word
from harness.contracts.clean_text import clean_line
from harness.contracts.errors import ErrorInfo
from harness.contracts.run import RunState
from harness.contracts.transcript import digest

LABEL = "whatif"
"""The label of a what-if's forks; its value is the same for all forks of one what-if."""


class Recorded(Word):
    """The result of a call, as the model read it."""

    content: str
    error: Flag = None
    artifact: str | None = None
    failure: ErrorInfo | None = None


class RecordedCall(Word):
    """One call and its results, in the order in which equal calls were made."""

    name: str
    arguments: dict[str, Any] | str
    results: tuple[Recorded, ...]


class Record(Word):
    """All results that a what-if may play back."""

    calls: tuple[RecordedCall, ...]


def call_key(name: str, arguments: Mapping[str, Any] | str) -> str:
    """The same key for equal calls, however a model writes them. The order of arguments and null
    arguments do not count (strict models send null for omitted ones)."""
    if not isinstance(arguments, str):
        arguments = {key: each for key, each in arguments.items() if each is not None}
    text = json.dumps([name, _fold_integers(arguments)], sort_keys=True, separators=(",", ":"))
    return digest(text.encode())


def _fold_integers(value: Any) -> Any:
    """Write 2.0 as 2: they are equal in JSON."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, Mapping):
        return {key: _fold_integers(each) for key, each in cast("Mapping[str, Any]", value).items()}
    if isinstance(value, list | tuple):
        return [_fold_integers(each) for each in cast("list[Any]", value)]
    return value


How = Literal["ran", "played", "refused", "invalid", "open"]
"""The outcome of a call: the tool ran; its result was played back; none was recorded; the model
made a mistake; it has no result."""

Verdict = Literal["same", "different", "failed"]


class Called(Word):
    """A tool call of a fork or of its source, and what became of it."""

    turn: int
    name: str
    arguments: dict[str, Any] | str
    how: How


class Outcome(Word):
    """The outcome of a run after a turn: earlier figures and calls do not count."""

    run: str
    model: str
    state: RunState
    output: str
    """The final answer, or the text so far."""
    data: Any = None
    reason: str | None = None
    error: ErrorInfo | None = None
    turns: int
    calls: tuple[Called, ...]
    tokens: int
    cost_micros: int | None = None
    seconds: float

    def count(self, how: How) -> int:
        """Count the calls that ended in one way.

        Args:
            how: Which.

        Returns:
            How many there are.
        """
        return sum(call.how == how for call in self.calls)


class ForkOutcome(Outcome):
    """The outcome of a fork, and how it differs from its source."""

    verdict: Verdict
    """`same`: it completed with the same answer. `failed`: it did not complete."""
    same_answer: bool
    same_calls: int
    """Number of calls at its start that its source made as well, in the same order."""
    parts: int | None = None
    """The first turn in which its calls differ; absent if all are the same."""


class SourceOutcome(Word):
    """One source run of a what-if."""

    source: str
    recorded: int
    """Results that can be played back."""
    was: Outcome | None = None
    forks: tuple[ForkOutcome, ...] = ()
    error: ErrorInfo | None = None
    """Why its forks could not be started or finished."""

    def __str__(self) -> str:
        was = f", was {self.was.state.value}" if self.was else ""
        why = f": {self.error}" if self.error else ""
        return clean_line(f"{self.source}{was}: {_counts(self)}{why}")

    def count(self, verdict: Verdict) -> int:
        """Count the forks with one verdict.

        Args:
            verdict: Which.

        Returns:
            How many there are.
        """
        return sum(fork.verdict == verdict for fork in self.forks)


class WhatIfReport(Word):
    """What came of the forks of past runs, beside what came of the runs themselves."""

    label: str
    """The value of the label `whatif` of all its forks."""
    at: int
    changes: tuple[str, ...]
    """What was changed in the forks, in words."""
    live_reads: Flag = None
    sources: tuple[SourceOutcome, ...]

    def __str__(self) -> str:
        changes = ", ".join(self.changes) or "nothing else"
        head = f"What if, after turn {self.at}: {changes}"
        total = f"{len(self.forks)} forks: {_counts(self)}"
        return "\n".join([clean_line(head), total, *(f"  {each}" for each in self.sources)])

    @property
    def forks(self) -> tuple[ForkOutcome, ...]:
        """All forks of all sources."""
        return tuple(fork for source in self.sources for fork in source.forks)

    @property
    def complete(self) -> bool:
        """Whether every fork was started and has ended."""
        return not any(source.error for source in self.sources) and all(
            fork.state.over for fork in self.forks
        )

    def count(self, verdict: Verdict) -> int:
        """Count the forks with one verdict.

        Args:
            verdict: Which.

        Returns:
            How many there are.
        """
        return sum(source.count(verdict) for source in self.sources)


def _counts(report: SourceOutcome | WhatIfReport) -> str:
    verdicts: tuple[Verdict, ...] = ("same", "different", "failed")
    return ", ".join(f"{report.count(verdict)} {verdict}" for verdict in verdicts)
