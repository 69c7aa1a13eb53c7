"""Evaluations: what commands and routes call. `by` is who asks."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

from temporalio.client import WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from harness.access.checks import require_role
from harness.api.caller import LOCAL, Caller, Role
from harness.contracts.errors import EvalInvalid, EvalNotFound, RunIdTaken
from harness.engine.connection import Connection
from harness.engine.retry import unreachable_error
from harness.engine.signed_start import start_workflow
from harness.evals.capability import EVALS
from harness.evals.checks import Function
from harness.evals.contracts import (
    WORKFLOW,
    Case,
    EvalPlan,
    EvalStart,
    ItemResult,
    eval_workflow,
)
from harness.evals.report import (
    EvalReport,
    compare_with_baseline,
    compare_with_recorded,
    report_cell,
)
from harness.evals.rows import EvalRow
from harness.evals.store import Evals
from harness.runs.start import new_id

LAST = "last"
"""The baseline that is the newest finished evaluation of the same name."""
SHOWN = 200
"""Failing results of a report."""
MOST_ITEMS = 50_000
AT_ONCE = 16
LOOKED_AT = 50
"""Evaluations among which the last one is looked for."""
ENDING_TRIES, ENDING_S = 50, 0.2
"""How often, and after which pause, to try again while an earlier workflow closes."""


def code_queue(eval: str) -> str:
    """The task queue of the process that has an evaluation's functions and workspace."""
    return f"harness.evals.code.{eval}"


async def add_eval(connection: Connection, plan: EvalPlan, cases: Sequence[Case]) -> str:
    """Store an evaluation with its cases, and return its id. `start_eval` starts it."""
    if plan.items > MOST_ITEMS:
        raise EvalInvalid(
            f"{plan.items:,} runs are too many for one evaluation.",
            fix=f"Use fewer cases, models or repeats: at most {MOST_ITEMS:,} runs in total.",
        )
    id = new_id("eval")
    await Evals(connection).add(id, plan, cases)
    return id


async def start_eval(connection: Connection, id: str, *, by: Caller = LOCAL) -> None:
    """Start an evaluation, or go on with it: what has a result is not run again. Does nothing if it
    is running."""
    require_role(by, Role.OPERATOR, "start an evaluation")
    if (await find_eval(connection, id, by=by)).state == "running":
        return
    rows = Evals(connection)
    plan = await _read_plan(rows, id)
    coded = plan.copies or any(isinstance(check, Function) for check in plan.checks)
    request = EvalStart(
        eval=id,
        items=plan.items,
        concurrency=plan.concurrency,
        code=code_queue(id) if coded else None,
        copies=plan.copies,
    )
    await rows.set_state(id, "running")  # before the workflow may end
    for _ in range(ENDING_TRIES):
        with suppress(RunIdTaken):  # one that has noted its end has yet to close, or another began
            await start_workflow(
                connection, EVALS, WORKFLOW, request, id=eval_workflow(id),
                static_summary=f"Evaluation {plan.name}"[:120],
            )  # fmt: skip
            return
        await asyncio.sleep(ENDING_S)


async def stop_eval(connection: Connection, id: str, *, by: Caller = LOCAL) -> EvalRow:
    """Start no more runs of an evaluation; those that are open end and are checked. A second stop
    does not wait for them. Their runs go on either way."""
    require_role(by, Role.OPERATOR, "stop an evaluation")
    found = await find_eval(connection, id, by=by)
    if found.state == "running":
        handle = connection.temporal.get_workflow_handle(eval_workflow(id))
        try:
            await handle.signal("stop")
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise unreachable_error(error) from error
    return found


async def find_eval(connection: Connection, id: str, *, by: Caller = LOCAL) -> EvalRow:
    """Find an evaluation.

    Raises:
        EvalNotFound: There is none with that id, or it belongs to someone else.
    """
    owner = None if by.role is Role.ADMIN else by.user
    found = await Evals(connection).find(id, owner) if id.isprintable() else None
    if found is None:
        raise EvalNotFound(f"There is no evaluation {id[:80]!r}.")
    return await _check_running(connection, found)


