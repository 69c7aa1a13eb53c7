"""The record that a what-if plays back: from the run that is asked about, from what was said before
it began, and from the runs that it is a fork of."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping

from harness.client.connection import Connection
from harness.client.recording import Recording
from harness.contracts.errors import RunError, StoreError
from harness.contracts.message import Message
from harness.contracts.transcript import Node
from harness.contracts.whatif import Record
from harness.journal.playback import Seen, record, seen
from harness.store.copying import read_nodes

MOST_PARENTS = 100

Read = Callable[[str], Awaitable[Recording]]
"""What was recorded of a run."""


async def record_of(
    connection: Connection, recording: Recording, calls: Iterable[Seen], at: int, read: Read
) -> Record:
    """`calls` are those of the run, as they shall be played back."""
    before = await _before(connection, recording)
    parents = await _parents(recording, read)
    return record(calls, at, before=before, parents=parents)


async def _before(connection: Connection, recording: Recording) -> list[Message]:
    """What was said before the run began: kept turns of its parent, its session."""
    head = recording.spec.head
    if head is None:
        return []
    bodies = dict(recording.nodes)
    try:
        bodies |= await read_nodes(connection.database, connection.vault, head, bodies)
    except StoreError as error:
        if error.code != "store.transcript_missing":
            raise
    return _conversation(head, bodies)


async def _parents(recording: Recording, read: Read) -> list[tuple[list[Seen], int]]:
    """With the turns at which they were left, as far as they are known."""
    found: list[tuple[list[Seen], int]] = []
    parent = recording.spec.parent
    while parent is not None and len(found) < MOST_PARENTS:
        try:
            above = await read(parent.run)
            found.append((seen(above.events), parent.turn))
            parent = above.spec.parent
        except (RunError, StoreError):
            break
    return found


def _conversation(head: str | None, bodies: Mapping[str, bytes]) -> list[Message]:
    found: list[tuple[Message, ...]] = []
    while head is not None and head in bodies:
        node = Node.model_validate_json(bodies[head])
        found.append(node.messages)
        head = node.parent
    return [message for messages in reversed(found) for message in messages]
