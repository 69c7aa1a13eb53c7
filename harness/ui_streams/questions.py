"""What a run asks of a person, and their replies. A question's id holds its place in the history,
so that a reply decides what was shown, and a repeated reply is the same one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from harness.api.body import Body, first_problem
from harness.api.caller import Caller
from harness.api.context import ApiContext
from harness.contracts.errors import HarnessError, InvalidRequest, NotPending
from harness.contracts.event import DecisionMade, DecisionRequested, DurableEvent, StateChanged
from harness.contracts.run import RunState
from harness.contracts.steering import Verdict
from harness.conversations.contracts import Card, turn_run
from harness.conversations.follow import Place, parse_place
from harness.conversations.turns import read_turn_spec
from harness.history import reader
from harness.journal.card import card_of
from harness.runs.holds import Hold
from harness.runs.steer import decide_run, send_signal

MAX_ID = 2_000
MAX_ANSWERS = 50
"""Replies in one request: each reads the run."""


@dataclass(frozen=True)
class Question:
    """Something that a run needs of a person."""

    place: Place
    """Where the run came to need it."""
    run: str
    asked: DecisionRequested | None
    """None: it is paused, and needs to be resumed."""

    @property
    def id(self) -> str:
        """Names it for a client."""
        return f"{self.place}/{self.asked.id if self.asked else ''}"

    @property
    def text(self) -> str:
        """What a person reads."""
        return self.asked.question if self.asked else f"Run {self.run} is paused."


class Reply(Body):
    """A person's reply to a question."""

    approved: bool | None = None
    """Approve or reject."""
    editedArgs: dict[str, Any] | None = None
    """With approval: the arguments to change; those that it does not name stay."""
    answer: str | None = None
    """What the model reads as the result."""
    verdict: Verdict | None = None
    """One of our verdicts, where approval or an answer would be ambiguous."""
    note: str | None = None

    def said(self) -> dict[str, Any]:
        """The decision as `decide_run` takes it."""
        return {
            "verdict": self._verdict(),
            "note": self.note,
            "arguments": self.editedArgs,
            "answer": self.answer,
        }

    def _verdict(self) -> Verdict:
        if self.verdict is not None:
            return self.verdict
        if self.answer is not None:
            return "answer"
        if self.approved is None:
            raise InvalidRequest("The reply neither approves, rejects nor answers.")
        if not self.approved:
            return "reject"
        return "edit" if self.editedArgs else "approve"


def make_reply(given: Any) -> Reply:
    """The reply that a client's words are.

    Raises:
        InvalidRequest: They are malformed.
    """
    try:
        reply = Reply.model_validate(given)
        reply.model_dump_json()  # a value may be nested too deeply, or have half of a character
    except ValidationError as error:
        raise first_problem(error) from None
    except (ValueError, RecursionError):
        raise InvalidRequest("The reply is nested too deeply, or is not valid Unicode.") from None
    return reply


def list_questions(number: int, hold: Hold) -> list[Question]:
    """What the run with this number of its conversation needs of a person."""
    place = Place(number, hold.place)
    found = [Question(place, hold.run, each) for each in hold.waiting]
    if hold.state is RunState.PAUSED:
        found.append(Question(place, hold.run, None))
    return found


async def find_question(context: ApiContext, card: Card, id: str) -> Question:
    """The question of the conversation that an id names.

    Raises:
        InvalidRequest: There is none.
    """
    place, item = await _parse_id(context, card, id)
    if place is not None:
        run = turn_run(card.id, place.number)
        before, _ = _split(await _read_all(context, run), place)
        if not item:
            return Question(place, run, None)
        known = card_of(before)
        for asked in known.waiting if known else ():
            if asked.id == item:
                return Question(place, run, asked)
    raise InvalidRequest(
        f"{id[:120]!r} is not something that this conversation has asked.",
        fix="Send back an id that the end of its stream named.",
    )


async def answer_question(
    context: ApiContext, caller: Caller, question: Question, reply: Reply
) -> None:
    """Send the reply to a question. The same reply again changes nothing."""
    if question.asked is None:
        if _verdict_of(reply) != "approve":
            raise InvalidRequest(
                f"Run {question.run!r} is paused: it can only be resumed.",
                fix="To end it, abort it: POST /api/v1/runs/RUN/abort.",
            )
        if not await _is_resumed(context, question):
            await send_signal(context.connection, question.run, "resume", None, by=caller.user)
        return
    said = reply.said()
    if await _is_decided(context, question, said["verdict"]):
        return
    try:
        await decide_run(
            context.connection, question.run, question.asked, said, key=None, by=caller
        )
    except HarnessError:
        if not await _is_decided(context, question, said["verdict"]):  # by the same request
            raise


def _verdict_of(reply: Reply) -> Verdict:
    return reply.said()["verdict"]


async def _is_decided(context: ApiContext, question: Question, verdict: Verdict) -> bool:
    """Whether the question has had this reply."""
    _, after = _split(await _read_all(context, question.run), question.place)
    for event in after:
        if isinstance(event, DecisionMade) and question.asked and event.id == question.asked.id:
            if event.verdict == verdict:
                return True
            raise NotPending(
                f"{question.asked.id!r} was decided already: {event.verdict}, by {event.by}.",
                fix="Nothing was decided. Read the run again.",
            )
    return False


async def _is_resumed(context: ApiContext, question: Question) -> bool:
    _, after = _split(await _read_all(context, question.run), question.place)
    return any(isinstance(each, StateChanged) for each in after)


async def _parse_id(context: ApiContext, card: Card, id: str) -> tuple[Place | None, str]:
    words = id.split("/", 4)
    if len(words) != 5 or len(id) > MAX_ID:
        return None, ""
    place = await parse_place(context.connection, card, "/".join(words[:4]))
    if place is None or await read_turn_spec(context.connection, card, place.number) is None:
        return None, ""
    return place, words[4]


async def _read_all(context: ApiContext, run: str) -> list[DurableEvent]:
    read = reader.read_events(context.connection, run, wait=False)
    return [event async for event in read]


def _split(
    events: Sequence[DurableEvent], place: Place
) -> tuple[Sequence[DurableEvent], Sequence[DurableEvent]]:
    """The events up to a place, and those after it."""
    for number, event in enumerate(events, 1):
        if event.cursor == place.cursor:
            return events[:number], events[number:]
    return (), ()
