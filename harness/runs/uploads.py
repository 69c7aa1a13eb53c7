"""Files that callers upload, and use in messages later.

The id of an upload is signed for its user: nobody else can use it, and nobody reaches content of
the store by naming its address.
"""

from __future__ import annotations

import base64
import binascii
import json
import mimetypes
import re
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from tempfile import NamedTemporaryFile

from starlette.requests import ClientDisconnect

from harness.api.caller import Caller
from harness.api.context import ApiContext
from harness.api.slots import Slots
from harness.contracts.clean_text import clean_line
from harness.contracts.errors import InvalidRequest, UploadNotFound
from harness.contracts.message import FileRef, Image
from harness.engine.connection import Connection
from harness.runs.attachments import as_part, attach_content
from harness.runs.views import MAX_UPLOAD_ID, Upload

PURPOSE = "uploaded file"
NAME_CHARS = 150
USABLE_S = 24 * 3600.0
"""How long a message can take up an uploaded file."""
MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9.+-]{0,40}/[a-z0-9][a-z0-9.+-]{0,80}")
UNKNOWN_TYPES = ("application/octet-stream", "application/x-www-form-urlencoded")
"""What programs send that do not know the type of a file; the second is curl's."""


class UploadSlots(Slots):
    """Uploads in progress. An encrypted one is in memory as a whole."""

    what = "uploads"


async def store_upload(
    context: ApiContext,
    caller: Caller,
    content: AsyncIterator[bytes],
    name: str,
    media_type: str | None,
) -> Upload:
    """Store an uploaded file."""
    named = clean_name(name)
    kind = read_media_type(media_type) or mimetypes.guess_type(named)[0]
    with context.parts.find(UploadSlots, UploadSlots).take(caller):
        try:
            part, size = await _store_content(context.connection, content, named, kind)
        except ClientDisconnect:
            raise InvalidRequest("The upload was broken off.") from None
    assert part.artifact is not None
    payload = json.dumps([part.artifact, named, kind, size, caller.user, time.time() + USABLE_S])
    signer = await context.connection.signing.get_signer()
    data = payload.encode()
    id = f"{signer.sign(PURPOSE, data)}.{base64.urlsafe_b64encode(data).decode()}"
    return Upload(id=id, artifact=part.artifact, name=named, media_type=kind, size=size)


async def find_uploads(
    context: ApiContext, caller: Caller, ids: Sequence[str]
) -> tuple[Image | FileRef, ...]:
    """The parts of a message for uploaded files.

    Raises:
        UploadNotFound: The caller has uploaded no file with such an id within the last day, or it
            has been deleted.
    """
    found: list[Image | FileRef] = []
    for id in ids:
        part = await _read_id(context.connection, caller, id)
        if part is None or not await context.connection.stores.artifacts.exists(
            part.artifact or ""
        ):
            raise UploadNotFound(f"You have uploaded no file {id[:40]!r}, or it is too old.")
        found.append(part)
    return tuple(found)


def clean_name(name: str) -> str:
    """The last part of a file's name, in printable characters."""
    last = clean_line(name).replace("\\", "/").rpartition("/")[2].strip(" .")
    return last[-NAME_CHARS:] or "file"  # the end has the kind of file


def read_media_type(header: str | None) -> str | None:
    """The media type that a sender declares, if it says anything."""
    plain = (header or "").partition(";")[0].strip().lower()
    known = MEDIA_TYPE.fullmatch(plain) is not None and plain not in UNKNOWN_TYPES
    return plain if known else None


async def _store_content(
    connection: Connection, content: AsyncIterator[bytes], name: str, media_type: str | None
) -> tuple[Image | FileRef, int]:
    """Store content that arrives in parts: large content by way of a file. Encryption needs it
    whole, and no file may have it in the clear."""
    most = None if connection.vault.encrypts else connection.settings.artifacts.inline_limit
    start = bytearray()
    async for block in content:
        start += block
        if most is not None and len(start) > most:
            return await _store_large(connection, bytes(start), content, name, media_type)
    return await attach_content(connection, bytes(start), name, media_type), len(start)


async def _store_large(
    connection: Connection,
    start: bytes,
    rest: AsyncIterator[bytes],
    name: str,
    media_type: str | None,
) -> tuple[Image | FileRef, int]:
    with NamedTemporaryFile(prefix="harness-upload-") as file:
        size = file.write(start)
        async for block in rest:  # written to the page cache: that does not block
            size += file.write(block)
        file.flush()
        artifact = await connection.stores.artifacts.put_file(
            Path(file.name), media_type=media_type
        )
    return as_part(artifact, name, media_type, size), size


async def _read_id(connection: Connection, caller: Caller, id: str) -> Image | FileRef | None:
    mac, _, text = id[:MAX_UPLOAD_ID].partition(".")
    try:
        data = base64.b64decode(text, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    signer = await connection.signing.get_signer()
    if not mac.isascii() or not signer.is_signed(mac, PURPOSE, data):
        return None
    artifact, name, media_type, size, user, until = json.loads(data)
    if user != caller.user or time.time() > until:
        return None
    return as_part(artifact, name, media_type, size)
