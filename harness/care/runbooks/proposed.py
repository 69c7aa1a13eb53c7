"""The runbook that an agent proposed on a ticket, and how it becomes a file: on a branch, which
people merge or not."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from harness.care.repair.git import commit_file, open_clone
from harness.care.runbooks.runbook import NAME
from harness.care.subjects.registry import find_subject
from harness.care.tickets.client import find_ticket
from harness.care.tickets.rows import SETTLED
from harness.care.tickets.store import TicketStore
from harness.contracts.errors import TicketRefused
from harness.engine.connection import Connection


@dataclass(frozen=True)
class Proposed:
    ticket: str
    subject: str
    file: str
    """Its path in the subject's folder."""
    content: str


@dataclass(frozen=True)
class Saved:
    folder: str
    branch: str


async def find_proposed(connection: Connection, id: str) -> Proposed:
    """Find the newest runbook that was proposed on a ticket.

    Raises:
        TicketNotFound: There is no such ticket.
        TicketRefused: It is not settled, so nobody knows whether this helped; or has no runbook.
    """
    ticket = await find_ticket(connection, id)
    if ticket.state not in SETTLED:
        raise TicketRefused(f"Ticket {id} is {ticket.state}: what did not help yet is no runbook.")
    found = await TicketStore(connection.database).list_notes(id)
    notes = [each for each in found if each.kind == "runbook" and each.run == ticket.run]
    evidence = notes[-1].evidence if notes else None
    stored = await find_subject(connection, ticket.subject)
    if evidence is None or stored.subject.runbooks is None:
        raise TicketRefused(f"No runbook was proposed on ticket {id}.")
    name, content = str(evidence["file"]), str(evidence["content"])
    if not NAME.fullmatch(name):
        raise TicketRefused(f"{name[:80]!r} is not a name for a runbook.")
    return Proposed(id, ticket.subject, f"{stored.subject.runbooks}/{name}", content)


async def save_proposed(connection: Connection, found: Proposed) -> Saved:
    """Commit a runbook on a branch of its own. The subject's files stay as they are.

    Raises:
        ToolFailed: git refuses it.
    """
    stored = await find_subject(connection, found.subject)
    clone = await open_clone(Path(stored.folder))
    branch = f"care/runbook-{found.ticket}"
    with tempfile.TemporaryDirectory() as scratch:
        message = f"Add a runbook of ticket {found.ticket}"
        await commit_file(clone, branch, found.file, found.content, message, Path(scratch))
    return Saved(stored.folder, branch)
