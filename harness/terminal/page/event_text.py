"""The readable texts of an event, shown before its fields as JSON. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from harness.contracts import event as e
from harness.contracts.event import DurableEvent
from harness.contracts.message import Message, Text, ToolResult
from harness.contracts.verdicts import Asked
from harness.terminal.view.arguments import argument_lines

FROM = {
    "user": "From the user", "assistant": "From the model", "tool": "From a tool",
    "hint": "Hint", "mend": "Request to correct the reply",
    "interrupted": "The reply that was cut off", "summary": "Summary of dropped messages",
    "instructions": "Instructions", "memories": "Memories", "budget": "The budget",
    "handover": "From the agent that handed over", "caller": "From the agent that called",
}  # fmt: skip

UNFOLDED = 1_000_000
"""Columns of a line of arguments: the browser wraps it."""


def event_text(event: DurableEvent) -> Iterator[tuple[str, str]]:
    """Texts with their headings."""
    match event:
        case e.RunStarted():
            yield "Prompt", event.prompt
        case e.ModelCalled():
            for message in event.messages:
                yield from _message_texts(message)
        case e.ModelReplied():
            yield "Answer", event.message.text
            for call in event.message.calls:
                yield f"Requests {call.name}", _arguments_text(call.arguments)
        case e.ToolCallRequested():
            yield f"Arguments of {event.call.name}", _arguments_text(event.call.arguments)
        case e.ToolCallChecked() | e.ToolCallStarted():
            yield f"Arguments of {event.name}", _arguments_text(event.arguments)
        case e.ToolCallFinished():
            yield f"Result of {event.name}", event.content
        case e.DecisionRequested():
            yield "Question", event.question
            if event.tool:
                yield f"Arguments of {event.tool}", _arguments_text(event.arguments or {})
        case _:
            yield from _other_texts(event)


def _other_texts(event: DurableEvent) -> Iterator[tuple[str, str]]:
    match event:
        case e.DecisionMade():
            yield "Note", event.note or ""
            yield "Answer", event.answer or ""
            if event.arguments:
                yield "Arguments", _arguments_text(event.arguments)
        case e.HintReceived():
            yield "Hint", event.text
        case e.SignalRefused():
            yield "Reason", event.message
        case e.ContextCompacted():
            yield "Summary", event.summary
        case e.ModelFailed() | e.CompactionFailed():
            yield "Error", f"{event.error.message}\n{event.error.fix}"
        case e.RunEnded():
            yield "Answer", event.output
            yield "Reason", event.reason or ""
            if event.error:
                yield "Error", f"{event.error.message}\n{event.error.fix}"
        case _:
            return


def _message_texts(message: Message) -> Iterator[tuple[str, str]]:
    """The parts of a message that are new to the model."""
    for part in message.parts:
        match part:
            case Text():
                yield FROM[message.origin or message.role], part.text
            case ToolResult():
                yield f"Result of {part.name}", part.content
            case _:
                continue


def _arguments_text(arguments: dict[str, Any] | str) -> str:
    return "\n".join(argument_lines(Asked("", "", arguments), UNFOLDED)) or "none"
