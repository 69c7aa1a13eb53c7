"""The files and large results that a run names."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

from harness.contracts.errors import ArtifactMissing, ArtifactNotFound
from harness.contracts.message import FileRef, Image, Part, ToolResult
from harness.engine.connection import Connection
from harness.history.recording import read_history, read_messages
from harness.runs.views import ArtifactView

READ_WHOLE = 16_000_000
"""Bytes."""
Read = Callable[[int, int], Awaitable[bytes]]


async def list_artifacts(connection: Connection, run: str) -> list[ArtifactView]:
    """List the files of a run: those attached to its messages, and results of tools too large to
    show. The messages of earlier runs of its session count."""
    found: dict[str, ArtifactView] = {}
    for message in await read_messages(connection, await read_history(connection, run)):
        for part in message.parts:
            id = part.artifact if isinstance(part, Image | FileRef | ToolResult) else None
            if id is not None and id not in found:
                found[id] = await _describe(connection, part, id)
    return list(found.values())


async def find_artifact(connection: Connection, run: str, id: str) -> ArtifactView:
    """Find a file that a run names: whoever may see the run may see it.

    Raises:
        ArtifactNotFound: The run names none with this id, or its content is not stored.
    """
    for each in await list_artifacts(connection, run):
        if each.id == id and each.size is not None:
            return each
    raise ArtifactNotFound(f"Run {run!r} has no file {id[:40]!r}.")


async def open_artifact(connection: Connection, found: ArtifactView) -> Read:
    """A function that reads so many bytes of a file from an offset on. Small files are read whole,
    and checked against their address; so are encrypted ones, which cannot be read in parts."""
    artifacts = connection.stores.artifacts
    if (found.size or 0) > READ_WHOLE and not connection.vault.encrypts:
        return partial(artifacts.get, found.id)
    content = await artifacts.get(found.id)

    async def read(offset: int, limit: int) -> bytes:
        return content[offset : offset + limit]

    return read


async def _describe(connection: Connection, part: Part, id: str) -> ArtifactView:
    name = part.name if isinstance(part, FileRef) else None
    call = part.call if isinstance(part, ToolResult) else None
    try:
        stat = await connection.stores.artifacts.stat(id)
    except ArtifactMissing:
        return ArtifactView(id=id, name=name, call=call)
    return ArtifactView(id=id, name=name, call=call, media_type=stat.media_type, size=stat.size)
