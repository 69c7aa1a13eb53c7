"""Estimate the tokens of messages and requests.

No provider's counter is used: the one that exists costs a request per call. The usage that the
provider reports with each reply corrects the estimate of the next call instead.
"""

from __future__ import annotations

from collections.abc import Sequence

from harness.contracts.message import FileRef, Image, Message, Part, Reasoning, Text, ToolResult
from harness.contracts.model import ModelRequest, Usage
from harness.contracts.tool import ToolSpec

CHARS_PER_TOKEN = 4  # an estimate that holds within a fifth for English and code
IMAGE_TOKENS = 1_000
MOST_THINKING = 65_536
MOST_OUTPUT = 1_000_000
"""More than any model writes in one answer: the bound if the request names none."""
FRAME_CHARS = 48
"""Of a part beside its text: names, ids and quotes."""
LEAST_SCALE, MOST_SCALE = 0.2, 10.0
"""The bounds of `Scale`: what a provider's figures can do to an estimate."""


def estimate_message(message: Message) -> int:
    """Estimate the tokens of a message."""
    tokens = sum(IMAGE_TOKENS for part in message.parts if isinstance(part, Image))
    return tokens + sum(map(_count_bytes, message.parts)) // CHARS_PER_TOKEN


def estimate_fixed(instructions: str, tools: Sequence[ToolSpec]) -> int:
    """Estimate what each call of an agent sends besides its messages."""
    return (len(instructions) + sum(len(tool.wire()) for tool in tools)) // CHARS_PER_TOKEN


def estimate_input(request: ModelRequest) -> int:
    """Estimate the tokens of a request."""
    fixed = estimate_fixed(request.instructions, request.tools)
    return max(1, fixed + sum(map(estimate_message, request.messages)))


def measure_scale(usage: Usage, request: ModelRequest) -> float | None:
    """Return how many tokens the provider counted for each estimated one; None if it does not say.

    Images are estimated too coarsely to correct anything by them.
    """
    pictures = any(isinstance(part, Image) for each in request.messages for part in each.parts)
    if usage.estimated or not usage.input or pictures:
        return None
    scale = usage.input / estimate_input(request)
    return round(min(max(scale, LEAST_SCALE), MOST_SCALE), 2)


def complete_usage(usage: Usage, request: ModelRequest, reply: Message) -> Usage:
    """Estimate what the provider's usage lacks: budgets must hold without it."""
    change: dict[str, int] = {}
    if not usage.input:
        change["input"] = estimate_input(request)
    if not usage.output and reply.parts:
        change["output"] = max(1, estimate_message(reply))
    return usage.model_copy(update={**change, "estimated": True}) if change else usage


def bound_output(usage: Usage, request: ModelRequest) -> Usage:
    """Bound the output that a provider reports by what the request allowed: one false figure would
    use up a budget, or a limit."""
    params = request.params
    most = params.max_output_tokens or MOST_OUTPUT
    if params.extra:  # may name another limit
        most = MOST_OUTPUT
    elif params.reasoning_effort is not None:  # some providers then get a higher limit than ours
        most = max(most, MOST_THINKING)
    if usage.output <= most:
        return usage
    reasoning = None if usage.reasoning is None else min(usage.reasoning, most)
    return usage.model_copy(update={"output": most, "reasoning": reasoning, "estimated": True})


def _count_bytes(part: Part) -> int:
    if isinstance(part, Text):
        return FRAME_CHARS + _bytes_of(part.text)
    if isinstance(part, ToolResult):
        return FRAME_CHARS + _bytes_of(part.content)
    if isinstance(part, Image):
        return 0
    if isinstance(part, FileRef):
        return FRAME_CHARS + len(part.name)
    if isinstance(part, Reasoning) and part.opaque is None:
        return FRAME_CHARS + _bytes_of(part.text or "")
    return len(part.wire())


def _bytes_of(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode(errors="replace"))
