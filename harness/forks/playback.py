"""Collects the record that a what-if plays back: from the run, from messages before it, and from
the runs that it was forked from."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress

from harness.contracts.errors import RunError, StoreError, TranscriptMissing
from harness.contracts.message import Message
from harness.engine.connection import Connection
from harness.history.recording import Recording
from harness.journal.nodes import collect_whole
from harness.journal.playback import Seen, list_calls
from harness.store.transcripts.copying import read_nodes

MOST_PARENTS = 100

Read = Callable[[str], Awaitable[Recording]]
"""Reads the recording of a run."""


async def messages_before(
    connection: Connection, recording: Recording, head: str | None
) -> list[Message]:
    """Read the messages up to `head`, those of the run's parent or session included."""
    if head is None:
        return []
    bodies = dict(recording.nodes)
    with suppress(TranscriptMissing):
        bodies |= await read_nodes(connection.database, connection.vault, head, bodies)
    return collect_whole(head, bodies)


async def read_parents(recording: Recording, read: Read) -> list[tuple[list[Seen], int]]:
    """Read the calls of the runs that this one was forked from, each with the turn of the fork, as
    far as they can be found."""
    found: list[tuple[list[Seen], int]] = []
    parent = recording.spec.parent
    while parent is not None and len(found) < MOST_PARENTS:
        try:
            above = await read(parent.run)
            found.append((list_calls(above.events), parent.turn))
            parent = above.spec.parent
        except (RunError, StoreError):
            break
    return found
