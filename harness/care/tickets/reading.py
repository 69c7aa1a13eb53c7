"""Read tickets, and subjects with their tickets: what commands, routes and pages show."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace

from harness.api.paging import decode_cursor, encode_cursor
from harness.care.invariants.client import describe_subject, list_invariants
from harness.care.states import OPEN_STATES, find_actions
from harness.care.subjects.registry import find_subject
from harness.care.ticket_views import (
    ChangeView,
    RelatedTicket,
    TicketDetail,
    TicketList,
    TicketMove,
    TicketNote,
    TicketView,
)
from harness.care.tickets.client import find_ticket
from harness.care.tickets.rows import TicketFilter
from harness.care.tickets.store import TicketStore
from harness.care.views import SubjectDetail
from harness.engine.connection import Connection

SHOWN = 50
"""Tickets and changes of a subject that are shown with it."""
MOST_RELATED = 20
OPEN = TicketFilter(states=OPEN_STATES)


async def list_tickets(
    connection: Connection,
    which: TicketFilter = OPEN,
    *,
    limit: int = SHOWN,
    cursor: str | None = None,
) -> TicketList:
    """List a page of tickets, the last changed first.

    Raises:
        CursorUnknown: The cursor belongs to other filters.
    """
    signer = await connection.signing.get_signer()
    bound_to = "care tickets\0" + json.dumps(vars(replace(which, after=None)))
    if token := decode_cursor(signer, cursor, bound_to):
        at, id = json.loads(token)
        which = replace(which, after=(at, id))
    store = TicketStore(connection.database)
    found = await store.list(which, limit + 1)
    shown = found[:limit]
    more = json.dumps([shown[-1].changed, shown[-1].id]).encode() if len(found) > limit else b""
    return TicketList(
        tickets=[TicketView.of(each) for each in shown],
        counts=await store.count(which),
        next=encode_cursor(signer, more, bound_to),
    )


async def show_ticket(connection: Connection, id: str) -> TicketDetail:
    """Read a ticket with all that happened to it.

    Raises:
        TicketNotFound: There is none.
    """
    ticket = await find_ticket(connection, id)
    store = TicketStore(connection.database)
    changes = await store.list_changes(ticket=ticket.id)
    return TicketDetail(
        **TicketView.of(ticket).model_dump(),
        moves=[
            TicketMove.model_validate(each, from_attributes=True)
            for each in await store.list_moves(id)
        ],
        notes=[
            TicketNote.model_validate(each, from_attributes=True)
            for each in await store.list_notes(id)
        ],
        changes=[ChangeView.model_validate(each, from_attributes=True) for each in changes],
        related=[RelatedTicket.of(each) for each in await store.list_related(id, MOST_RELATED)],
        actions=list(find_actions(ticket.state)),
    )


async def show_subject(connection: Connection, name: str) -> SubjectDetail:
    """Read a subject with its invariants, its last tickets and its last changes.

    Raises:
        SubjectNotFound: There is none with this name.
    """
    stored = await find_subject(connection, name)
    found = await list_invariants(connection, name, samples=True)
    changes = await TicketStore(connection.database).list_changes(subject=name, limit=SHOWN)
    shown = describe_subject(stored, Counter(each.state for each in found))
    return SubjectDetail(
        **shown.model_dump(),
        invariants=found,
        tickets=(await list_tickets(connection, TicketFilter(subject=name))).tickets,
        recent=[ChangeView.model_validate(each, from_attributes=True) for each in changes],
    )
