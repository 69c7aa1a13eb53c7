"""Stores files attached to a message before the run they belong to exists.

With encryption, a file has its own key until a run adopts it. The run then has a copy under its
family's key, and forgetting the run forgets both.
"""

from __future__ import annotations

import asyncio
import mimetypes
import secrets
from collections.abc import Sequence
from pathlib import Path

from harness.contracts.errors import ArtifactMissing
from harness.contracts.family import attached_owner, is_attached
from harness.contracts.message import FileRef, Image, Message
from harness.engine.connection import Connection

IMAGES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
"""What models take as pictures. Others, such as SVG, are files to them."""


async def attach_file(connection: Connection, file: Path) -> Image | FileRef:
    media_type = mimetypes.guess_type(file.name)[0]
    try:
        content = await asyncio.to_thread(file.read_bytes)
    except OSError as error:
        raise ArtifactMissing(
            f"{file} cannot be read: {error.strerror}",
            fix="Correct the path.",
        ) from error
    return await attach_content(connection, content, file.name, media_type)


async def attach_content(
    connection: Connection, content: bytes, name: str, media_type: str | None
) -> Image | FileRef:
    """Store the content of a file, and return it as the part of a message."""
    owner = attached_owner(secrets.token_urlsafe(16)) if connection.vault.encrypts else None
    artifact = await connection.stores.artifacts.put(content, media_type=media_type, run=owner)
    return as_part(artifact, name, media_type, len(content))


def as_part(artifact: str, name: str, media_type: str | None, size: int) -> Image | FileRef:
    """A stored file as the part of a message."""
    if media_type in IMAGES:
        return Image(media_type=media_type, artifact=artifact)
    return FileRef(artifact=artifact, name=name, media_type=media_type, size=size)


def add_parts(messages: Sequence[Message], parts: Sequence[Image | FileRef]) -> tuple[Message, ...]:
    """Messages whose last one has more parts."""
    *before, last = messages
    return (*before, last.model_copy(update={"parts": (*last.parts, *parts)}))


async def adopt_attachments(
    connection: Connection, run: str, messages: Sequence[Message]
) -> tuple[Message, ...]:
    """Return the messages of a starting run with their attachments copied to it."""
    if not connection.vault.encrypts:
        return tuple(messages)
    return tuple([await _adopt_parts(connection, run, each) for each in messages])


async def _adopt_parts(connection: Connection, run: str, message: Message) -> Message:
    parts = [
        part.model_copy(update={"artifact": await _copy_to_run(connection, run, part.artifact)})
        if isinstance(part, Image | FileRef) and part.artifact
        else part
        for part in message.parts
    ]
    return message.model_copy(update={"parts": tuple(parts)})


async def _copy_to_run(connection: Connection, run: str, artifact: str) -> str:
    owner, media_type = await connection.stores.artifacts.find_owner(artifact)
    if not is_attached(owner or ""):
        return artifact
    assert owner is not None
    content = await connection.stores.artifacts.get(artifact)
    family = await connection.vault.family_of(run)
    await connection.stores.families.add_member(connection.vault, owner, family)
    return await connection.stores.artifacts.put(content, media_type=media_type, run=run)
