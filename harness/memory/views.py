"""What the API takes and returns for memories."""

from __future__ import annotations

from datetime import UTC, datetime

from pydantic import BaseModel, Field, StrictBool

from harness.api.body import Body
from harness.contracts.memory import MAX_FACT, Lane, Source, Trust
from harness.memory.client import Counts, Page
from harness.memory.rows import Memory
from harness.memory.verify import Verification
from harness.memory.writing import Written


class NewMemory(Body):
    """A fact to remember."""

    text: str = Field(min_length=1, max_length=MAX_FACT)
    """One complete sentence that makes sense on its own."""


class RepairRequest(Body):
    """What a verification does besides checking."""

    repair: StrictBool = False
    """Drop what was changed outside harness, and accept the rest as it is."""


class MemoryView(BaseModel):
    """A memory, and where it comes from."""

    id: str
    text: str
    lane: Lane
    """How far it reaches: one run, a session, or all runs of its owner."""
    trust: Trust
    """`said`: the owner's own words; `inferred`: written by a model from what was said;
    `untrusted`: written after the run had read content of others."""
    source: Source
    made: datetime
    valid_from: datetime | None = None
    by: str | None = None
    run: str | None = None
    session: str | None = None
    agent: str | None = None
    turn: int | None = None
    message: str | None = None
    """The tool call that wrote it, or the number of the message that it was extracted from."""
    replaced_by: str | None = None

    @classmethod
    def of(cls, memory: Memory) -> MemoryView:
        """The view of a memory."""
        origin = memory.origin
        valid = None if origin.valid_from is None else _time(origin.valid_from)
        return cls(
            id=memory.id, text=memory.text, lane=memory.lane, trust=origin.trust,
            source=origin.source, made=_time(origin.made), valid_from=valid, by=origin.by,
            run=origin.run, session=origin.session, agent=origin.agent, turn=origin.turn,
            message=origin.message, replaced_by=memory.replaced_by,
        )  # fmt: skip


class MemoryList(BaseModel):
    """Memories: the newest first, or the best first of a search."""

    memories: list[MemoryView]
    next: int | None = None
    """Where the next page begins: send it as `before`."""

    @classmethod
    def of(cls, page: Page) -> MemoryList:
        """The view of a page."""
        return cls(memories=[MemoryView.of(each) for each in page.memories], next=page.next)


class WrittenMemory(BaseModel):
    """A memory that was added."""

    id: str
    added: bool
    """False: it was known."""

    @classmethod
    def of(cls, written: Written) -> WrittenMemory:
        """The view of what became of a fact."""
        return cls(id=written.id, added=written.added)


class MemoryStats(BaseModel):
    """How many memories the caller has."""

    entries: int
    """All entries of the chain, also those that were replaced, withdrawn or forgotten."""
    current: int
    embedded: int
    """Current ones with a vector."""
    trusts: dict[str, int]
    """Current ones by their trust."""
    embedder: str | None = None
    problem: str | None = None
    """Why memories are found by their words alone."""

    @classmethod
    def of(cls, counts: Counts) -> MemoryStats:
        """The view of counts."""
        return cls(
            entries=counts.entries, current=counts.current, embedded=counts.embedded,
            trusts=counts.trusts, embedder=counts.embedder, problem=counts.problem,
        )  # fmt: skip


class MemoryProblem(BaseModel):
    """A place where memories were changed outside harness."""

    what: str
    seq: int | None = None
    id: str | None = None


class MemoryVerification(BaseModel):
    """The result of a verification."""

    entries: int
    problems: list[MemoryProblem]
    dropped: int | None = None
    """Entries that a repair dropped."""

    @classmethod
    def of(cls, found: Verification, dropped: int | None = None) -> MemoryVerification:
        """The view of a verification."""
        problems = [MemoryProblem(what=p.what, seq=p.seq, id=p.id) for p in found.problems]
        return cls(entries=found.entries, problems=problems, dropped=dropped)


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
