"""Who may change a subject and what belongs to it: its owner and admins. Every viewer sees it."""

from __future__ import annotations

from harness.api.caller import Caller
from harness.api.context import may_see
from harness.care.store import CareStore
from harness.care.subjects.registry import find_subject
from harness.care.tickets.client import find_ticket
from harness.contracts.errors import SubjectNotYours
from harness.engine.connection import Connection


async def may_change(connection: Connection, caller: Caller, subject: str) -> bool:
    """Whether the caller may change a subject; one that was removed belongs to nobody."""
    stored = await CareStore(connection.database).list_subjects(subject)
    return may_see(caller, stored[0].subject.owner if stored else None)


async def check_subject_owner(connection: Connection, caller: Caller, subject: str) -> None:
    """Let nobody else change a subject, its invariants and its silences.

    Raises:
        SubjectNotFound: There is no such subject.
        SubjectNotYours: The caller is neither its owner nor an admin.
    """
    found = (await find_subject(connection, subject)).subject
    if not may_see(caller, found.owner):
        raise SubjectNotYours(f"Only {found.deciders} may change {subject}.")


async def check_ticket_owner(connection: Connection, caller: Caller, ticket: str) -> None:
    """Let nobody else act on a ticket.

    Raises:
        TicketNotFound: There is no such ticket.
        SubjectNotYours: The caller is neither the owner of its subject nor an admin.
    """
    subject = (await find_ticket(connection, ticket)).subject
    if not await may_change(connection, caller, subject):
        raise SubjectNotYours(f"The ticket concerns {subject}, which is not yours.")
