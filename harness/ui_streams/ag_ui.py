"""AG-UI: one request is one run of the protocol, which ends where ours ends or needs a person."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from typing import Any

from pydantic_core import to_json

from harness.api.context import ApiContext
from harness.api.live_text import RESTARTED
from harness.api.stream_event import Chunk, StreamEvent
from harness.contracts.errors import HarnessError
from harness.contracts.event import Cursor, RunEnded
from harness.contracts.run import RunState
from harness.contracts.verdicts import MEANINGS
from harness.conversations.contracts import Card
from harness.runs.holds import Hold
from harness.ui_streams.ag_ui_input import AgUiInput
from harness.ui_streams.pieces import (
    Piece,
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

VERSION = "1.0"
TEXT = {"type": "string"}
APPROVAL = {
    "type": "object",
    "properties": {"approved": {"type": "boolean"}, "editedArgs": {"type": "object"}, "note": TEXT},
    "required": ["approved"],
    "additionalProperties": False,
}
ANSWER = {
    "type": "object",
    "properties": {"answer": TEXT},
    "required": ["answer"],
    "additionalProperties": False,
}
RESUME = {"type": "object", "additionalProperties": False}
Fields = dict[str, Any]


async def stream_ag_ui(
    context: ApiContext, card: Card, given: AgUiInput, number: int, after: Cursor | None
) -> AsyncGenerator[StreamEvent]:
    """The events of one run of the protocol."""
    ids = {"threadId": given.threadId, "runId": given.runId}
    yield make_event("RUN_STARTED", ids | {"protocolVersion": VERSION})
    try:
        async with aclosing(follow_turn(context, card, number, after)) as shown:
            async for each in shown:
                if isinstance(each, Hold | RunEnded):
                    kind, fields = describe_end(number, each)
                    yield make_event(kind, fields if kind == "RUN_ERROR" else ids | fields)
                else:
                    for kind, fields in describe_piece(each):
                        yield make_event(kind, fields)
    except HarnessError as error:
        yield make_event("RUN_ERROR", {"message": error.message, "code": error.code})


def make_event(kind: str, fields: Fields) -> StreamEvent:
    """An event of the protocol."""
    return Chunk(kind, to_json({"type": kind, **fields}))


def describe_piece(piece: Piece) -> Iterator[tuple[str, Fields]]:
    """The events that a piece of a run is."""
    match piece:
        case TextBegun(id):
            yield "TEXT_MESSAGE_START", {"messageId": id, "role": "assistant"}
        case TextAdded(id, text):
            yield "TEXT_MESSAGE_CONTENT", {"messageId": id, "delta": text}
        case TextReplaced(id, text):
            yield "TEXT_MESSAGE_CONTENT", {"messageId": id, "delta": RESTARTED + text}
        case TextEnded(id):
            yield "TEXT_MESSAGE_END", {"messageId": id}
        case ToolCalled(id, message, name, arguments):
            start = {"toolCallId": id, "toolCallName": name, "parentMessageId": message}
            yield "TOOL_CALL_START", start
            yield "TOOL_CALL_ARGS", {"toolCallId": id, "delta": _write_arguments(arguments)}
            yield "TOOL_CALL_END", {"toolCallId": id}
        case ToolEnded(id, content):
            result = {"messageId": f"{id}/result", "toolCallId": id, "role": "tool"}
            yield "TOOL_CALL_RESULT", result | {"content": content}
        case _:
            pass


def describe_end(number: int, last: Hold | RunEnded) -> tuple[str, Fields]:
    """The last event: a success, an interrupt, or why there is no answer."""
    if isinstance(last, Hold):
        asked = [describe_interrupt(each) for each in list_questions(number, last)]
        return "RUN_FINISHED", {"outcome": {"type": "interrupt", "interrupts": asked}}
    if last.state is RunState.COMPLETED:
        result = {"result": last.data} if last.data is not None else {}
        return "RUN_FINISHED", {"outcome": {"type": "success"}, **result}
    if last.error is not None:
        return "RUN_ERROR", {"message": last.error.message, "code": last.error.code}
    return "RUN_FINISHED", {"outcome": {"type": "cancelled"}}


def describe_interrupt(question: Question) -> Fields:
    """An interrupt: what it asks, and the schema of its reply."""
    asked = question.asked
    fields: Fields = {
        "id": question.id,
        "reason": "paused",
        "message": question.text,
        "responseSchema": RESUME,
    }
    if asked is None:
        return fields
    call = asked_call_id(question.run, asked)
    about = {"toolCallId": call} if call else {}
    return {
        **fields,
        **about,
        "reason": "tool_call" if asked.need == "approval" else asked.need,
        "responseSchema": make_schema(asked.need),
        "metadata": {"harness": asked.model_dump(
            mode="json", include={"need", "tool", "effect", "arguments", "digest"},
            exclude_none=True,
        )},
    }  # fmt: skip


def make_schema(need: str) -> Fields:
    """The schema of a reply to what a run needs."""
    if need == "answer":
        return ANSWER
    if need != "outcome":
        return APPROVAL
    verdicts = [{"const": each, "description": does} for each, does in MEANINGS[need].items()]
    properties = {
        "verdict": {"oneOf": verdicts},
        "answer": TEXT,
        "editedArgs": {"type": "object"},
        "note": TEXT,
    }
    return {
        "type": "object",
        "properties": properties,
        "required": ["verdict"],
        "additionalProperties": False,
    }


def _write_arguments(arguments: dict[str, Any] | str) -> str:
    return arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False)
