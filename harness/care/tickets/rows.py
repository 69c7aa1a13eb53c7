"""Rows of tickets, of what happened to them, and of changes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any, Literal

from harness.care.contracts import TicketState
from harness.care.invariants.invariant import Severity

NoteKind = Literal["comment", "hypothesis", "proposal", "runbook"]
ChangeKind = Literal["deploy", "restart"]
ChangeState = Literal["started", "done", "failed", "undone"]


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
    state: TicketState
    opened_by: str
    opened: float
    changed: float
    count: int
    seen: float
    attempts: int
    run: str | None
    started: bool


@dataclass(frozen=True, kw_only=True)
class MoveRow:
    state: TicketState
    why: str
    by: str
    at: float
    run: str | None


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
    held: tuple[str, ...]
    state: ChangeState
    message: str
    by: str
    at: float
    stage: int | None = None
    """The last stage of a deploy in stages that is done, in percent."""


def fingerprint(subject: str, cause: str) -> str:
    """The id of the one ticket for a cause."""
    return hashlib.sha256(f"{subject}\0{cause}".encode()).hexdigest()[:16]
