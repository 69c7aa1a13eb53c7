"""Tells whether a run that exists was started by the same request."""

from __future__ import annotations

from harness.agent.checks import DEFAULT_TURNS
from harness.contracts.errors import RunError, RunIdTaken
from harness.contracts.run import RunSpec
from harness.contracts.transcript import digest
from harness.engine.connection import Connection
from harness.history import reader
from harness.journal.payloads import read_value

REQUEST_MEMO = "request"


def digest_request(spec: RunSpec) -> str:
    """Hash a request without its sender, trace and random values."""
    own: dict[str, object] = {"trace": None, "started_by": None, "salt": None, "permit": None}
    if spec.budget.turns == DEFAULT_TURNS:  # earlier versions pinned no limit for the same request
        own["budget"] = spec.budget.model_copy(update={"turns": None})
    return digest(spec.model_copy(update=own).wire())


async def check_same_request(
    connection: Connection, id: str, spec: RunSpec, *, known: bool
) -> None:
    description = await connection.temporal.get_workflow_handle(id).describe()
    before = await description.memo_value(REQUEST_MEMO, None)
    if not known or before != digest_request(spec):
        raise _id_taken(id)


async def check_same_as_sealed(connection: Connection, id: str, spec: RunSpec) -> None:
    """Temporal may have deleted the run, and would start it again."""
    first = (await reader.read_sealed(connection, id)).executions[0].entries[0]
    memo = first.workflow_execution_started_event_attributes.memo.fields
    before = read_value(memo[REQUEST_MEMO]) if REQUEST_MEMO in memo else None
    if before != digest_request(spec):
        raise _id_taken(id)


def _id_taken(id: str) -> RunError:
    return RunIdTaken(f"Run {id!r} already exists; a different request started it.")
