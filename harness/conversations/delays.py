"""Why a message has no answer yet: what its run waits for, or why the run cannot start."""

from __future__ import annotations

from pydantic import ValidationError

from harness.contracts.errors import RunNotFound
from harness.contracts.run import Pending
from harness.conversations.contracts import PREPARE, Answering, session_workflow
from harness.engine import served
from harness.engine.connection import Connection
from harness.history.retries import list_retries


async def explain_wait(connection: Connection, conversation: str, turn: Answering) -> Answering:
    """Return the open turn with what Temporal says of it. Needs no worker."""
    try:
        if turn.run is not None:
            pending = await _read_pending(connection, turn.run)
            return turn.model_copy(update={"pending": tuple(pending) or None})
        retries = await list_retries(connection.temporal, session_workflow(conversation))
    except RunNotFound:  # it has ended meanwhile
        return turn
    delay = next((each.error for each in retries if each.kind == PREPARE), None)
    return turn.model_copy(update={"delay": delay})


async def _read_pending(connection: Connection, run: str) -> list[Pending]:
    """What the run asks. A memo that cannot be read is not from a worker of harness."""
    description = await served.describe_run(connection.temporal.get_workflow_handle(run))
    try:
        return await description.memo_value("waiting", None, type_hint=list[Pending]) or []
    except ValidationError:
        return []
