"""Instructions that a worker wrote for a run stand in its transcript: replay, forks and later turns
read the same text."""

from __future__ import annotations

from collections.abc import Sequence

from harness.contracts.message import Message
from harness.contracts.model import AgentSpec

ORIGIN = "instructions"


def take_instructions(
    messages: Sequence[Message], spec: AgentSpec
) -> tuple[AgentSpec, list[Message]]:
    """The spec with the newest instructions filled in, and the messages without any. A session may
    hold those of several runs, also of other agents."""
    written = [message.text for message in messages if message.origin == ORIGIN]
    if not written:
        return spec, list(messages)
    if spec.dynamic:
        spec = spec.model_copy(update={"instructions": written[-1]})
    return spec, [message for message in messages if message.origin != ORIGIN]
