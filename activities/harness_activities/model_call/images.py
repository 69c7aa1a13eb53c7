"""Load images from the artifact store: history and transcripts contain only their addresses."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Sequence

from harness.contracts.errors import ContentTooLarge
from harness.contracts.message import Image, Message, Part
from harness.store.artifacts import Artifacts

MAX_IMAGE = 20 * 1024 * 1024
BLOCK = 3 * 256 * 1024
"""Bytes encoded at a time, so that the event loop can run in between: a multiple of 3, so that the
pieces can be joined."""


async def fill_images(messages: Sequence[Message], artifacts: Artifacts) -> tuple[Message, ...]:
    """Return the messages with image data filled in, for the provider."""
    return tuple([await _fill_images(m, artifacts) if _lacks_images(m) else m for m in messages])


def _lacks_images(message: Message) -> bool:
    return any(_is_address(part) for part in message.parts)


def _is_address(part: Part) -> bool:
    return isinstance(part, Image) and part.artifact is not None and part.data is None


def _encode_base64(content: bytes) -> str:
    starts = range(0, len(content), BLOCK)
    return "".join(base64.b64encode(content[at : at + BLOCK]).decode() for at in starts)


async def _fill_images(message: Message, artifacts: Artifacts) -> Message:
    parts: list[Part] = []
    for part in message.parts:
        if isinstance(part, Image) and part.artifact is not None and part.data is None:
            content = await artifacts.get(part.artifact, 0, MAX_IMAGE + 1)
            if len(content) > MAX_IMAGE:
                raise ContentTooLarge(
                    f"The image {part.artifact} has more than {MAX_IMAGE:,} bytes.",
                    fix="Send a smaller image: providers accept no larger ones.",
                )
            data = await asyncio.to_thread(_encode_base64, content)
            parts.append(part.model_copy(update={"data": data, "artifact": None}))
        else:
            parts.append(part)
    return message.model_copy(update={"parts": tuple(parts)})
