"""Lists the effects of a run from the ledger, and starts the workflow that undoes them."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence, Set
from contextlib import suppress
from datetime import timedelta
from typing import Any

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
from harness.engine.connection import Connection, get_identity
from harness.engine.payload_codec import decode_entry
from harness.engine.retry import ask_patiently, run_not_found, unreachable_error
from harness.history.reader import is_sealed, read_sealed, read_spec
from harness.journal.payloads import read_first as read_first
from harness.memory.undoing import withdraw_learned
from harness.runs.published import find_pollers
from harness.store import Ledger
from harness.store.permits import sign_undo
from harness.undo.offline import report_unchecked
from harness.undo.steps import ReportStep, Steps

PREVIEW_S = 25.0
"""A dry run waits no longer for the agent's workers."""
UNTAKEN_S = 5.0
UNTAKEN_EVENTS = 2
"""Of a workflow that no worker has taken: it was started, and its first task scheduled."""
KEPT_S = 60
"""A dry run that nobody waits for ends after this time."""
POLLED_TRIES, POLLED_PAUSE_S = 10, 0.2


async def list_effects(connection: Connection, run: str) -> list[EffectRow]:
    """Those of the run and of the runs below it, in the order in which they began; `not_found`
    where the run is not known at all."""
    below = await connection.stores.children.find_below(run)
    rows = await Ledger(connection.database, connection.vault).effects_of_run(run, below)
    if not rows:
        await _is_open(connection, run)
    return rows


async def undo_run(
    connection: Connection,
    run: str,
    *,
    to_turn: int | None = None,
    dry_run: bool = False,
    past: Sequence[str] = (),
    by: str | None = None,
    progress: ReportStep | None = None,
) -> UndoReport:
    """Undo what the run did after `to_turn`. `by`: who wants it, user@host of this process by
    default. `progress` is called with each step as it ends."""
    rows = await list_effects(connection, run)
    check_undo(run, rows, to_turn, past)
    if not dry_run and await _is_open(connection, run, known=bool(rows)):
        raise RunBusy(f"Run {run!r} is still running.", fix=f"Abort it first: harness abort {run}")
    spec = UndoSpec(
        run=run, to_turn=to_turn, dry_run=dry_run or None, past=tuple(past),
        by=by or get_identity(),
    )  # fmt: skip
    below = set(await connection.stores.children.find_below(run, to_turn))
    left = [row for row in rows if is_left(row, to_turn, run, below)]
    if not left:  # needs no worker
        if not dry_run:
            await withdraw_learned(connection, run, by=by or get_identity(), to_turn=to_turn)
        return UndoReport(run=run, to_turn=to_turn, dry_run=spec.dry_run, steps=())
    own = [row.agent for row in rows if row.run == run]
    agent = own[-1] if own else await _find_agent(connection, run)
    steps = Steps(len(left), progress)
    if dry_run:
        done = await _preview_undo(connection, spec, agent, left, steps)
    else:
        done = await _await_undo(await _start_undo(connection, spec, agent), run, steps)
    steps.report(done)
    return done


async def _find_agent(connection: Connection, run: str) -> str:
    """The agent of a run that has no effects of its own."""
    spec = await read_spec(connection, run)
    if spec is None:
        raise run_not_found(run)
    return spec.agent


async def _await_undo(
    handle: WorkflowHandle[object, UndoReport], run: str, steps: Steps
) -> UndoReport:
    try:
        async with steps.watch(handle):
            return await ask_patiently(run, handle.result)  # it continues while Temporal is down
    except WorkflowFailureError as error:
        raise RunFailed(f"The undo of {run!r} was ended: {error.cause or error}") from None


async def _preview_undo(
    connection: Connection, spec: UndoSpec, agent: str, left: Sequence[EffectRow], steps: Steps
) -> UndoReport:
    """Ask the agent's workers; if none answers in time, report what the ledger alone says."""
    if not await _is_polled(connection, agent):
        return report_unchecked(spec, left, f"no worker serves {agent}.")
    handle = None
    try:
        async with asyncio.timeout(PREVIEW_S):
            handle = await _start_undo(connection, spec, agent)
            done = await _unless_untaken(handle, _await_undo(handle, spec.run, steps))
            if done is not None:
                return done
    except TimeoutError:
        pass
    if handle is not None:
        with suppress(RPCError):  # it may have ended now
            await handle.terminate("nobody waits for this dry run")
    return report_unchecked(spec, left, f"no worker of {agent} answered in time.")


async def _unless_untaken(
    handle: WorkflowHandle[object, UndoReport], work: Coroutine[Any, Any, UndoReport]
) -> UndoReport | None:
    """Await the end of a dry run; None if no worker begins it. Temporal lists workers that have
    stopped for minutes."""
    task = asyncio.create_task(work)
    try:
        await asyncio.wait({task}, timeout=UNTAKEN_S)
        if not task.done() and (await handle.describe()).history_length <= UNTAKEN_EVENTS:
            return None
        return await task
    finally:
        task.cancel()


