"""Start the workflows of tickets, and tell them what people, runs and the watch have to say."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, cast

from temporalio.client import (
    WorkflowHandle,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from harness.care.capability import CARE
from harness.care.contracts import TICKET_WORKFLOW, TicketAct, TicketSpec
from harness.care.states import ALREADY, CAN_WORK, SETTLES, TicketState
from harness.care.store import CareStore
from harness.care.tickets.rows import Report, Ticket
from harness.care.tickets.store import TicketStore
from harness.care.workflow_ids import find_workflow_id
from harness.contracts.errors import NoWorker, RunIdTaken, TicketRefused
from harness.engine.connection import Connection
from harness.engine.retry import unreachable_error
from harness.engine.signed_start import start_workflow

PATIENCE = timedelta(seconds=15)


class AlreadySo(TicketRefused):
    """What was asked for is so already."""


class _NoWorkflow(Exception):
    """The workflow of a ticket has ended, or Temporal has lost it."""


async def update_ticket(
    connection: Connection, ticket: Ticket, update: str, content: object
) -> TicketState:
    """Send an update to a ticket's workflow; returns the state after it. A ticket that is not
    closed and has no workflow any more gets another one.

    Raises:
        AlreadySo: It is in the state that was asked for.
        TicketRefused: It is in a state in which that makes no sense.
        NoWorker: No worker takes the request.
    """
    is_closing = isinstance(content, TicketAct) and SETTLES.get(content.action) == "closed"
    refused = AlreadySo if is_closing else TicketRefused
    if not ticket.started and ticket.state == "closed":  # its workflow has ended
        raise refused("A ticket that is closed cannot be changed.")
    if not ticket.started:  # it was reported a moment ago, or who opened it has died since
        await start_ticket(connection, report_again(ticket), ticket.state)
    try:
        return await _send_update(connection, ticket.id, update, content)
    except _NoWorkflow:
        if ticket.state == "closed":
            raise refused("The ticket is closed; its workflow has ended.") from None
    await _revive(connection, ticket)
    try:
        return await _send_update(connection, ticket.id, update, content)
    except _NoWorkflow:
        raise TicketRefused(f"The ticket is {ticket.state}; its workflow has ended.") from None


async def _send_update(
    connection: Connection, ticket: str, update: str, content: object
) -> TicketState:
    handle = connection.temporal.get_workflow_handle(await find_workflow_id(connection, ticket))
    try:
        answer = await handle.execute_update(update, content, result_type=str, rpc_timeout=PATIENCE)
    except WorkflowUpdateRPCTimeoutOrCancelledError:
        raise NoWorker(
            f"No worker took the request within {PATIENCE.seconds} s.",
            fix="Start one: harness worker. Then repeat the request.",
        ) from None
    except WorkflowUpdateFailedError as error:
        raise _describe_refusal(error) from None
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            raise _NoWorkflow from None
        raise _describe_failure(error) from error
    return cast("TicketState", answer)


def _describe_refusal(error: WorkflowUpdateFailedError) -> TicketRefused:
    cause = error.cause
    if isinstance(cause, ApplicationError):
        return (AlreadySo if cause.type == ALREADY else TicketRefused)(cause.message)
    return TicketRefused(str(cause or error))


def _describe_failure(error: RPCError) -> Exception:
    """Temporal answers, and refuses: of a history that is full, for example."""
    if error.status is RPCStatusCode.INVALID_ARGUMENT:
        return TicketRefused(f"Temporal refuses the request: {error.message}")
    return unreachable_error(error)


async def start_ticket(
    connection: Connection,
    report: Report,
    state: TicketState,
    *,
    autonomous: bool | None = None,
    run: str | None = None,
) -> None:
    """Start a ticket's workflow, unless it is open."""
    if autonomous is None:
        stored = await CareStore(connection.database).list_subjects(report.subject)
        autonomous = bool(stored) and stored[0].subject.autonomous
    known = await TicketStore(connection.database).find(report.id)
    spec = TicketSpec(
        id=report.id, subject=report.subject, title=report.title, invariant=report.invariant,
        by=report.by, autonomous=autonomous, state=state, attempts=known.attempts if known else 0,
        run=run,
    )  # fmt: skip
    id = await find_workflow_id(connection, report.id)
    try:
        await start_workflow(
            connection, CARE, TICKET_WORKFLOW, spec, id=id, static_summary=report.title[:200]
        )
    except RunIdTaken:
        return  # another process was faster, or the last one died before it noted the start


async def _revive(connection: Connection, ticket: Ticket) -> None:
    """Start a workflow again for a ticket that is not closed and has none any more: it was
    terminated, or Temporal's data were lost. No agent is at work on it."""
    lives_on = ticket.state in (*CAN_WORK, "resolved")
    waits = ticket.state in ("open", "reopened")
    await start_ticket(
        connection, report_again(ticket), ticket.state if lives_on else "failed",
        autonomous=None if waits else False,
    )  # fmt: skip
    await TicketStore(connection.database).note_started([ticket.id])


async def tell_ticket(connection: Connection, ticket: Ticket, *, holds: bool) -> None:
    """Tell a ticket that its cause is gone, or is back; one that is not closed and has no workflow
    any more gets another one.

    Raises:
        TicketRefused: Temporal refuses it.
        StackUnreachable: Temporal does not answer.
    """
    if await observe(connection, ticket.id, holds=holds) or ticket.state == "closed":
        return
    await _revive(connection, ticket)
    await observe(connection, ticket.id, holds=holds)


async def observe(connection: Connection, ticket: str, *, holds: bool) -> bool:
    """Tell a ticket that its cause is gone, or is back; returns whether it has a workflow."""
    handle = connection.temporal.get_workflow_handle(await find_workflow_id(connection, ticket))
    return await send_to_ticket(handle, "observe", holds)


async def send_to_ticket(handle: WorkflowHandle[Any, Any], signal: str, content: object) -> bool:
    """Send a signal to a ticket's workflow; returns whether there is one that has not ended."""
    try:
        await handle.signal(signal, content)
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return False
        raise _describe_failure(error) from error
    return True


def report_again(ticket: Ticket) -> Report:
    """What was reported when a ticket was opened."""
    return Report(
        id=ticket.id, subject=ticket.subject, title=ticket.title, severity=ticket.severity,
        by=ticket.opened_by, invariant=ticket.invariant,
    )  # fmt: skip
