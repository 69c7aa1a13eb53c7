"""The AI SDK's UI message stream: a run is one message of the assistant, with the run's id."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from typing import Any

from pydantic_core import to_json

from harness.api.context import ApiContext
from harness.api.stream_event import DONE, Chunk, StreamEvent
from harness.contracts.errors import BudgetReached, HarnessError
from harness.contracts.event import Cursor, RunEnded
from harness.contracts.run import RunState
from harness.conversations.contracts import Card, turn_run
from harness.runs.holds import Hold
from harness.ui_streams.pieces import (
    Piece,
    StepBegun,
    StepEnded,
    TextAdded,
    TextBegun,
    TextEnded,
    TextReplaced,
    ToolCalled,
    ToolEnded,
    asked_call_id,
)
from harness.ui_streams.questions import Question, list_questions
from harness.ui_streams.turns import follow_turn

HEADERS = {"x-vercel-ai-ui-message-stream": "v1"}
APPROVED = ("approval", "outcome")
"""Needs that the protocol's approval of a tool call can express."""
Part = dict[str, Any]


async def stream_ai_sdk(
    context: ApiContext, card: Card, number: int, after: Cursor | None
) -> AsyncGenerator[StreamEvent]:
    """The parts of the assistant's message, from a place on."""
    yield make_part({"type": "start", "messageId": turn_run(card.id, number)})
    last: Hold | RunEnded | None = None
    try:
        async with aclosing(follow_turn(context, card, number, after)) as shown:
            async for each in shown:
                if isinstance(each, Hold):
                    parts = describe_hold(number, each)
                else:
                    parts = () if isinstance(each, RunEnded) else describe_piece(each)
                for part in parts:
                    yield make_part(part)
                last = each if isinstance(each, Hold | RunEnded) else last
        for part in describe_end(number, last) if last else ():
            yield make_part(part)
    except HarnessError as error:
        yield make_part({"type": "error", "errorText": error.message})
    yield DONE


def make_part(fields: Part) -> StreamEvent:
    """A part of the stream."""
    return Chunk(fields["type"], to_json(fields))


def describe_piece(piece: Piece) -> Iterator[Part]:
    """The parts that a piece of a run is."""
    match piece:
        case StepBegun():
            yield {"type": "start-step"}
        case StepEnded():
            yield {"type": "finish-step"}
        case TextBegun(id):
            yield {"type": "text-start", "id": id}
        case TextAdded(id, text):
            yield {"type": "text-delta", "id": id, "delta": text}
        case TextReplaced(id, text):
            yield {"type": "reset-step"}
            yield {"type": "text-start", "id": id}
            yield {"type": "text-delta", "id": id, "delta": text}
        case TextEnded(id):
            yield {"type": "text-end", "id": id}
        case ToolCalled(id, _, name, arguments):
            # Executed by us: a client that ran it, or waited for its own result, would be wrong.
            yield _make_call(id, name, arguments, ours=True)
        case ToolEnded(id, content, ok, refused):
            if refused:
                yield {"type": "tool-output-denied", "toolCallId": id}
            elif ok:
                yield {"type": "tool-output-available", "toolCallId": id, "output": content}
            else:
                yield {"type": "tool-output-error", "toolCallId": id, "errorText": content}


def describe_hold(number: int, hold: Hold) -> Iterator[Part]:
    """The parts that ask a person: approvals and questions of tool calls in the protocol's own way,
    others as data."""
    for question in list_questions(number, hold):
        asked = question.asked
        call = asked_call_id(hold.run, asked) if asked else None
        if asked is None or call is None or asked.need not in (*APPROVED, "answer"):
            need = asked.need if asked else "paused"
            data = {"id": question.id, "run": hold.run, "need": need, "question": question.text}
            yield {"type": "data-question", "id": question.id, "data": data}
        elif asked.need == "answer":
            yield _make_call(call, asked.tool or "", asked.arguments or {}, ours=False)
        else:
            yield {
                "type": "tool-approval-request",
                "approvalId": question.id,
                "toolCallId": call,
                "reason": question.text,
            }


def describe_end(number: int, last: Hold | RunEnded) -> Iterator[Part]:
    """The last parts."""
    if isinstance(last, Hold):
        asked = _list_asked(list_questions(number, last))
        yield {"type": "finish", "finishReason": "tool-calls", "messageMetadata": {
            "harness": {"asked": asked},
        }}  # fmt: skip
    elif last.state is RunState.COMPLETED:
        yield {"type": "finish", "finishReason": "length" if last.truncated else "stop"}
    elif last.error is None:
        yield {"type": "abort", "reason": last.reason or "aborted"}
    elif last.error.code == BudgetReached.code:
        yield {"type": "finish", "finishReason": "length"}
    else:
        yield {"type": "error", "errorText": last.error.message}
        yield {"type": "finish", "finishReason": "error"}


def _list_asked(questions: list[Question]) -> list[dict[str, str]]:
    """The questions whose reply is a tool's output, with their calls. A list, because clients merge
    the fields of objects: a question that was answered would stay among those of a later stop."""
    return [
        {"call": call, "question": each.id}
        for each in questions
        if each.asked and each.asked.need == "answer"
        if (call := asked_call_id(each.run, each.asked))
    ]


def _make_call(id: str, name: str, arguments: dict[str, Any] | str, *, ours: bool) -> Part:
    return {
        "type": "tool-input-available",
        "toolCallId": id,
        "toolName": name,
        "input": arguments,
        "dynamic": True,
        "providerExecuted": ours,
    }
