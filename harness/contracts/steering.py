"""Steering by hand: what a person types as a signal or update, and what it means.

Signals must never raise inside the workflow (it would wedge), so they are read here from plain
JSON values: anything a person may reasonably type is accepted, the rest is refused with a valid
example. The workflow and the journal call the same function, so the run and its events cannot
disagree.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from pydantic import Field, ValidationError
from pydantic_core import from_json

from harness.contracts.base import Word
from harness.contracts.errors import InvalidSignal, SignalTooLarge, SteeringError, TooManySignals
from harness.contracts.ruling import Remember

Signal = Literal["abort", "hint", "pause", "resume"]
SIGNALS: tuple[Signal, ...] = ("abort", "hint", "pause", "resume")

EXAMPLES: dict[str, str] = {
    "abort": '{"reason": "no longer needed", "undo": false}',
    "hint": '{"text": "look in the second file", "interrupt": false}',
    "pause": "{}",
    "resume": "{}",
    "grant": '{"id": "budget", "verdict": "edit", "arguments": {"turns": 10}}',
    "decide": '{"id": "call_1", "verdict": "approve", "note": "checked"}',
}
MAX_BYTES = 1_000_000
"""Every interface refuses larger bodies: from 2 MB on, Temporal would wedge the run."""
MAX_HINTS = 1_000
MAX_HINT_BYTES = 4 * MAX_BYTES
"""Limits of the hints that wait for the next model call: their number and total size."""


class Abort(Word):
    reason: str = "aborted"
    undo: bool | None = None
    """Undo the run's effects before it ends."""
    by: str | None = None
    """Who aborts it, if the sender acts for someone else."""


class Hint(Word):
    text: str
    interrupt: bool = False
    by: str | None = None


class Pause(Word):
    reason: str | None = None
    by: str | None = None


class Resume(Word):
    reason: str | None = None
    by: str | None = None


Verdict = Literal["approve", "reject", "edit", "answer"]


class Decide(Word):
    """Argument of the `decide` update."""

    verdict: Verdict
    id: str | None = None
    """The item to decide; optional while only one is pending."""
    note: str | None = None
    arguments: dict[str, Any] | None = None
    """With `edit`: the arguments to change; the others stay as they were."""
    replace: bool | None = None
    """With `edit`: `arguments` replaces all of the call's arguments."""
    answer: str | None = None
    """With `answer`: the reply to the tool's question, or the outcome of the call."""
    digest: str | None = None
    """Digest of what was shown (`Pending.digest`): refused if something else is pending by now."""
    by: str | None = None
    role: str | None = None
    """The role of who decides, for a policy that asks a role."""
    remember: Remember | None = None
    """Allow later calls of the session too: true for equal arguments, or the names of the arguments
    that have to be equal."""


class Grant(Word):
    """With `edit` of a budget: how much more of each to grant."""

    turns: int | None = Field(default=None, gt=0)
    tokens: int | None = Field(default=None, gt=0)
    cost_micros: int | None = Field(default=None, gt=0)
    seconds: float | None = Field(default=None, gt=0, allow_inf_nan=False)


class Decided(Word):
    """A person's decision about a call, as the call's last event reports it."""

    need: str
    verdict: Verdict
    by: str | None = None
    note: str | None = None
    answer: str | None = None
    arguments: dict[str, Any] | None = None
    """With `edit`: what the tool was called with."""
    remember: Remember | None = None
    """Which later calls of the session it allows too."""


W = TypeVar("W", bound=Word)

Steering = Abort | Hint | Pause | Resume


def plain_value(encoding: bytes, data: bytes) -> Any:
    """The JSON value of a payload as Temporal stores it."""
    if encoding == b"binary/null":
        return None
    if encoding not in (b"json/plain", b"json/protobuf"):
        found = encoding.decode(errors="replace")
        raise InvalidSignal(f"the payload is {found!r}, not plain JSON")
    try:
        return from_json(data)
    except ValueError as error:
        raise InvalidSignal(f"the payload is not JSON: {error}") from None


def read_signal(name: Signal, values: list[Any]) -> Steering:
    """Parse a signal's arguments; SteeringError if they are invalid."""
    value = _single_value(name, values)
    if name == "hint":
        hint = _read_word(Hint, name, {"text": value} if isinstance(value, str) else value)
        if not hint.text.strip():
            raise _signal_error(name, "the text is empty")
        return hint
    if isinstance(value, str):
        value = {"reason": value} if value.strip() else {}
    model = {"abort": Abort, "pause": Pause, "resume": Resume}[name]
    return _read_word(model, name, {} if value is None else value)


def check_size(name: str, value: Steering | Decide) -> None:
    """Refuse a body that is too large, before sending it and on receipt from other clients."""
    # Usually one text is too long: refuse it without serializing the body.
    arguments = value.arguments if isinstance(value, Decide) else None
    fields = [*vars(value).values(), *(arguments or {}).values()]
    texts = sum(len(each) for each in fields if isinstance(each, str))
    size = texts if texts > MAX_BYTES else len(value.wire())
    if size > MAX_BYTES:
        raise SignalTooLarge(f"{name} has {size:,} bytes; the limit is {MAX_BYTES:,}.")


@dataclass
class HintRoom:
    """Counts the hints that wait for the model, against the limits."""

    count: int = 0
    size: int = 0

    def take(self, text: str) -> None:
        """Count one more hint; SteeringError if it exceeds a limit."""
        size = self.size + len(text.encode(errors="replace"))
        if self.count >= MAX_HINTS or size > MAX_HINT_BYTES:
            raise TooManySignals(
                f"hint refused: {self.count} hints of {self.size:,} bytes wait for the next model "
                f"call; {MAX_HINTS} hints of {MAX_HINT_BYTES:,} bytes together are the limit",
            )
        self.count, self.size = self.count + 1, size


def read_decide(values: list[Any]) -> Decide:
    value = _single_value("decide", values)
    decide = _read_word(Decide, "decide", {"verdict": value} if isinstance(value, str) else value)
    if decide.verdict == "edit" and decide.arguments is None:
        raise _signal_error("decide", 'verdict "edit" needs "arguments"')
    if decide.verdict == "answer" and decide.answer is None:
        raise _signal_error("decide", 'verdict "answer" needs "answer"')
    return decide


def read_grant(arguments: dict[str, Any] | None) -> Grant | None:
    return None if arguments is None else _read_word(Grant, "grant", arguments)


def _single_value(name: str, values: list[Any]) -> Any:
    if len(values) > 1:
        raise _signal_error(name, f"it takes one JSON value, got {len(values)}")
    return values[0] if values else None


def _read_word(model: type[W], name: str, value: Any) -> W:
    if not isinstance(value, dict):
        what = "nothing" if value is None else f"a {type(value).__name__}"
        raise _signal_error(name, f"it takes a text or an object, got {what}")
    try:
        return model.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(step) for step in first["loc"]) or "the value"
        raise _signal_error(name, f"{where}: {first['msg']}") from None


def _signal_error(name: str, problem: str) -> SteeringError:
    return InvalidSignal(f"{name} refused: {problem}. Example: {EXAMPLES[name]}")
