"""Messages of a conversation and the parts they are made of, the same for every provider."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import Field

from harness.contracts.base import Flag, Word
from harness.contracts.gate import Derived


class Text(Word):
    """A piece of text in a message."""

    type: Literal["text"] = "text"
    text: str


class Image(Word):
    """A picture, by address, by artifact or as base64 data."""

    type: Literal["image"] = "image"
    media_type: str | None = None
    url: str | None = None
    artifact: str | None = None
    data: str | None = None


class FileRef(Word):
    """A file that lives in the artifact store."""

    type: Literal["file"] = "file"
    artifact: str
    name: str
    media_type: str | None = None
    size: int | None = None


class Reasoning(Word):
    """A model's reasoning. `opaque` is the provider's own item, returned to it unchanged."""

    type: Literal["reasoning"] = "reasoning"
    provider: str
    text: str | None = None
    opaque: dict[str, Any] | None = None


class ToolCall(Word):
    """The model asks for a tool. Arguments that are not a JSON object are kept as raw text."""

    type: Literal["tool_call"] = "tool_call"
    id: str
    name: str
    arguments: dict[str, Any] | str
    derived: tuple[Derived, ...] | None = None
    """Arguments whose values come from untrusted content only, computed when the model called."""


def call_ordinals(calls: Sequence[ToolCall]) -> list[int | None]:
    """Number each call among equal calls of the reply, from 2; None for the first."""
    ordinals: list[int | None] = []
    for place, call in enumerate(calls):
        same = [c for c in calls[:place] if (c.name, c.arguments) == (call.name, call.arguments)]
        ordinals.append(len(same) + 1 if same else None)
    return ordinals


class ToolResult(Word):
    """The result of a tool call. `artifact` holds the full result if it was too large to show."""

    type: Literal["tool_result"] = "tool_result"
    call: str
    name: str
    content: str
    error: Flag = None
    artifact: str | None = None
    untrusted: Flag = None
    """Its content comes from outside, so that anyone may have written it."""


Part = Annotated[
    Text | Image | FileRef | Reasoning | ToolCall | ToolResult, Field(discriminator="type")
]

Role = Literal["user", "assistant", "tool"]
Origin = Literal[
    "hint", "mend", "interrupted", "summary", "instructions", "memories", "budget", "handover",
    "caller",
]  # fmt: skip
Taint = Literal["others", "untrusted"]
"""What the writer of a text had read before: content of others, such as results of tools; or
content that is marked untrusted."""


class Message(Word):
    """What a user, a model or a tool said."""

    role: Role
    parts: tuple[Part, ...]
    origin: Origin | None = None
    """Set on messages other than the user's and the model's own: an operator's hint, a request to
    correct an invalid reply, an interrupted reply, a summary of omitted turns, instructions that a
    worker wrote for the run, memories that it begins with, the words of an agent that handed the
    conversation over, the words of an agent that called this one as a tool."""
    pinned: Flag = None
    """It is always sent to the model: no trimming or compaction drops it."""
    taint: Taint | None = None
    """With origin `caller`: what that agent had read when it wrote this. Absent: nothing of
    others."""

    @property
    def text(self) -> str:
        """Its pieces of text, joined."""
        return "".join(part.text for part in self.parts if isinstance(part, Text))

    @property
    def calls(self) -> tuple[ToolCall, ...]:
        """The tool calls that it asks for."""
        return tuple(part for part in self.parts if isinstance(part, ToolCall))


def user_message(text: str, *, origin: Origin | None = None, pinned: Flag = None) -> Message:
    return Message(role="user", parts=(Text(text=text),), origin=origin, pinned=pinned)


def tool_results(results: tuple[ToolResult, ...]) -> Message:
    return Message(role="tool", parts=results)
