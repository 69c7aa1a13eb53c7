"""The states of tickets, and other words that commands and workflows share. Pure, and quick to
load: each command loads it."""

from __future__ import annotations

from typing import Literal

TicketState = Literal[
    "open", "investigating", "proposed", "approved", "changing", "verifying", "resolved",
    "reopened", "failed", "closed",
]  # fmt: skip
ENDS_OF_WORK: tuple[TicketState, ...] = ("resolved", "failed", "closed")
TRANSITIONS: dict[TicketState, tuple[TicketState, ...]] = {
    "open": ("investigating", "resolved", "closed"),
    # The states of work follow the run, which may do several things.
    "investigating": ("proposed", "changing", "verifying", *ENDS_OF_WORK),
    "proposed": ("approved", "investigating", "changing", "verifying", *ENDS_OF_WORK),
    "approved": ("changing", "investigating", "verifying", *ENDS_OF_WORK),
    "changing": ("verifying", "proposed", "investigating", *ENDS_OF_WORK),
    "verifying": ("proposed", "changing", *ENDS_OF_WORK),
    "resolved": ("reopened", "closed"),
    "reopened": ("investigating", "resolved", "closed"),
    "failed": ("investigating", "resolved", "closed"),
    "closed": (),
}
"""All changes of state. investigating: an agent is at work. proposed: it asks to change something.
verifying: something was changed, and the invariants are watched. failed: the agent could not help,
or its change was undone; a person is needed, unless the invariant holds again meanwhile."""
OPEN_STATES: tuple[TicketState, ...] = tuple(
    state for state in TRANSITIONS if state not in ("resolved", "closed")
)
"""In which a ticket is not settled."""
Action = Literal["work", "resolve", "close"]
"""What people can do with a ticket."""
SETTLES: dict[Action, TicketState] = {"resolve": "resolved", "close": "closed"}
"""The actions that end a ticket, each with the state that it leads to."""
ALREADY = "already"
"""The type of the refusal of an act that was done before."""
RESOLVE_ALONE: tuple[TicketState, ...] = ("open", "reopened", "failed")
"""In which a ticket is resolved once its invariant holds again: nobody is at work on it."""
CAN_WORK: tuple[TicketState, ...] = ("open", "reopened", "failed")
"""In which an agent can start to work."""


def find_actions(state: TicketState) -> tuple[Action, ...]:
    """What people can do with a ticket in this state."""
    alone: tuple[Action, ...] = ("work", "resolve") if state in CAN_WORK else ()
    return alone if state == "closed" else (*alone, "close")


Priority = Literal["low", "normal", "high", "urgent"]
AuditAction = Literal[
    "ticket", "deploy", "restart", "hypothesis", "proposal", "evidence", "runbook",
    "subject_added", "subject_removed", "invariant_added", "invariant_removed", "silence_added",
    "silence_ended", "commented", "pinned", "work_undone",
]  # fmt: skip
"""What the audit lists."""
