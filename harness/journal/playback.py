"""Build the record of a what-if: the results that models read, by call. Pure.

A result counts as the model read it, whether from a tool or from a person who answered a
question, edited a call or refused it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from harness.contracts import event as e
from harness.contracts.errors import (
    CallNotRecorded,
    ErrorInfo,
    InvalidToolArguments,
    ToolDenied,
    UnknownTool,
)
from harness.contracts.event import DurableEvent
from harness.contracts.message import Message, ToolCall, ToolResult
from harness.contracts.whatif import Record, Recorded, RecordedCall, call_key
from harness.journal.branches import drop_reset_events

NO_ANSWER = frozenset(
    {CallNotRecorded.code, UnknownTool.code, InvalidToolArguments.code, ToolDenied.code}
)
"""Errors that are not results: of what-ifs, of the model's own mistakes, of aborts."""


@dataclass(frozen=True)
class Seen:
    """A call of a run, and the result that the model read."""

    turn: int
    call: ToolCall
    result: Recorded
    ran: ToolCall | None = None
    """The call as edited by a person."""

    @property
    def calls(self) -> tuple[ToolCall, ...]:
        return (self.call, self.ran) if self.ran else (self.call,)


@dataclass
class _Open:
    turn: int
    call: ToolCall
    finished: e.ToolCallFinished | None = None
    ran: ToolCall | None = None
    told: ToolResult | None = None


def list_calls(events: Iterable[DurableEvent]) -> list[Seen]:
    """List calls with their results, in order, without those that resets dropped."""
    done: list[_Open] = []
    calls: dict[str, _Open] = {}
    """Calls of the newest reply: providers may reuse ids in later replies."""
    for event in drop_reset_events(events):
        match event:
            case e.ModelReplied() if not event.interrupted:
                calls = {call.id: _Open(event.turn, call) for call in event.message.calls}
                done.extend(calls.values())
            case e.ModelCalled():
                for message in event.messages:
                    for part in message.parts:
                        if isinstance(part, ToolResult) and part.call in calls:
                            calls[part.call].told = part
            case e.ToolCallFinished() if event.call_id in calls:
                calls[event.call_id].finished = event
            case e.DecisionMade() if event.verdict == "edit" and event.id in calls:
                asked = calls[event.id]
                changed = {"arguments": event.arguments or {}}
                asked.ran = asked.call.model_copy(update=changed)
            case _:
                pass
    return [each for open in done if (each := _read_call(open))]


def _read_call(open: _Open) -> Seen | None:
    told, finished = open.told, open.finished
    failure = finished.error if finished else None
    if failure and failure.code in NO_ANSWER:
        return None
    if told is not None:
        result = Recorded(
            content=told.content, error=told.error, artifact=told.artifact, failure=failure
        )
    elif finished is not None:  # the run ended before the model read it
        result = _record_finished(finished, failure)
    else:
        return None
    return Seen(open.turn, open.call, result, open.ran)


def _record_finished(event: e.ToolCallFinished, failure: ErrorInfo | None) -> Recorded:
    return Recorded(
        content=event.content,
        error=None if event.ok else True,
        artifact=event.artifact,
        failure=failure,
    )


def edit_results(calls: Sequence[Seen], results: Mapping[str, str], at: int) -> list[Seen]:
    """Replace results, by call id. An id used up to turn `at` means those calls, not later ones
    that reuse it."""
    kept = {each.call.id for each in calls if each.turn <= at}
    return [
        replace(each, result=Recorded(content=results[each.call.id]))
        if each.call.id in results and (each.turn <= at or each.call.id not in kept)
        else each
        for each in calls
    ]


def make_record(
    calls: Iterable[Seen],
    at: int,
    *,
    before: Iterable[Message] = (),
    parents: Iterable[tuple[Iterable[Seen], int]] = (),
) -> Record:
    """Make the record for a fork after turn `at`.

    A call gets the results of equal calls after that turn, one after another. If there are none, it
    gets the newest result of equal calls up to then, including `before` the run began, or else the
    results of the run's `parents`, each with the turn at which it was forked.
    """
    found: dict[str, RecordedCall] = {}
    _add_missing(found, _group_results(calls, at))
    _add_missing(found, _newest_results(before))
    for theirs, left in parents:
        _add_missing(found, _group_results(theirs, left))
    return Record(calls=tuple(found.values()))


def _group_results(calls: Iterable[Seen], at: int) -> dict[str, RecordedCall]:
    later: dict[str, RecordedCall] = {}
    kept: dict[str, RecordedCall] = {}
    for each in calls:
        for call in {call_key(c.name, c.arguments): c for c in each.calls}.items():
            _put_result(later if each.turn > at else kept, *call, each.result, grow=each.turn > at)
    return {**kept, **later}


def _put_result(
    found: dict[str, RecordedCall], key: str, call: ToolCall, result: Recorded, *, grow: bool
) -> None:
    before = found[key].results if grow and key in found else ()
    found[key] = RecordedCall(name=call.name, arguments=call.arguments, results=(*before, result))


def _newest_results(messages: Iterable[Message]) -> dict[str, RecordedCall]:
    """The newest results in a conversation known only by its messages. Errors are omitted: some
    only report how a run ended."""
    found: dict[str, RecordedCall] = {}
    calls: dict[str, ToolCall] = {}
    for message in messages:
        if message.calls:
            calls = {call.id: call for call in message.calls}
        for part in message.parts:
            if isinstance(part, ToolResult) and part.call in calls and not part.error:
                call = calls[part.call]
                result = Recorded(content=part.content, artifact=part.artifact)
                _put_result(found, call_key(call.name, call.arguments), call, result, grow=False)
    return found


def _add_missing(found: dict[str, RecordedCall], more: Mapping[str, RecordedCall]) -> None:
    for key, each in more.items():
        found.setdefault(key, each)
