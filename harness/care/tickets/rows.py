"""Rows of tickets, of what happened to them, and of changes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal, TypeVar

from harness.care.invariants.invariant import Severity
from harness.care.states import OPEN_STATES, TRANSITIONS, Priority, TicketState

R = TypeVar("R")
SETTLED: tuple[TicketState, ...] = tuple(each for each in TRANSITIONS if each not in OPEN_STATES)
NoteKind = Literal["comment", "hypothesis", "proposal", "runbook", "pin"]
ChangeKind = Literal["deploy", "restart"]
ChangeState = Literal["started", "done", "failed", "stuck", "undone"]
"""failed: nothing is left of it. stuck: it failed, and something may be left of it."""
ENDED_BADLY: tuple[ChangeState, ...] = ("failed", "stuck")
TAKEN_BACK = "The deploy failed and was taken back: "
"""How the result of a deploy begins that failed."""
STUCK_TOO = " Taking it back failed too: "
"""What the message of a deploy has that is stuck."""
NOT_FINISHED = "it was not finished"
NOT_TAKEN_BACK = "It was not finished, and cannot be taken back: "
"""How the message of a change begins that is stuck since its call was cut off."""


@dataclass(frozen=True, kw_only=True)
class Report:
    """A problem that was seen. `id`: the fingerprint of its cause."""

    id: str
    subject: str
    title: str
    severity: Severity
    by: str
    invariant: str | None = None


@dataclass(frozen=True, kw_only=True)
class Ticket:
    id: str
    subject: str
    invariant: str | None
    title: str
    severity: Severity
    priority: Priority
    assignee: str | None
    linked: Sequence[str]
    """Tickets that people have named as related to it."""
    state: TicketState
    opened_by: str
    opened: float
    changed: float
    count: int
    seen: float
    attempts: int
    run: str | None
    started: bool
    told: float | None = None
    """The moment since which its invariant holds, or at which the ticket was changed if that was
    later, when it was told last that the invariant holds."""


@dataclass(frozen=True, kw_only=True)
class MoveRow:
    state: TicketState
    why: str
    by: str
    at: float
    run: str | None
    event: str | None
    fields: dict[str, Any] | None


@dataclass(frozen=True, kw_only=True)
class TicketFilter:
    """Which tickets are listed: all conditions that are not None have to hold."""

    subject: str | None = None
    states: Sequence[TicketState] | None = None
    assignee: str | None = None
    """Empty: those of nobody."""
    priority: Priority | None = None
    after: tuple[float, str] | None = None
    """The place of the last one of the page before: when it changed, and its id."""


@dataclass(frozen=True, kw_only=True)
class Related:
    """A ticket that is related to another one, and why."""

    id: str
    title: str
    state: TicketState
    why: Literal["person", "commit", "time"]


@dataclass(frozen=True, kw_only=True)
class Note:
    id: str
    kind: NoteKind
    text: str
    by: str
    at: float
    evidence: dict[str, Any] | None = None
    run: str | None = None


@dataclass(frozen=True, kw_only=True)
class ChangeRow:
    id: str
    subject: str
    ticket: str | None
    run: str | None
    kind: ChangeKind
    commit: str | None
    summary: str
    held: Sequence[str]
    """Invariants of the subject that held before it, as far as was known."""
    state: ChangeState
    message: str
    by: str
    at: float
    stage: int | None = None
    """The last stage of a deploy in stages that is done, in percent."""
    unsure: Sequence[str] = ()
    """Those in `held` of which nothing was known when it began, as the subject or its metrics were
    away: they held when something was known last. What they show at first may be older than it."""


def build_rows(kind: type[R], rows: Iterable[Sequence[Any]]) -> list[R]:
    """Build rows of a dataclass from those of a query with its fields in their order."""
    names = [field.name for field in fields(kind)]  # pyright: ignore[reportArgumentType]
    return [kind(**dict(zip(names, row, strict=True))) for row in rows]


def fingerprint(subject: str, cause: str) -> str:
    """The id of the one ticket for a cause."""
    return hashlib.sha256(f"{subject}\0{cause}".encode()).hexdigest()[:16]
