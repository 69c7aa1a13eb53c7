"""The prompt of a model call, as it was sent."""

from __future__ import annotations

from typing import Literal

from harness.contracts.base import Flag, Word
from harness.contracts.message import Message
from harness.contracts.tool import ToolSpec


class PromptMessage(Word):
    """A message of a prompt."""

    place: int
    """Its place in the conversation, from 0. Gaps are messages that were left out."""
    message: Message
    tokens: int
    """Estimated."""
    state: Literal["pinned", "cleared", "summary"] | None = None
    """`pinned`: no trimming drops it. `cleared`: results of tools were replaced by stubs.
    `summary`: it stands for messages that a compaction left out."""
    new: Flag = None
    """The model had not read it before."""


class SentPrompt(Word):
    """What a model call sent, assembled again from the transcript, the pinned agent and its context
    policy. Interceptors of capabilities may have changed it after that."""

    run: str
    turn: int
    call: int
    model: str
    instructions: str
    tools: tuple[ToolSpec, ...]
    messages: tuple[PromptMessage, ...]
    dropped: int
    """Messages that the context policy left out."""
    tokens: int
    """Estimated for all of it, corrected by what the provider counted in earlier turns."""
    reported: int | None = None
    """Tokens that the provider counted; absent if it has not answered, or did not count."""
    cached: int | None = None
    """Of those, from the provider's cache."""
