"""Rules for the runs that a run starts when its model calls an agent as a tool."""

from __future__ import annotations

from typing import Any

from temporalio.api.common.v1 import Payloads
from temporalio.api.failure.v1 import Failure
from temporalio.api.history.v1 import HistoryEvent

from harness.contracts import event as e
from harness.contracts.awaited import AwaitChild, AwaitedChild
from harness.contracts.errors import ErrorInfo
from harness.contracts.run import WORKFLOW, RunEnd, RunSpec, RunState
from harness.journal import undoing
from harness.journal.payloads import error_info, read_first
from harness.journal.state import Draft, State


def on_initiated(state: State, entry: HistoryEvent) -> Draft:
    attributes = entry.start_child_workflow_execution_initiated_event_attributes
    if attributes.workflow_type.name != WORKFLOW:
        return undoing.on_initiated(state, entry)
    spec = read_first(RunSpec, attributes.input)
    if spec is None or spec.called_by is None:
        return []
    state.children[entry.event_id] = attributes.workflow_id
    if spec.called_by.handover:
        state.handed.add(attributes.workflow_id)
    fields = {
        "child": attributes.workflow_id,
        "agent": spec.agent,
        "turn": spec.called_by.turn,
        "call_id": spec.called_by.call,
        "prompt": spec.asked,
        "handover": spec.called_by.handover,
    }
    return [(e.ChildStarted, fields)]


def on_not_started(state: State, entry: HistoryEvent) -> Draft:
    attributes = entry.start_child_workflow_execution_failed_event_attributes
    if state.children.pop(attributes.initiated_event_id, None) is not None:
        return []  # it runs already: a worker waits for its end
    return undoing.on_not_started(state, entry)


def on_completed(state: State, entry: HistoryEvent) -> Draft:
    attributes = entry.child_workflow_execution_completed_event_attributes
    child = state.children.pop(attributes.initiated_event_id, None)
    if child is None:
        return undoing.on_completed(state, entry)
    return _end_child(state, child, read_first(RunEnd, attributes.result))


def on_failed(state: State, entry: HistoryEvent) -> Draft:
    attributes = entry.child_workflow_execution_failed_event_attributes
    child = state.children.pop(attributes.initiated_event_id, None)
    if child is None:
        return undoing.on_failed(state, entry)
    failure = _innermost(attributes.failure)
    end = read_first(RunEnd, failure.application_failure_info.details)
    return _end_child(state, child, end, error_info(attributes.failure))


# Temporal's own ends carry no `RunEnd`: a worker reads what the child's history says.


def on_canceled(state: State, entry: HistoryEvent) -> Draft:
    attributes = entry.child_workflow_execution_canceled_event_attributes
    if state.children.pop(attributes.initiated_event_id, None) is not None:
        return []
    return undoing.on_canceled(state, entry)


def on_timed_out(state: State, entry: HistoryEvent) -> Draft:
    attributes = entry.child_workflow_execution_timed_out_event_attributes
    if state.children.pop(attributes.initiated_event_id, None) is not None:
        return []
    return undoing.on_timed_out(state, entry)


def on_terminated(state: State, entry: HistoryEvent) -> Draft:
    attributes = entry.child_workflow_execution_terminated_event_attributes
    if state.children.pop(attributes.initiated_event_id, None) is not None:
        return []
    return undoing.on_terminated(state, entry)


def awaited_run(input: Payloads) -> str:
    """The run whose end an `await_child` activity waits for."""
    request = read_first(AwaitChild, input)
    return request.run if request else ""


def on_awaited(state: State, scheduled: int, result: Payloads) -> Draft:
    """A worker found the end of a child, or gave up for now."""
    child = state.awaited.pop(scheduled)
    found = read_first(AwaitedChild, result)
    return [] if found is None or found.end is None else _end_child(state, child, found.end)


def _end_child(
    state: State, child: str, end: RunEnd | None, error: ErrorInfo | None = None
) -> Draft:
    if end is not None:
        used = end.totals
        state.totals = state.totals.plus(usage=used.usage, cost_micros=used.cost_micros)
    fields: dict[str, Any] = {
        "child": child,
        "state": end.state if end else RunState.FAILED,
        "error": end.error if end and end.error else error,
        "totals": end.totals if end else None,
        "answer": end.output or None if end and child in state.handed else None,
    }
    return [(e.ChildEnded, fields)]


def _innermost(failure: Failure) -> Failure:
    """The failure of the child itself, below that of its workflow."""
    while failure.HasField("cause") and not failure.HasField("application_failure_info"):
        failure = failure.cause
    return failure