async def list_evals(
    connection: Connection, *, limit: int = 50, name: str | None = None, by: Caller = LOCAL
) -> list[EvalRow]:
    """List the caller's evaluations, the newest first; admins see all."""
    owner = None if by.role is Role.ADMIN else by.user
    found = await Evals(connection).list_rows(owner, limit=limit, name=name)
    gate = asyncio.Semaphore(AT_ONCE)

    async def check(row: EvalRow) -> EvalRow:
        async with gate:
            return await _check_running(connection, row)

    return list(await asyncio.gather(*(check(row) for row in found)))


async def find_baseline(connection: Connection, id: str, wanted: str, *, by: Caller = LOCAL) -> str:
    """The id of the evaluation to compare with: the one that is named, or for `last` the newest one
    of the same name that was done before this one."""
    if wanted != LAST:
        return (await find_eval(connection, wanted, by=by)).id
    own, rows = await find_eval(connection, id, by=by), Evals(connection)
    replay = (await _read_plan(rows, id)).replay
    for row in await list_evals(connection, limit=LOOKED_AT, name=own.name, by=by):
        if row.id == id or row.state != "done" or row.created > own.created:
            continue
        if (await _read_plan(rows, row.id)).replay == replay:
            return row.id
    raise EvalNotFound(f"No earlier evaluation named {own.name!r} is done.")


async def report_eval(
    connection: Connection, id: str, *, baseline: str | None = None, by: Caller = LOCAL
) -> EvalReport:
    """Report an evaluation as it is now, compared with a baseline if one is named."""
    row = await find_eval(connection, id, by=by)
    plan, results = await read_results(connection, id)
    old = None
    if baseline is not None:
        other = await find_baseline(connection, id, baseline, by=by)
        old = (other, *await read_results(connection, other))
    # Bootstrapping takes up to a second of CPU.
    return await asyncio.to_thread(_make_report, row, plan, results, old)


async def read_results(connection: Connection, id: str) -> tuple[EvalPlan, list[ItemResult]]:
    """The plan of an evaluation and all of its results so far."""
    rows = Evals(connection)
    plan = await _read_plan(rows, id)
    return plan, [result async for _, result in rows.list_results(id, plan)]


async def list_cases(connection: Connection, id: str) -> list[Case]:
    """The cases of an evaluation, in order."""
    return [case async for case in Evals(connection).list_cases(id)]


async def list_results(
    connection: Connection,
    id: str,
    *,
    failed: bool = False,
    after: int = -1,
    limit: int = 50,
    by: Caller = LOCAL,
) -> list[tuple[int, ItemResult]]:
    """A page of results, by the number of their items."""
    await find_eval(connection, id, by=by)
    rows = Evals(connection)
    plan = await _read_plan(rows, id)
    found = rows.list_results(id, plan, failed=failed, after=after, most=limit)
    return [each async for each in found]


def _make_report(
    row: EvalRow,
    plan: EvalPlan,
    results: list[ItemResult],
    old: tuple[str, EvalPlan, list[ItemResult]] | None,
) -> EvalReport:
    comparisons = compare_with_recorded(plan, results)
    if old is not None:
        comparisons += compare_with_baseline(plan, results, *old)
    failing = [each for each in results if not each.passed]
    return EvalReport(
        eval=row.id, name=row.name, state=row.state, created=row.created, ended=row.ended,
        cases=plan.cases, repeats=plan.repeats, items=plan.items, done=len(results),
        threshold=plan.threshold, replay=plan.replay,
        cells=tuple(report_cell(plan, cell, results) for cell in range(len(plan.cells))),
        comparisons=tuple(comparisons), failing=tuple(failing[:SHOWN]),
    )  # fmt: skip


async def _read_plan(rows: Evals, id: str) -> EvalPlan:
    plan = await rows.read_plan(id)
    if plan is None:
        raise EvalNotFound(f"There is no evaluation {id[:80]!r}.")
    return plan


async def _check_running(connection: Connection, row: EvalRow) -> EvalRow:
    """Whether what the database calls running has a workflow."""
    if row.state != "running":
        return row
    try:
        found = await connection.temporal.get_workflow_handle(eval_workflow(row.id)).describe()
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise unreachable_error(error) from error
        return replace(row, state="interrupted")
    if found.status is WorkflowExecutionStatus.RUNNING:
        return row
    # It may have ended since the row was read.
    newest = await Evals(connection).find(row.id, None) or row
    return newest if newest.state != "running" else replace(newest, state="interrupted")
