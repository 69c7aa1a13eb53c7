"""What a ticket says of the run that works on it. Pure."""

from __future__ import annotations

from harness.care.contracts import Move, Work
from harness.care.states import TicketState
from harness.care.tickets.rows import MoveRow
from harness.contracts.event import (
    DecisionMade,
    DecisionRequested,
    DurableEvent,
    ToolCallFinished,
    ToolCallStarted,
)

CHANGES = ("deploy_change", "restart_subject")
"""The tools that change a subject."""
AGENT = "agent"
POLICY = "a policy"
"""Who decided, if nobody did."""
REJECTED = "rejected by "


def find_run(work: Work) -> str:
    """The run of one attempt to work on a ticket. Workflows of earlier versions did not name it."""
    if work.run is not None:
        return work.run
    is_joined = work.ticket.run is not None and work.attempt == 1
    return (work.ticket.run or "") if is_joined else f"care-{work.ticket.id}-{work.attempt}"


def is_rejection(move: Move | MoveRow) -> bool:
    """Whether a move follows from a rejection. What people say when they resolve or close a ticket
    may begin with the same words; the reason of this state is never theirs."""
    return move.state == "investigating" and move.why.startswith(REJECTED)


def find_move(event: DurableEvent) -> Move | None:
    """The move of a ticket that follows from an event of its run."""
    state: TicketState
    match event:
        case DecisionRequested(tool=str(tool)) if tool in CHANGES:
            state, why, by = "proposed", f"{tool} waits for approval", AGENT
        case DecisionMade(verdict="approve" | "edit"):
            by = event.by or POLICY
            state, why = "approved", f"approved by {by}"
        case DecisionMade(verdict="reject"):
            by = event.by or POLICY
            state, why = "investigating", f"{REJECTED}{by}: {event.note or 'no reason given'}"
        case ToolCallStarted(name=name) if name in CHANGES:
            state, why, by = "changing", f"{name} is at work", AGENT
        case ToolCallFinished(name=name, ok=True) if name in CHANGES:
            state, why, by = "verifying", f"{name} is done", AGENT
        case _:
            return None
    return Move(state=state, why=why, by=by, run=event.run, event=str(event.cursor))
