"""What the database holds of a conversation, made from its runs. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from harness.contracts.base import Flag, Word
from harness.contracts.errors import ErrorInfo
from harness.contracts.event import DurableEvent, HintReceived, ModelReplied, RunEnded, RunStarted
from harness.contracts.message import Message, Origin, Part, user_message
from harness.contracts.run import RunSpec, RunState, Totals
from harness.conversations.contracts import MESSAGE_LABEL, Card, turn_run
from harness.journal.branches import drop_reset_events

BASE = 0
"""The number of the turn that holds what was imported or forked."""


class StoredTurn(Word):
    """A run of the conversation."""

    number: int
    run: str
    message: str | None = None
    """The id of the message that it answers, as its sender named it."""
    state: RunState
    dropped: Flag = None
    """Later runs do not read it: it was rolled back, or never saved its transcript."""
    base: str | None = None
    """The transcript node that it started from."""
    head: str | None = None
    """The transcript node after it, if it says so."""
    by: str | None = None
    started: float
    """Seconds since the epoch."""
    ended: float | None = None
    totals: Totals = Totals()
    error: ErrorInfo | None = None
    reason: str | None = None
    """Why it was aborted."""


class StoredMessage(Word):
    """What a person or the model said."""

    id: str
    turn: int
    place: int
    """Its place in the turn."""
    role: Literal["user", "assistant"]
    parts: tuple[Part, ...]
    origin: Origin | None = None
    """`hint`: sent while the run was open; `interrupted`: the model was cut off."""
    run: str | None = None
    at: float

    @property
    def text(self) -> str:
        return Message(role=self.role, parts=self.parts).text


class TurnRows(Word):
    turn: StoredTurn
    messages: tuple[StoredMessage, ...]


def build_turn(
    card: Card, number: int, spec: RunSpec, events: Iterable[DurableEvent], *, dropped: bool
) -> TurnRows:
    """Build the rows of a run that has ended."""
    stands = drop_reset_events(events)
    began = next(each for each in stands if isinstance(each, RunStarted))
    ended = next((each for each in reversed(stands) if isinstance(each, RunEnded)), None)
    run, label = turn_run(card.id, number), (spec.labels or {}).get(MESSAGE_LABEL)
    turn = StoredTurn(
        number=number,
        run=run,
        message=label,
        state=ended.state if ended else RunState.RUNNING,
        dropped=True if dropped else None,
        base=spec.head,
        head=ended.head if ended else None,
        by=spec.started_by,
        started=began.at,
        ended=ended.at if ended else None,
        totals=(ended.totals if ended else None) or Totals(),
        error=ended.error if ended else None,
        reason=ended.reason if ended else None,
    )
    messages = [
        (label if place == 0 and label else f"{run}/{place}", message, began.at)
        for place, message in enumerate(spec.messages)
        if message.role == "user"
    ]
    messages += _said(run, stands)
    return TurnRows(turn=turn, messages=_number(number, run, messages))


def build_base(card: Card, messages: Sequence[Message]) -> tuple[StoredMessage, ...]:
    """Build the rows of what a conversation was imported or forked with."""
    found = [
        (f"{turn_run(card.id, BASE)}/{place}", message, card.created)
        for place, message in enumerate(messages)
        if message.role != "tool" and message.origin != "instructions"
    ]
    return _number(BASE, None, found)


def is_dropped(spec: RunSpec, following: RunSpec) -> bool:
    """Whether the run after it starts from where this one did."""
    return following.head == spec.head


def _said(run: str, events: Sequence[DurableEvent]) -> list[tuple[str, Message, float]]:
    """Replies and hints, in order. Of calls of the same turn, the last reply counts."""
    said: dict[str, tuple[str, Message, float]] = {}
    for event in events:
        if isinstance(event, ModelReplied):
            id = f"{run}/t{event.turn}"
            message = _shown(event.message)
            if event.interrupted:
                message = message.model_copy(update={"origin": "interrupted"})
            said.pop(id, None)
            said[id] = (id, message, event.at)
        elif isinstance(event, HintReceived):
            id = f"{run}/h{sum(key.startswith(f'{run}/h') for key in said)}"
            message = user_message(event.text, origin="hint")
            said[id] = (id, message, event.at)
    return [each for each in said.values() if each[1].parts]


def _shown(message: Message) -> Message:
    """A reply without the provider's own items."""
    parts = tuple(part for part in message.parts if part.type != "reasoning")
    return message.model_copy(update={"parts": parts})


def _number(
    turn: int, run: str | None, found: Sequence[tuple[str, Message, float]]
) -> tuple[StoredMessage, ...]:
    return tuple(
        StoredMessage(
            id=id,
            turn=turn,
            place=place,
            role="user" if message.role == "user" else "assistant",
            parts=_shown(message).parts,
            origin=message.origin,
            run=run,
            at=at,
        )
        for place, (id, message, at) in enumerate(found)
    )
