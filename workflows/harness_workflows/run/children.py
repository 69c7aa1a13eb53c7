"""Run an agent that the run calls as a tool: start its run, wait for it, and count what it used."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from pydantic import ValidationError
from temporalio import workflow
from temporalio.common import (
    Priority,
    RawValue,
    RetryPolicy,
    SearchAttributeKey,
    SearchAttributePair,
    TypedSearchAttributes,
    WorkflowIDReusePolicy,
)
from temporalio.exceptions import (
    ApplicationError,
    ChildWorkflowError,
    FailureError,
    WorkflowAlreadyStartedError,
)

from harness.contracts.awaited import AwaitChild, AwaitedChild
from harness.contracts.errors import BudgetReached
from harness.contracts.run import (
    WORKFLOW,
    Budget,
    OpenChild,
    RunEnd,
    RunState,
    Totals,
)
from harness.contracts.steering import Abort
from harness.contracts.subagent import AWAIT_CHILD, MAX_OPEN, ChildEnd, ChildStart
from harness.contracts.tool import RunTool
from harness_workflows.run import card, waits
from harness_workflows.run.failures import map_failure
from harness_workflows.run.progress import RunProgress

LEAVE_S = 120.0
"""How long a run that ends waits for its children to end."""
AWAIT_LIMIT = timedelta(minutes=10)
PATIENCE = RetryPolicy(
    initial_interval=timedelta(milliseconds=500), maximum_interval=timedelta(seconds=30)
)
"""No limit of attempts: the child goes on, whatever this run learns of it."""


async def run_child(progress: RunProgress, request: RunTool, start: ChildStart) -> RunTool | None:
    """Start the child of a call, and return the call to make when it has ended; None if the run
    was aborted first."""
    child = await open_child(progress, request, start)
    return child and _report(progress, child, await await_end(progress, child, start))


async def open_child(
    progress: RunProgress, request: RunTool, start: ChildStart
) -> OpenChild | None:
    """Note a child that is about to start, once there is room for it; None if the run was aborted
    first."""
    while len(progress.children) >= MAX_OPEN and progress.aborted is None:
        await waits.wait_until(progress, lambda: len(progress.children) < MAX_OPEN, start.run)
    if progress.aborted is not None:
        return None
    child = OpenChild(run=start.run, request=request, budget=start.budget)
    progress.children[request.call.id] = child
    progress.started_children += 1
    return child


async def rejoin_child(progress: RunProgress, child: OpenChild) -> RunTool | None:
    """Wait for a child that an earlier history of the run started."""
    return _report(progress, child, await await_end(progress, child, None))


def _report(progress: RunProgress, child: OpenChild, end: RunEnd | None) -> RunTool | None:
    """The call that tells the model how the child ended; None if the run was aborted."""
    if end is None or progress.aborted is not None:
        return None
    ended = ChildEnd(
        run=child.run, state=end.state.value, output=end.output, data=end.data,
        truncated=end.truncated, error=end.error, head=end.head,
    )  # fmt: skip
    return child.request.model_copy(update={"ended": ended, "left": None})


def add_left(progress: RunProgress, request: RunTool) -> RunTool:
    """Add what the child of a call may use: an equal part, for each call that waits for its own, of
    what the budget has left and open children have not been given."""
    waiting, subagent = 1, progress.spec.tools[request.call.name].subagent
    handover = bool(subagent and subagent.handover)
    if progress.spec.parallel and not handover:
        open_calls = [each for each in progress.calls if each.id not in progress.results]
        names = [each.name for each in open_calls if each.id not in progress.children]
        tools = progress.spec.tools
        waiting = sum(bool(name in tools and tools[name].subagent) for name in names)
    budget, totals = progress.budget, progress.totals
    given = [each.budget for each in progress.children.values()]
    left = Budget(
        tokens=_divide(budget.tokens, totals.usage.total, [b.tokens for b in given], waiting),
        cost_micros=_divide(
            budget.cost_micros, totals.cost_micros or 0, [b.cost_micros for b in given], waiting
        ),
        seconds=None
        if budget.seconds is None
        else progress.started + budget.seconds - workflow.time(),
        # Turns are each run's own, unless the conversation is handed over.
        turns=_divide(budget.turns, totals.turns, [], 1) if handover else None,
    )
    return request.model_copy(update={"left": left})


def _divide(limit: int | None, used: int, given: Sequence[int | None], waiting: int) -> int | None:
    if limit is None:
        return None
    return max(0, limit - used - sum(each or 0 for each in given)) // max(1, waiting)


async def await_end(
    progress: RunProgress, child: OpenChild, start: ChildStart | None
) -> RunEnd | None:
    """Wait for the end of a child; it is aborted if the run must not wait any longer. None if it
    does not end then. Raises FreshHistory if the next history is to wait."""
    name = child.request.call.name
    card.show_doing(progress, f"waiting for {name}: run {child.run}")
    work = asyncio.create_task(_follow(progress, child, start))
    try:
        await waits.wait_until(progress, work.done, f"waiting for {name}")
    except BudgetReached as error:
        await _stop(progress, child, work, error.message)
        raise
    if not work.done():
        await _stop(progress, child, work, progress.aborted or "aborted")
    return work.result() if work.done() else None


async def _stop(
    progress: RunProgress, child: OpenChild, work: asyncio.Task[RunEnd], why: str
) -> None:
    """Abort the child and wait for its end, so that an undo finds all of its effects."""
    progress.stopping[child.run] = why
    until = workflow.time() + LEAVE_S
    while not work.done() and workflow.time() < until:
        try:
            await workflow.wait_condition(
                work.done, timeout=until - workflow.time(), timeout_summary=f"end of {child.run}"
            )
        except TimeoutError:
            workflow.logger.warning("a child run has not ended, and goes on by itself")
        except asyncio.CancelledError:
            waits.notice_cancel(progress)


async def _follow(progress: RunProgress, child: OpenChild, start: ChildStart | None) -> RunEnd:
    """Wait for the end of the child in a task of its own, which Temporal's Cancel does not end."""
    handle = await _start(start) if start is not None else None
    result = _read_result(handle, child.run) if handle else _ask_for_end(child.run)
    ended = asyncio.create_task(result)
    await workflow.wait_condition(lambda: ended.done() or child.run in progress.stopping)
    if not ended.done():
        await _abort(child.run, Abort(reason=progress.stopping[child.run], by=progress.by))
    end = await ended
    progress.children.pop(child.request.call.id, None)
    progress.stopping.pop(child.run, None)
    used = end.totals
    progress.totals = progress.totals.plus(usage=used.usage, cost_micros=used.cost_micros)
    return end


