"""Pictures lie in the artifact store: history and transcripts hold their addresses."""

from __future__ import annotations

import base64
from collections.abc import Sequence

from harness.contracts.message import Image, Message, Part
from harness.store.artifacts import Artifacts


async def with_images(messages: Sequence[Message], artifacts: Artifacts) -> tuple[Message, ...]:
    """The same messages, their pictures filled in for the provider."""
    return tuple([await _filled(m, artifacts) if _lacks(m) else m for m in messages])


def _lacks(message: Message) -> bool:
    return any(_is_address(part) for part in message.parts)


def _is_address(part: Part) -> bool:
    return isinstance(part, Image) and part.artifact is not None and part.data is None


async def _filled(message: Message, artifacts: Artifacts) -> Message:
    parts: list[Part] = []
    for part in message.parts:
        if isinstance(part, Image) and part.artifact is not None and part.data is None:
            content = await artifacts.get(part.artifact)
            data = base64.b64encode(content).decode()
            parts.append(part.model_copy(update={"data": data, "artifact": None}))
        else:
            parts.append(part)
    return message.model_copy(update={"parts": tuple(parts)})
