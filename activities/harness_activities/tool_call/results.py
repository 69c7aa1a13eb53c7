"""Convert what a tool returned to what the model reads."""

from __future__ import annotations

import asyncio
import codecs
import logging
from typing import Any, NamedTuple, Protocol

from pydantic_core import PydanticSerializationError, to_json

from harness.agent.summarized import Summarized
from harness.contracts.errors import HarnessError, ToolError, ToolFailed
from harness.contracts.tool import Effect

PREVIEW_LIMIT = 16_000
"""Most bytes of a result that is shown in full."""
HEAD, TAIL = 8_000, 4_000
MAX_RESULT = 64 * 1024 * 1024
BLOCK = 1024 * 1024

log = logging.getLogger("harness.tools")


class Artifacts(Protocol):
    """The part of the artifact store that tools need."""

    async def put(
        self, content: bytes, *, media_type: str | None = None, run: str | None = None
    ) -> str: ...

    async def get(self, id: str, offset: int = 0, limit: int | None = None) -> bytes: ...


class Shown(NamedTuple):
    content: str
    artifact: str | None = None


def render_bytes(value: Any) -> tuple[bytes, str]:
    """Convert the value to bytes, with their media type."""
    if isinstance(value, str):
        _check_size(len(value))
        return encode_text(value), "text/plain; charset=utf-8"
    if isinstance(value, bytes | bytearray):
        return bytes(value), "application/octet-stream"
    try:
        return to_json(value, inf_nan_mode="constants"), "application/json"
    except (PydanticSerializationError, UnicodeEncodeError, ValueError) as error:
        raise ToolFailed(
            f"It returned {type(value).__name__}, which has no JSON form: {error}"
        ) from None


async def show_result(
    value: Any, artifacts: Artifacts, *, run: str, effect: Effect, readable: bool
) -> Shown:
    """Return what the model sees of the value; a large one is stored as an artifact.

    `readable` says whether the agent has `read_result` to read the rest.
    """
    try:
        return await _show_value(value, artifacts, run, effect, readable)
    except ToolError as error:
        if effect == "read":
            raise
        # The effect has happened: if this were a failure, the model would call again.
        return Shown(f"[It was done. Its result cannot be shown: {error.message}]")


async def _show_value(
    value: Any, artifacts: Artifacts, run: str, effect: Effect, readable: bool
) -> Shown:
    if isinstance(value, Summarized):
        return await _show_summary(value, artifacts, run, readable)
    if isinstance(value, str | bytes | bytearray) and len(value) > PREVIEW_LIMIT:
        content, media_type, binary = await asyncio.to_thread(_classify_value, value)
    else:  # a mutable value must not change while it is read
        content, media_type, binary = _classify_value(value)
    if not binary and len(content) <= PREVIEW_LIMIT:
        return Shown(content.decode(errors="replace"))
    size = len(content)
    _check_size(size)
    try:
        artifact = await artifacts.put(content, media_type=media_type, run=run)
    except HarnessError as error:
        if effect == "read":
            raise
        log.warning("a large result could not be stored: %s", error)  # the effect has happened
        return Shown(
            f"{_format_preview(content, binary)}\n[{size:,} bytes; the rest could not be kept]"
        )
    how = _tell_how(artifact, readable)
    return Shown(
        f"{_format_preview(content, binary)}\n[the whole result has {size:,} bytes{how}]", artifact
    )


async def _show_summary(value: Summarized, artifacts: Artifacts, run: str, readable: bool) -> Shown:
    size = len(value.content)
    _check_size(size)
    text = shorten_text(value.text, PREVIEW_LIMIT).encode(errors="replace").decode()
    artifact = await artifacts.put(value.content, media_type=value.media_type, run=run)
    how = _tell_how(artifact, readable)
    return Shown(f"{text}\n[all of it, {value.what}, has {size:,} bytes{how}]", artifact)


def _tell_how(artifact: str, readable: bool) -> str:
    return f'; read it with read_result(artifact="{artifact}", offset=...)' if readable else ""


def encode_text(text: str) -> bytes:
    """Encode in pieces, between which other threads can run. Lone surrogates, which UTF-8 cannot
    represent, are replaced."""
    starts = range(0, len(text), BLOCK)
    return b"".join(text[at : at + BLOCK].encode(errors="replace") for at in starts)


def _classify_value(value: Any) -> tuple[bytes, str, bool]:
    content, media_type = render_bytes(value)
    return content, media_type, media_type == "application/octet-stream" and not _is_text(content)


def _check_size(size: int) -> None:
    if size > MAX_RESULT:
        raise ToolFailed(
            f"The result has {size:,} bytes; the limit is {MAX_RESULT:,}. Ask for less at a time.",
        )


def shorten_text(text: str, limit: int = HEAD) -> str:
    return text if len(text) <= limit else f"{text[:limit]}\n[cut: {len(text):,} characters]"


def _format_preview(content: bytes, binary: bool) -> str:
    if binary:
        return "(binary data)"
    head = content[:HEAD].decode(errors="ignore")
    tail = content[-TAIL:].decode(errors="ignore")
    return f"{head}\n[... {len(content) - HEAD - TAIL:,} bytes left out ...]\n{tail}"


def _is_text(content: bytes) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    starts = range(0, len(content), BLOCK)
    try:
        return all("\0" not in decoder.decode(content[at : at + BLOCK]) for at in starts) and (
            not decoder.decode(b"", final=True)
        )
    except UnicodeDecodeError:
        return False
