"""Steering by hand: what a person types as a signal or update, and what it means.

Signals must never raise inside the workflow (it would wedge), so they are read here from plain
JSON values: anything a person may reasonably type is taken, the rest is refused with words that
show a right form. The workflow and the journal call the same function, so what the run did and
what the events say cannot differ.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from pydantic import Field, ValidationError
from pydantic_core import from_json

from harness.contracts.base import Word
from harness.contracts.errors import InvalidSignal, SignalTooLarge, SteeringError, TooManySignals

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
"""Bodies over this are refused by every interface: from 2 MB on the engine wedges a run."""
MAX_HINTS = 1_000
MAX_HINT_BYTES = 4 * MAX_BYTES
"""Hints that wait for the next model call, in number and together in size."""


class Abort(Word):
    reason: str = "aborted"
    undo: bool | None = None
    """Take back what the run did to the world, before it ends."""


class Hint(Word):
    text: str
    interrupt: bool = False


class Pause(Word):
    reason: str | None = None


class Resume(Word):
    reason: str | None = None


Verdict = Literal["approve", "reject", "edit", "answer"]


class Decide(Word):
    """Argument of the `decide` update."""

    verdict: Verdict
    id: str | None = None
    """What is decided; may be left out while only one thing waits."""
    note: str | None = None
    arguments: dict[str, Any] | None = None
    """With `edit`: the arguments to change; those that are not named stay as they were."""
    replace: bool | None = None
    """With `edit`: `arguments` are all there is, nothing of what was asked for stays."""
    answer: str | None = None
    """With `answer`: what the person says to the tool's question, or what came of the call."""
    digest: str | None = None
    """Of what was shown: refused where something else waits by now. Pending has it."""
    by: str | None = None


class Grant(Word):
    """With `edit` of a budget: how much more of each is granted."""

    turns: int | None = Field(default=None, gt=0)
    tokens: int | None = Field(default=None, gt=0)
    cost_micros: int | None = Field(default=None, gt=0)
    seconds: float | None = Field(default=None, gt=0, allow_inf_nan=False)


class Decided(Word):
    """What a person decided about a call, as its end tells it."""

    need: str
    verdict: Verdict
    by: str | None = None
    note: str | None = None
    answer: str | None = None
    arguments: dict[str, Any] | None = None
    """With `edit`: what the tool was called with."""


W = TypeVar("W", bound=Word)

Steering = Abort | Hint | Pause | Resume


def plain_value(encoding: bytes, data: bytes) -> Any:
    """The JSON value of a payload, from what the engine stores of it."""
    if encoding == b"binary/null":
        return None
    if encoding not in (b"json/plain", b"json/protobuf"):
        found = encoding.decode(errors="replace")
        raise InvalidSignal(f"the payload is {found!r}, not plain JSON")
    try:
        return from_json(data)
    except ValueError as error:
        raise InvalidSignal(f"the payload is no JSON: {error}") from None


def read_signal(name: Signal, values: list[Any]) -> Steering:
    """The meaning of a signal's arguments; SteeringError when they have none."""
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
    """Refuse a body that is too large: before it is sent, and where another client sent it."""
    # A long text is the usual case, and is refused without being written out.
    arguments = value.arguments if isinstance(value, Decide) else None
    fields = [*vars(value).values(), *(arguments or {}).values()]
    texts = sum(len(each) for each in fields if isinstance(each, str))
    size = texts if texts > MAX_BYTES else len(value.wire())
    if size > MAX_BYTES:
        raise SignalTooLarge(f"{name} takes up to {MAX_BYTES:,} bytes, not {size:,}.")


@dataclass
class HintRoom:
    """How much room is left for hints until the model reads those that wait."""

    count: int = 0
    size: int = 0

    def take(self, text: str) -> None:
        """Count one more hint; SteeringError where there is no room for it."""
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
        raise _signal_error(name, f"it takes one JSON value, not {len(values)}")
    return values[0] if values else None


def _read_word(model: type[W], name: str, value: Any) -> W:
    if not isinstance(value, dict):
        what = "nothing" if value is None else f"a {type(value).__name__}"
        raise _signal_error(name, f"it takes a text or an object, not {what}")
    try:
        return model.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(step) for step in first["loc"]) or "the value"
        raise _signal_error(name, f"{where}: {first['msg']}") from None


def _signal_error(name: str, problem: str) -> SteeringError:
    return InvalidSignal(f"{name} refused: {problem}. A right one: {EXAMPLES[name]}")
