"""Choose the messages to send once the conversation exceeds its limit."""

from __future__ import annotations

from collections.abc import Sequence

from harness.contracts.message import Image, Message
from harness.contracts.model import ContextPolicy, ModelRequest, Usage

CHARS_PER_TOKEN = 4  # an estimate that holds within a fifth for English and code
IMAGE_TOKENS = 1_000


def fit_messages(
    messages: Sequence[Message], policy: ContextPolicy
) -> tuple[tuple[Message, ...], int]:
    """Return the messages to send, and how many were left out.

    Whole exchanges are left out, starting with the second: the first user message states the
    purpose of the run, and a tool call is never separated from its result.
    """
    limit = policy.max_input_tokens
    if limit is None:
        return tuple(messages), 0
    groups = _group_messages(messages)
    sizes = [sum(map(estimate_message, group)) for group in groups]
    total, first = sum(sizes), 1
    while total > limit and first < len(groups) - 1:
        total -= sizes[first]
        first += 1
    kept = groups[:1] + groups[first:]
    sent = tuple(message for group in kept for message in group)
    return sent, len(messages) - len(sent)


def estimate_message(message: Message) -> int:
    images = sum(isinstance(part, Image) for part in message.parts)
    text = sum(len(part.wire()) for part in message.parts if not isinstance(part, Image))
    return text // CHARS_PER_TOKEN + images * IMAGE_TOKENS


def complete_usage(usage: Usage, request: ModelRequest, reply: Message) -> Usage:
    """Estimate what the provider's usage lacks: budgets must hold without it."""
    change: dict[str, int] = {}
    if not usage.input:
        change["input"] = estimate_input(request)
    if not usage.output and reply.parts:
        change["output"] = max(1, estimate_message(reply))
    return usage.model_copy(update={**change, "estimated": True}) if change else usage


def estimate_input(request: ModelRequest) -> int:
    fixed = len(request.instructions) + sum(len(tool.wire()) for tool in request.tools)
    return max(1, fixed // CHARS_PER_TOKEN + sum(map(estimate_message, request.messages)))


def _group_messages(messages: Sequence[Message]) -> list[list[Message]]:
    """Group messages that belong together: a reply that calls tools, and their results."""
    groups: list[list[Message]] = []
    for message in messages:
        if message.role == "tool" and groups:
            groups[-1].append(message)
        else:
            groups.append([message])
    return groups
