"""History events of a run in, our events out: a fold, so any prefix gives a prefix."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from typing import Any, ClassVar

from temporalio.api.enums.v1 import EventType, WorkflowTaskFailedCause
from temporalio.api.history.v1 import HistoryEvent

from harness.contracts import event as e
from harness.contracts.errors import RunNotFound
from harness.contracts.run import WORKFLOW, RunSpec, RunState
from harness.journal import activities, endings, steering, undoing
from harness.journal.payloads import first, seconds, value
from harness.journal.state import Draft, State


class Projector(State):
    """Folds the history of one execution. `run` is the workflow's id, `run_id` the execution's."""

    def feed(self, entry: HistoryEvent) -> list[e.DurableEvent]:
        rule = self.RULES.get(entry.event_type)
        if rule is None:
            return []
        at = seconds(entry.event_time)
        events: list[e.DurableEvent] = []
        for place, (kind, fields) in enumerate(rule(self, entry)):
            cursor = e.Cursor(run_id=self.run_id, event_id=entry.event_id, place=place)
            events.append(kind(run=self.run, at=at, trace=self.trace, cursor=cursor, **fields))
        return events

    def _run_started(self, entry: HistoryEvent) -> Draft:
        attributes = entry.workflow_execution_started_event_attributes
        if attributes.workflow_type.name not in ("", WORKFLOW):  # such as an undo
            raise RunNotFound(f"{self.run!r} is a workflow, but no run of an agent.")
        spec = first(RunSpec, attributes.input)
        if spec is None:
            return []
        self.trace = spec.trace or uuid.UUID(attributes.first_execution_run_id).hex
        self.agent, self.model = spec.agent, spec.model
        self.bounded = spec.bounded is True
        self.checked = frozenset(name for name, each in spec.tools.items() if each.approval)
        if carry := spec.carry:
            self.totals, self.head, self.why = carry.totals, carry.head, carry.aborted
            self.turn = carry.turn
            self.announced = set(carry.asked or ())
            steering.carry_on(self, carry)
            for text in carry.hints or ():
                self.room.take(text)
        fields: dict[str, Any] = {
            "agent": spec.agent,
            "model": spec.model,
            "prompt": spec.asked,
            "session": spec.session,
            "parent": spec.parent,
            "whatif": True if spec.playback else None,
            "by": spec.started_by or attributes.identity or None,
            "continued": True if spec.carry else None,
        }
        return [(e.RunStarted, fields)]

    def _attributes(self, entry: HistoryEvent) -> Draft:
        upsert = entry.upsert_workflow_search_attributes_event_attributes.search_attributes
        payload = upsert.indexed_fields.get("HarnessState")
        if payload is None:
            return []
        state = RunState(value(payload))
        return [] if state.over else [(e.StateChanged, {"state": state})]

    def _task_failed(self, entry: HistoryEvent) -> Draft:
        attributes = entry.workflow_task_failed_event_attributes
        if attributes.cause != WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_RESET_WORKFLOW:
            return []
        fields = {
            "from_run_id": attributes.base_run_id,
            "to_run_id": attributes.new_run_id,
            "reason": attributes.failure.message,
        }
        return [(e.Branched, fields)]

    RULES: ClassVar[dict[int, Callable[[Projector, HistoryEvent], Draft]]] = {
        EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED: _run_started,
        EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED: activities.served,
        EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED: activities.scheduled,
        EventType.EVENT_TYPE_ACTIVITY_TASK_STARTED: activities.started,
        EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED: activities.completed,
        EventType.EVENT_TYPE_ACTIVITY_TASK_FAILED: activities.failed,
        EventType.EVENT_TYPE_ACTIVITY_TASK_TIMED_OUT: activities.timed_out,
        EventType.EVENT_TYPE_ACTIVITY_TASK_CANCELED: activities.canceled,
        EventType.EVENT_TYPE_MARKER_RECORDED: activities.local,
        EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED: steering.signaled,
        EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CANCEL_REQUESTED: steering.cancel_requested,
        EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED: steering.update_accepted,
        EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_COMPLETED: steering.update_completed,
        EventType.EVENT_TYPE_WORKFLOW_PROPERTIES_MODIFIED: steering.waiting,
        EventType.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES: _attributes,
        EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED: _task_failed,
        EventType.EVENT_TYPE_START_CHILD_WORKFLOW_EXECUTION_INITIATED: undoing.initiated,
        EventType.EVENT_TYPE_START_CHILD_WORKFLOW_EXECUTION_FAILED: undoing.not_started,
        EventType.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_COMPLETED: undoing.completed,
        EventType.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_FAILED: undoing.failed,
        EventType.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_CANCELED: undoing.canceled,
        EventType.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_TIMED_OUT: undoing.timed_out,
        EventType.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_TERMINATED: undoing.terminated,
        EventType.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED: endings.completed,
        EventType.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED: endings.failed,
        EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CANCELED: endings.canceled,
        EventType.EVENT_TYPE_WORKFLOW_EXECUTION_TERMINATED: endings.terminated,
        EventType.EVENT_TYPE_WORKFLOW_EXECUTION_TIMED_OUT: endings.timed_out,
    }


def project(run: str, run_id: str, history: Iterable[HistoryEvent]) -> list[e.DurableEvent]:
    projector = Projector(run=run, run_id=run_id)
    return [event for entry in history for event in projector.feed(entry)]
