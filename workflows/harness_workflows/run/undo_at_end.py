"""Undo the effects of a run when it ends."""

from __future__ import annotations

import asyncio

from temporalio import workflow
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import ChildWorkflowError, FailureError, WorkflowAlreadyStartedError

from harness.contracts.effect import UNDO, Undone, UndoReport, UndoSpec, undo_id
from harness.contracts.errors import RunBusy, RunError, RunFailed
from harness_workflows.run import card, waits
from harness_workflows.run.progress import RunProgress

WAIT_S = 600.0
"""How long the run waits; the undo continues without it, as its host may be down."""
BUSY_TRIES = 30
"""How long to wait for another undo of the run, such as a dry run, in seconds."""


async def undo_at_end(progress: RunProgress) -> Undone:
    """Undo the run in a separate workflow, which continues whatever happens to this one."""
    run = workflow.info().workflow_id
    card.show_doing(progress, f"taking back what it did: {undo_id(run)}")
    work = asyncio.create_task(_run_undo(run))
    wait_s = progress.spec.limits.undo_wait_s or WAIT_S
    until = workflow.time() + wait_s
    while not work.done():
        left = max(0.0, until - workflow.time())
        try:
            await workflow.wait_condition(work.done, timeout=left, timeout_summary="undo")
        except TimeoutError:
            why = f"After {wait_s:g} s it was still at work, and goes on by itself."
            return _failed_undo(run, RunBusy(why, fix=f"See workflow {undo_id(run)}."))
        except asyncio.CancelledError:  # Temporal's Cancel ends the run, not its undo
            waits.notice_cancel(progress)
    return work.result()


async def _run_undo(run: str) -> Undone:
    for _ in range(BUSY_TRIES):
        try:
            report = await workflow.execute_child_workflow(
                UNDO,
                UndoSpec(run=run),
                id=undo_id(run),
                result_type=UndoReport,
                parent_close_policy=workflow.ParentClosePolicy.ABANDON,
                cancellation_type=workflow.ChildWorkflowCancellationType.ABANDON,
                id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
                static_summary=f"Undo of {run}",
            )
        except WorkflowAlreadyStartedError:
            await workflow.sleep(1)
        except FailureError as error:
            cause = error.cause if isinstance(error, ChildWorkflowError) else error
            return _failed_undo(run, RunFailed(f"The undo was ended: {cause or error}"))
        else:
            return Undone(workflow=undo_id(run), count=len(report.undone), stopped=report.stopped)
    return _failed_undo(run, RunBusy(f"Workflow {undo_id(run)} is at work already."))


def _failed_undo(run: str, error: RunError) -> Undone:
    return Undone(workflow=undo_id(run), count=0, error=error.info)
