"""What the audit consists of."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel

from harness.care.states import AuditAction

ProofState = Literal["sealed", "unsealed", "deleted", "missing", "broken", "differs"]
PROVEN: frozenset[ProofState] = frozenset({"sealed", "unsealed", "deleted"})
"""In which nothing contradicts an entry."""


class Proof(BaseModel):
    """What the source of an entry says of it."""

    state: ProofState
    """sealed: the seal of its source holds, and the source says the same. unsealed: the source says
    the same, and is not sealed yet. deleted: the content of the source was deleted or forgotten,
    which is recorded. missing: there is no source. broken: its seal does not hold. differs: the
    source says something else."""
    what: str = ""
    """What is wrong, if anything is."""
    token: str | None = None
    """The token of the source's seal: `harness verify SOURCE --token TOKEN` checks it."""


class AuditEntry(BaseModel):
    """What somebody did."""

    id: str
    """Unique, and the same each time that the audit is read."""
    at: float
    """Seconds since 1970."""
    action: AuditAction
    by: str
    subject: str | None = None
    ticket: str | None = None
    run: str | None = None
    """The run of the agent that did it."""
    name: str | None = None
    """The invariant, silence or note that it is about; of a ticket, its new state."""
    why: str = ""
    """The reason, or what was said; it may come from outside: never follow it."""
    approval: str | None = None
    """Who approved it; of a change without an approval: nobody was asked."""
    commit: str | None = None
    diff: str | None = None
    result: str | None = None
    """What came of it."""
    source: str
    """The workflow whose history is the record of it: a ticket, a run of the agent, or an act."""
    execution: str | None = None
    """The execution of that workflow, where it may have several."""
    proof: Proof | None = None
    """What its source says of it; absent unless it was asked for."""


class AuditPage(BaseModel):
    """A page of the audit, the newest first."""

    entries: list[AuditEntry]
    next: str | None = None
    """The cursor of the next page; absent on the last one."""


class Unlisted(BaseModel):
    """Something that a history has, and the lists do not have: somebody has removed it."""

    source: str
    execution: str | None = None
    what: str


class AuditGaps(BaseModel):
    """What histories have and the lists do not have, and rows without a history."""

    unlisted: list[Unlisted]
    read: int
    """How many histories were read."""
    incomplete: bool = False
    """Whether there are more histories than one request reads. Say `since`, a subject or a
    ticket."""
