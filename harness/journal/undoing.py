"""Rules for the undo that a run starts at its end, as a separate workflow."""

from __future__ import annotations

from temporalio.api.failure.v1 import Failure
from temporalio.api.history.v1 import HistoryEvent

from harness.contracts import event as e
from harness.contracts.effect import UNDO, Undone, UndoReport
from harness.contracts.errors import ErrorInfo, RunBusy
from harness.journal.payloads import error_info, read_first
from harness.journal.state import Draft, State


def on_initiated(state: State, entry: HistoryEvent) -> Draft:
    attributes = entry.start_child_workflow_execution_initiated_event_attributes
    if attributes.workflow_type.name != UNDO:
        return []
    state.undos[entry.event_id] = attributes.workflow_id
    return [(e.UndoStarted, {"workflow": attributes.workflow_id})]


def on_not_started(state: State, entry: HistoryEvent) -> Draft:
    attributes = entry.start_child_workflow_execution_failed_event_attributes
    why = RunBusy(f"Workflow {attributes.workflow_id} is already in progress.").info
    return _end_undo(state, attributes.initiated_event_id, error=why)


def on_completed(state: State, entry: HistoryEvent) -> Draft:
    attributes = entry.child_workflow_execution_completed_event_attributes
    report = read_first(UndoReport, attributes.result)
    return _end_undo(state, attributes.initiated_event_id, report)


def on_failed(state: State, entry: HistoryEvent) -> Draft:
    attributes = entry.child_workflow_execution_failed_event_attributes
    return _fail_undo(state, attributes.initiated_event_id, attributes.failure)


def on_canceled(state: State, entry: HistoryEvent) -> Draft:
    attributes = entry.child_workflow_execution_canceled_event_attributes
    return _fail_undo(state, attributes.initiated_event_id, Failure(message="cancelled"))


def on_timed_out(state: State, entry: HistoryEvent) -> Draft:
    attributes = entry.child_workflow_execution_timed_out_event_attributes
    return _fail_undo(state, attributes.initiated_event_id, Failure(message="out of time"))


def on_terminated(state: State, entry: HistoryEvent) -> Draft:
    attributes = entry.child_workflow_execution_terminated_event_attributes
    return _fail_undo(state, attributes.initiated_event_id, Failure(message="terminated"))


def _fail_undo(state: State, initiated_id: int, failure: Failure) -> Draft:
    why = error_info(failure)
    error = why.model_copy(update={"message": f"The undo was ended: {why.message}"})
    return _end_undo(state, initiated_id, error=error)


def _end_undo(
    state: State,
    initiated_id: int,
    report: UndoReport | None = None,
    error: ErrorInfo | None = None,
) -> Draft:
    workflow = state.undos.pop(initiated_id, None)
    if workflow is None:
        return []
    state.undone = Undone(
        workflow=workflow,
        count=len(report.undone) if report else 0,
        stopped=report.stopped if report else None,
        error=error,
    )
    return [(e.EffectsUndone, {"undone": state.undone})]