async def _start(start: ChildStart) -> workflow.ChildWorkflowHandle[Any, Any] | None:
    """Start the run; None if it was started before."""
    pairs = [
        SearchAttributePair(SearchAttributeKey.for_keyword(name), value)
        for name, value in start.attributes.items()
    ]
    try:
        return await workflow.start_child_workflow(
            WORKFLOW,
            start.spec,
            id=start.run,
            task_queue=start.queue,
            # It outlives this history, not the run, which aborts it or waits for it.
            parent_close_policy=workflow.ParentClosePolicy.ABANDON,
            cancellation_type=workflow.ChildWorkflowCancellationType.ABANDON,
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
            search_attributes=TypedSearchAttributes(pairs),
            memo=start.memo,
            static_summary=start.summary,
            static_details=start.details,
            priority=Priority(priority_key=start.priority),
            result_type=RawValue,
        )
    except WorkflowAlreadyStartedError:
        return None


async def _abort(child: str, value: Abort) -> None:
    try:
        await workflow.get_external_workflow_handle(child).signal("abort", value)
    except ApplicationError:
        return  # it has ended


async def _ask_for_end(child: str) -> RunEnd:
    """Have a worker wait for the end, of a child that another history started."""
    while True:
        try:
            found = await workflow.execute_activity(
                AWAIT_CHILD,
                AwaitChild(run=child),
                start_to_close_timeout=AWAIT_LIMIT,
                heartbeat_timeout=timedelta(seconds=5),
                retry_policy=PATIENCE,
                summary=f"wait for {child}"[:120],
                result_type=AwaitedChild,
            )
        except FailureError as error:
            return _failed_end(error)
        if found.end is not None:
            return found.end


async def _read_result(handle: workflow.ChildWorkflowHandle[Any, Any], child: str) -> RunEnd:
    try:
        return RunEnd.model_validate_json((await handle).payload.data)
    except ChildWorkflowError as error:
        details = error.cause.details if isinstance(error.cause, ApplicationError) else ()
    except ValidationError:
        details = ()
    try:
        if details:
            return RunEnd.model_validate(details[0])
    except ValidationError:
        workflow.logger.warning("a child run has an end that this version cannot read")
    return await _ask_for_end(child)  # its events say how it ended, and what it used


def _failed_end(error: FailureError) -> RunEnd:
    info = map_failure(error).info
    return RunEnd(state=RunState.FAILED, output="", error=info, totals=Totals())
