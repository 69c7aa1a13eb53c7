"""The activities of tickets."""

from __future__ import annotations

from dataclasses import dataclass

from temporalio import activity

from harness.care.contracts import (
    SaveMove,
    Undone,
    UndoWork,
    Verified,
    Verify,
    WatchChange,
    Work,
    Worked,
)
from harness.care.repair.work import TicketWork
from harness.care.tickets.store import TicketStore
from harness.care.workflow_ids import find_workflow_id
from harness.contracts.errors import RunForged
from harness.engine.connection import Connection
from harness.history.follow import Feeds
from harness_activities.heartbeats import sending_heartbeats
from harness_activities.parts import Activity
from harness_activities.unfit import leaving_to_others


def make_activities(connection: Connection) -> list[Activity]:
    """The activities of tickets, for one worker process."""
    made = TicketActivities(connection, TicketWork(connection, Feeds(connection)))
    return [made.save_move, made.work, made.stop, made.verify, made.watch, made.undo]


@dataclass(frozen=True)
class TicketActivities:
    connection: Connection
    works: TicketWork

    @activity.defn(name="save_ticket_move")
    async def save_move(self, request: SaveMove) -> SaveMove:
        """Save a change of state, for lists."""
        await _check_caller(self.connection, request.ticket)
        run = activity.info().workflow_run_id or ""
        with sending_heartbeats():
            store = TicketStore(self.connection.database)
            await store.save_move(request, run)
            if request.move.state == "closed":
                await store.note_started([request.ticket], started=False)
                await self.works.remove_workspaces(request.ticket)
        return request

    @activity.defn(name="work_on_ticket")
    async def work(self, request: Work) -> Worked:
        """Let the agent work on a ticket, until its run has ended."""
        await _check_caller(self.connection, request.ticket.id)
        with sending_heartbeats(), leaving_to_others():
            return await self.works.work(request)

    @activity.defn(name="stop_ticket_work")
    async def stop(self, request: UndoWork) -> Undone:
        """Stop the agent's run of a ticket that a person has closed."""
        await _check_caller(self.connection, request.ticket)
        with sending_heartbeats(), leaving_to_others():
            return await self.works.stop(request.ticket, request.run)

    @activity.defn(name="verify_invariants")
    async def verify(self, request: Verify) -> Verified:
        """See whether invariants hold now."""
        with sending_heartbeats():
            return await self.works.verify(request)

    @activity.defn(name="watch_change")
    async def watch(self, request: WatchChange) -> Verified:
        """Watch invariants after a change, until one breaks or their windows end."""
        with sending_heartbeats():
            return await self.works.watch(request)

    @activity.defn(name="undo_ticket_work")
    async def undo(self, request: UndoWork) -> Undone:
        """Undo what the agent's run changed."""
        await _check_caller(self.connection, request.ticket)
        with sending_heartbeats(), leaving_to_others():
            return await self.works.undo(request.run)


async def _check_caller(connection: Connection, ticket: str) -> None:
    if activity.info().workflow_id != await find_workflow_id(connection, ticket):
        raise RunForged(f"Ticket {ticket!r} is worked on by another workflow.")
