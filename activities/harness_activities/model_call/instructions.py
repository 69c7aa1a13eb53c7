"""Read the instructions that a worker wrote for a run from its transcript, so that replay, forks
and later turns use the same text."""

from __future__ import annotations

from collections.abc import Sequence

from harness.contracts.message import Message
from harness.contracts.model import AgentSpec

ORIGIN = "instructions"


def take_instructions(
    messages: Sequence[Message], spec: AgentSpec
) -> tuple[AgentSpec, list[Message]]:
    """Return the spec with the newest instructions, and the messages without any. A session may
    contain instructions of several runs, even of other agents."""
    written = [message.text for message in messages if message.origin == ORIGIN]
    if not written:
        return spec, list(messages)
    if spec.dynamic:
        spec = spec.model_copy(update={"instructions": written[-1]})
    return spec, [message for message in messages if message.origin != ORIGIN]
