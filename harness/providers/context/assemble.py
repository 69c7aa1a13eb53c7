"""Assemble what a call sends: the instructions of the run, and the messages that fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.contracts.message import Message
from harness.contracts.model import AgentSpec, ContextPolicy
from harness.providers.context.estimate import estimate_fixed
from harness.providers.context.fit import Fitted, fit_messages

INSTRUCTIONS = "instructions"
"""The origin of instructions that a worker wrote for a run. They are in its transcript, so that
replay, forks and later turns use the same text."""


@dataclass(frozen=True, slots=True)
class Assembled:
    """What a call sends."""

    spec: AgentSpec
    """The agent, with the instructions of the run."""
    messages: list[Message]
    """The conversation, without instructions."""
    fitted: Fitted
    """What is sent of it."""


def assemble(spec: AgentSpec, messages: Sequence[Message], scale: float | None) -> Assembled:
    """Assemble a call from the whole conversation; `scale` is that of an earlier turn."""
    spec, messages = take_instructions(messages, spec)
    fixed = estimate_fixed(spec.instructions, spec.tools) if counts_tokens(spec.context) else 0
    fitted = fit_messages(messages, spec.context, fixed=fixed, scale=scale or 1.0)
    return Assembled(spec, messages, fitted)


def counts_tokens(policy: ContextPolicy) -> bool:
    """Whether a policy needs estimates of tokens."""
    return policy.max_input_tokens is not None or policy.compact_at is not None


def take_instructions(
    messages: Sequence[Message], spec: AgentSpec
) -> tuple[AgentSpec, list[Message]]:
    """Return the spec with the newest instructions, and the messages without any. A session may
    contain instructions of several runs, even of other agents."""
    written = [message.text for message in messages if message.origin == INSTRUCTIONS]
    if not written:
        return spec, list(messages)
    if spec.dynamic:
        spec = spec.model_copy(update={"instructions": written[-1]})
    return spec, [message for message in messages if message.origin != INSTRUCTIONS]
