"""A log that is only appended to, as the protocol reads it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from typing import NamedTuple, Protocol

MAX_CHUNK_BYTES = 2_000_000
"""An answer has no more, unless a single entry does; the reader asks for the rest."""


class Entry(NamedTuple):
    """One entry of a log."""

    data: bytes
    offset: str
    """The place after it: offsets sort as the entries do."""


class Batch(NamedTuple):
    """Entries of a log, one after another."""

    entries: tuple[Entry, ...]
    next: str
    """The offset after them."""
    whole: bool
    """Whether they reach the end of what the log has."""
    closed: bool = False
    """Whether nothing will follow them."""


class EventLog(Protocol):
    """What the protocol needs of a log."""

    content_type: str

    def join(self, entries: Sequence[bytes]) -> bytes:
        """The body of an answer with these entries."""
        ...

    async def read(self, after: str | None) -> Batch:
        """Everything after an offset, or from the beginning.

        Raises:
            CursorUnknown: It is not an offset of this log.
        """
        ...

    def follow(self, after: str) -> AsyncGenerator[Batch]:
        """What is appended after an offset, in order, until the log is closed: the last batch is
        closed, and may have no entries."""
        ...


def cut_batch(batch: Batch) -> Batch:
    """The beginning of a batch that is too large for one answer."""
    size = 0
    for place, entry in enumerate(batch.entries):
        size += len(entry.data)
        if size > MAX_CHUNK_BYTES and place:
            kept = batch.entries[:place]
            return Batch(kept, kept[-1].offset, whole=False)
    return batch
