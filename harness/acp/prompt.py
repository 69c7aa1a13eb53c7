"""Reads what the person wrote in the editor."""

from __future__ import annotations

from typing import Any

from harness.contracts.errors import InvalidRequest

MOST_TEXT = 1_000_000


def read_prompt(blocks: list[Any]) -> str:
    """The prompt as text: links are named, and what is embedded follows under its address.

    Raises:
        InvalidRequest: It is empty, too long, or has a block that is not text.
    """
    parts = [_read_block(block) for block in blocks]
    text = "\n\n".join(part for part in parts if part)
    if not text.strip():
        raise InvalidRequest("The prompt is empty.", fix="Write something.")
    if len(text) > MOST_TEXT:
        raise InvalidRequest(f"The prompt has more than {MOST_TEXT:,} characters.")
    return text


def _read_block(block: Any) -> str:
    match block.type:
        case "text":
            return block.text
        case "resource_link":
            return f"{block.name}: {block.uri}"
        case "resource" if (text := getattr(block.resource, "text", None)) is not None:
            return f"{block.resource.uri}:\n{text}"
        case other:
            raise InvalidRequest(f"A prompt takes text, not {other}.", fix="Send only text.")