async def _is_polled(connection: Connection, agent: str) -> bool:
    """Whether a worker serves the agent. One that has just started is not known at once."""
    for _ in range(POLLED_TRIES):
        if await find_pollers(connection, agent):
            return True
        await asyncio.sleep(POLLED_PAUSE_S)
    return False


async def _start_undo(
    connection: Connection, spec: UndoSpec, agent: str
) -> WorkflowHandle[object, UndoReport]:
    """Start the undo of a run, or join it. One runs at a time; each effect is undone once."""
    to = "" if spec.to_turn is None else f" back to turn {spec.to_turn}"
    try:
        return await connection.temporal.start_workflow(
            UNDO,
            sign_undo(await connection.signing.get_signer(), spec),
            id=undo_id(spec.run),
            task_queue=agent_queue(agent),
            result_type=UndoReport,
            execution_timeout=timedelta(seconds=KEPT_S) if spec.dry_run else None,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
            id_conflict_policy=WorkflowIDConflictPolicy.FAIL,
            static_summary=f"Undo of {spec.run}{to}{' (dry run)' if spec.dry_run else ''}",
            static_details=f"Started by {spec.by}. Past: {', '.join(spec.past) or 'none'}.",
        )
    except WorkflowAlreadyStartedError:
        return await _join_undo(connection, spec, agent)
    except RPCError as error:
        raise unreachable_error(error) from error


async def _join_undo(
    connection: Connection, spec: UndoSpec, agent: str
) -> WorkflowHandle[object, UndoReport]:
    """Join an undo in progress with the same bounds, replace a dry run, or wait for it if this is
    one as well."""
    handle: WorkflowHandle[object, UndoReport] = connection.temporal.get_workflow_handle(
        undo_id(spec.run), result_type=UndoReport
    )
    first = await anext(aiter(handle.fetch_history_events(page_size=1)))
    entry = await decode_entry(connection.temporal.data_converter, first)
    going = read_first(UndoSpec, entry.workflow_execution_started_event_attributes.input)
    if going is not None and going.dry_run and not spec.dry_run:
        await handle.terminate("a real undo replaces this dry run")
        return await _start_undo(connection, spec, agent)
    own: dict[str, object] = {"by": None, "permit": None}
    if going is not None and going.model_copy(update=own) == spec.model_copy(update=own):
        return handle
    if going is not None and going.dry_run:
        with suppress(WorkflowFailureError):
            await ask_patiently(spec.run, handle.result)
        return await _start_undo(connection, spec, agent)
    raise RunBusy(
        f"A different undo of run {spec.run!r} is in progress.",
        fix=f"Wait for workflow {undo_id(spec.run)}, or terminate it.",
    )


def is_left(row: EffectRow, to_turn: int | None, run: str, below: Set[str]) -> bool:
    """Whether an undo of the run back to that turn includes the effect, or that of a run below."""
    stands = row.state in ("begun", "done", "undoing")
    failed_halfway = row.state == "failed" and row.receipt is not None
    late = row.turn > (-1 if to_turn is None else to_turn) if row.run == run else row.run in below
    return late and (stands or failed_halfway)


def check_undo(
    run: str, rows: Sequence[EffectRow], to_turn: int | None, past: Sequence[str]
) -> None:
    """Refuse a negative turn, or a call that has no effect in the run."""
    if to_turn is not None and to_turn < 0:
        raise InvalidValue(f"Turn {to_turn} does not exist.", fix="Use 0 to undo the whole run.")
    calls = {row.call for row in rows}
    unknown = [call for call in past if call not in calls]
    if unknown:
        raise RunNotFound(
            f"Call {unknown[0]!r} of run {run!r} has no effect.",
            fix=f"See its effects: harness effects {run}",
        )


async def _is_open(connection: Connection, run: str, *, known: bool = False) -> bool:
    """Whether the run is still running. `known`: the ledger has it, so Temporal need not."""
    try:
        description = await connection.temporal.get_workflow_handle(run).describe()
    except RPCError as error:
        if error.status in (RPCStatusCode.NOT_FOUND, RPCStatusCode.INVALID_ARGUMENT):
            if known:
                return False
            if not await is_sealed(connection, run):
                raise run_not_found(run) from None
            await _check_not_forgotten(connection, run)
            return False
        raise unreachable_error(error) from error
    return description.close_time is None


async def _check_not_forgotten(connection: Connection, run: str) -> None:
    """Raise Forgotten if the run was forgotten: its effects were deleted with it."""
    try:
        await read_sealed(connection, run)
    except Forgotten:
        raise
    except StoreError as error:
        get_logger(__name__).debug("the archive cannot be read", error=error.message)
