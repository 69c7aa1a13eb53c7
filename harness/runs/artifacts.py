"""The files and large results that a run names."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from functools import partial

from harness.contracts.errors import ArtifactMissing, ArtifactNotFound
from harness.contracts.message import FileRef, Image, ToolResult
from harness.engine.connection import Connection
from harness.history.recording import read_history, read_messages
from harness.runs.views import ArtifactView

READ_WHOLE = 16_000_000
"""Bytes."""
Read = Callable[[int, int], Awaitable[bytes]]


Naming = Image | FileRef | ToolResult
"""A part of a message that can name a file."""
KEPT_NAMES = 2_000


async def list_artifacts(connection: Connection, run: str) -> list[ArtifactView]:
    """List the files of a run: those attached to its messages, and results of tools too large to
    show. The messages of earlier runs of its session count."""
    named = await _read_names(connection, run)
    return [await _describe(connection, part, id) for id, part in named.items()]


async def _read_names(connection: Connection, run: str) -> dict[str, Naming]:
    """What names each file, from the run's whole history."""
    found: dict[str, Naming] = {}
    for message in await read_messages(connection, await read_history(connection, run)):
        for part in message.parts:
            if isinstance(part, Naming) and part.artifact is not None:
                found.setdefault(part.artifact, part)
    return found


class NamedArtifacts:
    """Files that runs name. A run goes on naming what it has named, so the newest finds are kept: a
    page with many pictures would otherwise read the run's history for each."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._known: OrderedDict[tuple[str, str], Naming] = OrderedDict()

    async def find(self, run: str, id: str) -> ArtifactView:
        """Find a file that a run names: whoever may see the run may see it.

        Raises:
            ArtifactNotFound: The run names none with this id, or its content is not stored.
        """
        part = self._known.get((run, id))
        if part is None:
            part = (await _read_names(self._connection, run)).get(id)
            if part is None:
                raise _not_found(run, id)
            self._keep(run, id, part)
        found = await _describe(self._connection, part, id)
        if found.size is None:
            raise _not_found(run, id)
        return found

    def _keep(self, run: str, id: str, part: Naming) -> None:
        if isinstance(part, ToolResult):
            part = part.model_copy(update={"content": ""})  # it may be long, and is not needed
        elif isinstance(part, Image):
            part = part.model_copy(update={"data": None})
        self._known[run, id] = part
        while len(self._known) > KEPT_NAMES:
            self._known.popitem(last=False)

    async def close(self) -> None:
        """Forget all."""
        self._known.clear()


def _not_found(run: str, id: str) -> ArtifactNotFound:
    return ArtifactNotFound(f"Run {run!r} has no file {id[:40]!r}.")


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


async def _describe(connection: Connection, part: Naming, id: str) -> ArtifactView:
    name = part.name if isinstance(part, FileRef) else None
    call = part.call if isinstance(part, ToolResult) else None
    try:
        stat = await connection.stores.artifacts.stat(id)
    except ArtifactMissing:
        return ArtifactView(id=id, name=name, call=call)
    return ArtifactView(id=id, name=name, call=call, media_type=stat.media_type, size=stat.size)
