"""Groq's Chat Completions as the fake server speaks it."""

from __future__ import annotations

from typing import Any

from tests.fakes import wire_chat
from tests.fakes.steps import Fail, Frame, Say
from tests.fakes.wire_chat import error_body, error_frame
from tests.fakes.wire_responses import bad

__all__ = ["check", "error_body", "error_frame", "frames"]

Json = dict[str, Any]
REFUSED = frozenset({"logprobs", "logit_bias", "top_logprobs", "max_tokens"})
"""What Groq does not support, or what its documentation calls deprecated."""


def check(body: Json) -> Fail | None:
    """What the real API would answer 400 to."""
    if refused := REFUSED & set(body):
        return bad(f"property '{refused.pop()}' is unsupported")
    return wire_chat.check(body)


def frames(say: Say, body: Json) -> list[Frame]:
    """The chunks of one completion; Groq names thoughts `reasoning`."""
    return [
        Frame(frame.data.replace(b'"reasoning_content"', b'"reasoning"'), frame.delta)
        for frame in wire_chat.frames(say, body)
    ]
