"""Effects of a run, and taking them back: read from the ledger, undone by a workflow."""

from __future__ import annotations

from collections.abc import Sequence

from temporalio.client import WorkflowFailureError, WorkflowHandle
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from harness.commons.log import get_logger
from harness.contracts.effect import UNDO, EffectRow, UndoReport, UndoSpec, undo_id
from harness.contracts.errors import (
    Forgotten,
    InvalidValue,
    RunBusy,
    RunFailed,
    RunNotFound,
    StoreError,
)
from harness.contracts.queues import agent_queue
from harness.engine.connection import Connection, whoami
from harness.engine.payload_codec import plain
from harness.engine.retry import not_found, patiently, unreachable
from harness.history.reader import is_sealed, sealed
from harness.journal.payloads import first as read_first
from harness.store import Ledger
from harness.store.permits import sign_undo


async def effects(connection: Connection, run: str) -> list[EffectRow]:
    """In the order in which they began; `not_found` where the run is not known at all."""
    rows = await Ledger(connection.database, connection.vault).effects_of_run(run)
    if not rows:
        await _is_open(connection, run)
    return rows


async def undo(
    connection: Connection,
    run: str,
    *,
    to_turn: int | None = None,
    dry_run: bool = False,
    past: Sequence[str] = (),
) -> UndoReport:
    rows = await effects(connection, run)
    check_undo(run, rows, to_turn, past)
    if not dry_run and await _is_open(connection, run, known=bool(rows)):
        raise RunBusy(f"Run {run!r} is still going.", fix=f"Abort it first: harness abort {run}")
    spec = UndoSpec(
        run=run, to_turn=to_turn, dry_run=dry_run or None, past=tuple(past), by=whoami()
    )
    if not any(is_left(row, to_turn) for row in rows):  # no worker is needed to find that out
        return UndoReport(run=run, to_turn=to_turn, dry_run=spec.dry_run, steps=())
    handle = await _start(connection, spec, rows[-1].agent)
    try:
        return await patiently(run, handle.result)  # it goes on, also while the engine is away
    except WorkflowFailureError as error:
        raise RunFailed(f"The undo of {run!r} was ended: {error.cause or error}") from None


async def _start(
    connection: Connection, spec: UndoSpec, agent: str
) -> WorkflowHandle[object, UndoReport]:
    """One at a time for a run; what an earlier one has undone is not undone again."""
    to = "" if spec.to_turn is None else f" back to turn {spec.to_turn}"
    try:
        return await connection.temporal.start_workflow(
            UNDO,
            sign_undo(await connection.signing.signer(), spec),
            id=undo_id(spec.run),
            task_queue=agent_queue(agent),
            result_type=UndoReport,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
            id_conflict_policy=WorkflowIDConflictPolicy.FAIL,
            static_summary=f"Undo of {spec.run}{to}{' (dry run)' if spec.dry_run else ''}",
            static_details=f"Started by {spec.by}. Past: {', '.join(spec.past) or 'none'}.",
        )
    except WorkflowAlreadyStartedError:
        return await _join(connection, spec, agent)
    except RPCError as error:
        raise unreachable(error) from error


async def _join(
    connection: Connection, spec: UndoSpec, agent: str
) -> WorkflowHandle[object, UndoReport]:
    """The undo that is at work, where it is the same. A dry run that somebody left makes way."""
    handle: WorkflowHandle[object, UndoReport] = connection.temporal.get_workflow_handle(
        undo_id(spec.run), result_type=UndoReport
    )
    first = await anext(aiter(handle.fetch_history_events(page_size=1)))
    entry = await plain(connection.temporal.data_converter, first)
    going = read_first(UndoSpec, entry.workflow_execution_started_event_attributes.input)
    if going is not None and going.dry_run and not spec.dry_run:
        await handle.terminate("an undo in earnest takes its place")
        return await _start(connection, spec, agent)
    own: dict[str, object] = {"by": None, "permit": None}
    if going is not None and going.model_copy(update=own) == spec.model_copy(update=own):
        return handle
    raise RunBusy(
        f"Run {spec.run!r} is being undone already, in another way.",
        fix=f"Wait for workflow {undo_id(spec.run)}, or terminate it.",
    )


def is_left(row: EffectRow, to_turn: int | None) -> bool:
    """Whether an undo back to that turn looks at the effect."""
    stands = row.state in ("begun", "done", "undoing")
    failed_halfway = row.state == "failed" and row.receipt is not None
    return row.turn > (-1 if to_turn is None else to_turn) and (stands or failed_halfway)


def check_undo(
    run: str, rows: Sequence[EffectRow], to_turn: int | None, past: Sequence[str]
) -> None:
    """Refuse a turn or a call that the run cannot have."""
    if to_turn is not None and to_turn < 0:
        raise InvalidValue("There is no turn below 0.", fix="0 undoes the whole run.")
    calls = {row.call for row in rows}
    unknown = [call for call in past if call not in calls]
    if unknown:
        raise RunNotFound(
            f"Run {run!r} has no effect of a call {unknown[0]!r}.",
            fix=f"See its effects: harness effects {run}",
        )


async def _is_open(connection: Connection, run: str, *, known: bool = False) -> bool:
    """Whether the run is still going. `known`: the ledger has it, so the engine need not."""
    try:
        description = await connection.temporal.get_workflow_handle(run).describe()
    except RPCError as error:
        if error.status in (RPCStatusCode.NOT_FOUND, RPCStatusCode.INVALID_ARGUMENT):
            if known:
                return False
            if not await is_sealed(connection, run):
                raise not_found(run) from None
            await _not_forgotten(connection, run)
            return False
        raise unreachable(error) from error
    return description.close_time is None


async def _not_forgotten(connection: Connection, run: str) -> None:
    """A run whose effects were deleted with it is not one that had none."""
    try:
        await sealed(connection, run)
    except Forgotten:
        raise
    except StoreError as error:
        get_logger(__name__).debug("the archive could not be asked", error=error.message)
