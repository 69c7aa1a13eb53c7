"""What a tool returns if the model should read less than people can download."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Summarized:
    """A result in two forms. The model reads `text`, which names the other as an artifact of the
    run: `read_result` reads it in parts, and people download it."""

    text: str
    content: bytes
    media_type: str
    what: str
    """What the content is, such as "240 points of 3 curves"."""
