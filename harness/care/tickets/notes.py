"""Note something on a ticket: comments, and queries pinned with their results."""

from __future__ import annotations

import uuid
from typing import Any

from harness.care.acts import digest_note, record_act
from harness.care.contracts import ActKind
from harness.care.queries import answer_query
from harness.care.query_views import Curve, QueryAnswer, QueryBody
from harness.care.ticket_views import PinBody
from harness.care.tickets.client import MAX_TEXT, find_ticket
from harness.care.tickets.rows import Note, Ticket
from harness.care.tickets.store import TicketStore
from harness.contracts.errors import TicketRefused
from harness.engine.connection import Connection

MOST_CURVES, MOST_POINTS, MOST_LINES = 5, 120, 20
"""Of what is pinned: it is kept with the ticket, and read with it."""
MOST_CHARACTERS = 500


async def comment(connection: Connection, id: str, text: str, by: str) -> Note:
    """Comment on a ticket; the agent that works on it reads comments.

    Raises:
        TicketNotFound: There is none.
        TicketRefused: The text is empty or too long.
    """
    ticket = await find_ticket(connection, id)
    if not text.strip() or len(text) > MAX_TEXT:
        raise TicketRefused(f"The comment must have 1 to {MAX_TEXT:,} characters.")
    note = Note(id=uuid.uuid4().hex, kind="comment", text=text, by=by, at=0.0)
    return await _add_recorded(connection, ticket, "commented", note)


async def pin(connection: Connection, id: str, body: PinBody, by: str) -> Note:
    """Ask a query now, and keep it with its result on a ticket.

    Raises:
        TicketNotFound: There is none.
        QueryRefused: The source does not accept the query.
        SourceMissing: No address is configured.
        SourceUnreachable: The source cannot be asked.
        AnswerUnusable: The answer is too large, or is not one.
    """
    ticket = await find_ticket(connection, id)
    evidence = await take_evidence(connection, body)
    note = Note(
        id=uuid.uuid4().hex, kind="pin", text=body.text or body.query, by=by, at=0.0,
        evidence=evidence,
    )  # fmt: skip
    return await _add_recorded(connection, ticket, "pinned", note)


async def take_evidence(connection: Connection, body: PinBody) -> dict[str, Any]:
    """Ask a query, and keep so much of the answer as a person looks at."""
    is_logs = body.source == "logs"
    asked = QueryBody(
        query=body.query, source=body.source, seconds=body.seconds,
        step=body.seconds / (MOST_POINTS - 1) if body.seconds else None,
        limit=MOST_LINES if is_logs else MOST_CURVES,
    )  # fmt: skip
    return bound_answer(await answer_query(connection, asked)).model_dump(mode="json")


def bound_answer(answer: QueryAnswer) -> QueryAnswer:
    """An answer without what is too much to keep."""
    lines = [
        line.model_copy(update={"text": line.text[:MOST_CHARACTERS], "labels": {}})
        for line in answer.lines[:MOST_LINES]
    ]
    more = answer.more + len(answer.curves[MOST_CURVES:]) + len(answer.lines[MOST_LINES:])
    curves = [_thin_out(each) for each in answer.curves[:MOST_CURVES]]
    return answer.model_copy(update={"curves": curves, "lines": lines, "more": more})


def _thin_out(curve: Curve) -> Curve:
    every = -(-len(curve.points) // MOST_POINTS) or 1
    name, points = curve.name[:MOST_CHARACTERS], curve.points[::every]
    return curve.model_copy(update={"name": name, "labels": {}, "points": points})


async def _add_recorded(connection: Connection, ticket: Ticket, kind: ActKind, note: Note) -> Note:
    await record_act(
        connection, kind, ticket.subject, note.by, ticket=ticket.id, name=note.id, why=note.text,
        digest=digest_note(note),
    )  # fmt: skip
    return await TicketStore(connection.database).add_note(ticket.id, note)
