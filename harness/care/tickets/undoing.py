"""Undo what an agent has changed for a ticket, as a person wants it."""

from __future__ import annotations

from harness.care.acts import record_act
from harness.care.tickets.rows import Ticket
from harness.care.tickets.store import TicketStore
from harness.contracts.errors import TicketRefused
from harness.engine.connection import Connection
from harness.undo.client import undo_run


async def undo_ticket(connection: Connection, ticket: Ticket, by: str) -> None:
    """Undo what the last run that worked on a ticket has changed, newest first.

    Raises:
        TicketRefused: It has changed nothing that stands, or the undo stopped.
        RunBusy: The run is still at work.
    """
    store = TicketStore(connection.database)
    run = ticket.run
    changes = await store.list_changes(run=run) if run is not None else ()
    count = sum(each.state == "done" for each in changes)
    if run is None or not count:
        raise TicketRefused(
            "The last run has no change left to undo.",
            fix=f"See: harness care ticket show {ticket.id}",
        )
    await record_act(
        connection, "work_undone", ticket.subject, by, ticket=ticket.id, name=run,
        why=f"{count} change{'' if count == 1 else 's'} of {run}",
    )  # fmt: skip
    report = await undo_run(connection, run, by=by)
    if report.stopped is not None:
        raise TicketRefused(
            f"The undo stopped: {report.stopped}", fix=f"See: harness undo {run} --dry-run"
        )
