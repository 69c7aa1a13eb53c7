"""The messages of a chat as the AI SDK keeps them: what a page loads before it resumes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from harness.contracts.message import Text
from harness.contracts.run import RunSpec
from harness.conversations.contracts import MESSAGE_LABEL, Card, turn_run
from harness.conversations.turns import find_last, read_turn_spec
from harness.engine.connection import Connection
from harness.history import reader
from harness.journal.branches import drop_reset_events
from harness.journal.card import card_of
from harness.ui_streams.pieces import (
    Piece,
    PieceReader,
    StepBegun,
    TextAdded,
    TextBegun,
    TextReplaced,
    ToolCalled,
    ToolEnded,
)

UiMessage = dict[str, Any]


async def read_messages(connection: Connection, card: Card, turns: int) -> list[UiMessage]:
    """The messages of the newest runs of a conversation, oldest first. The answer of a run that is
    open is left out: its stream repeats it."""
    last = await find_last(connection, card.id)
    found: list[UiMessage] = []
    for number in range(max(1, last - turns + 1), last + 1):
        spec = await read_turn_spec(connection, card, number)
        if spec is None:
            continue
        run = turn_run(card.id, number)
        read = reader.read_events(connection, run, wait=False)
        events = [event async for event in read]
        known = card_of(events)
        found.append(_describe_user(run, spec))
        if known is not None and known.state.over:
            pieces = PieceReader(run)
            shown = [piece for event in drop_reset_events(events) for piece in pieces.take(event)]
            found.append({"id": run, "role": "assistant", "parts": collect_parts(shown)})
    return found


def _describe_user(run: str, spec: RunSpec) -> UiMessage:
    texts = [
        {"type": "text", "text": part.text}
        for message in spec.messages
        if message.role == "user"
        for part in message.parts
        if isinstance(part, Text)
    ]
    id = (spec.labels or {}).get(MESSAGE_LABEL, f"{run}/0")
    return {"id": id, "role": "user", "parts": texts}


def collect_parts(pieces: Iterable[Piece]) -> list[dict[str, Any]]:
    """The parts that a client has after a stream with these pieces."""
    parts: list[dict[str, Any]] = []
    calls: dict[str, dict[str, Any]] = {}
    for piece in pieces:
        match piece:
            case StepBegun():
                parts.append({"type": "step-start"})
            case TextBegun():
                parts.append({"type": "text", "text": "", "state": "done"})
            case TextAdded(_, text):
                parts[-1]["text"] += text
            case TextReplaced(_, text):
                parts[-1]["text"] = text
            case ToolCalled(id, _, name, arguments):
                calls[id] = {
                    "type": "dynamic-tool", "toolCallId": id, "toolName": name, "input": arguments,
                    "state": "input-available", "providerExecuted": True,
                }  # fmt: skip
                parts.append(calls[id])
            case ToolEnded(id) if id in calls:
                calls[id] |= _describe_end(piece)
            case _:
                pass
    return parts


def _describe_end(ended: ToolEnded) -> dict[str, Any]:
    if ended.refused:
        approval = {"id": ended.id, "approved": False}
        return {"state": "output-denied", "approval": approval}
    if ended.ok:
        return {"state": "output-available", "output": ended.content}
    return {"state": "output-error", "errorText": ended.content}
