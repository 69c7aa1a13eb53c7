"""Whether a run may change a subject. Anyone who may start runs can start one of the agent of care,
with any prompt: what it may change follows from whose run it is, not from what it was told."""

from __future__ import annotations

from harness.access.store import Users
from harness.api.caller import Role
from harness.care.subjects.subject import Subject
from harness.care.tickets.store import TicketStore
from harness.contracts.errors import ToolFailed
from harness.engine.connection import Connection
from harness.history.reader import read_spec


async def check_run_may_change(
    connection: Connection, run: str, subject: Subject, ticket: str | None
) -> None:
    """Let a run change the subject of its ticket, or one of its owner's; runs without an owner were
    started at this machine or by a ticket. Admins may change all.

    Raises:
        ToolFailed: It may not.
    """
    found = None if ticket is None else await TicketStore(connection.database).find(ticket)
    if found is not None and found.subject != subject.name:
        raise ToolFailed(
            f"This run works on a ticket of {found.subject}: it may not change {subject.name}."
        )
    if found is not None and found.state == "closed":  # a run that began as it was closed
        raise ToolFailed("The ticket of this run is closed: nothing is changed any more.")
    spec = await read_spec(connection, run)
    owner = None if spec is None else spec.owner
    if owner in (None, subject.owner) or await _is_admin(connection, owner):
        return
    raise ToolFailed(
        f"This run belongs to {owner}. Only runs of {subject.deciders} may change {subject.name}."
    )


async def _is_admin(connection: Connection, name: str | None) -> bool:
    user = await Users(connection.database, connection.vault).find_user(name or "")
    if user is None or not user.genuine or user.disabled is not None:
        return False
    return user.role is Role.ADMIN
