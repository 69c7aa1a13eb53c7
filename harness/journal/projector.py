"""Project history entries to events: a fold, so a prefix of entries gives a prefix of events."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from typing import Any, ClassVar

from temporalio.api.enums.v1 import EventType, WorkflowTaskFailedCause
from temporalio.api.history.v1 import HistoryEvent

from harness.contracts import event as e
from harness.contracts.errors.run import not_a_run
from harness.contracts.run import WORKFLOW, RunSpec, RunState
from harness.journal import activities, children, endings, steering
from harness.journal.payloads import read_first, read_value, to_seconds
from harness.journal.state import Draft, State


class Projector(State):
    """Folds the history of one execution. `run` is the workflow's id, `run_id` the execution's."""

    def feed(self, entry: HistoryEvent) -> list[e.DurableEvent]:
        rule = self.RULES.get(entry.event_type)
        if rule is None:
            return []
        at = to_seconds(entry.event_time)
        events: list[e.DurableEvent] = []
        for place, (kind, fields) in enumerate(rule(self, entry)):
            cursor = e.Cursor(run_id=self.run_id, event_id=entry.event_id, place=place)
            events.append(kind(run=self.run, at=at, trace=self.trace, cursor=cursor, **fields))
        return events

    def _on_run_started(self, entry: HistoryEvent) -> Draft:
        attributes = entry.workflow_execution_started_event_attributes
        if attributes.workflow_type.name not in ("", WORKFLOW):  # such as an undo
            raise not_a_run(self.run)
        spec = read_first(RunSpec, attributes.input)
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
            opened = carry.children.values() if carry.children and carry.handover else ()
            self.handed = {each.run for each in opened}
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
            "owner": spec.owner,
            "continued": True if spec.carry else None,
            "template": spec.template,
            "called_by": spec.called_by,
        }
        return [(e.RunStarted, fields)]

    def _on_attributes(self, entry: HistoryEvent) -> Draft:
        upsert = entry.upsert_workflow_search_attributes_event_attributes.search_attributes
        payload = upsert.indexed_fields.get("HarnessState")
        if payload is None:
            return []
        state = RunState(read_value(payload))
        return [] if state.over else [(e.StateChanged, {"state": state})]

    def _on_task_failed(self, entry: HistoryEvent) -> Draft:
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
        EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED: _on_run_started,
        EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED: activities.on_task_completed,
        EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED: activities.on_scheduled,
        EventType.EVENT_TYPE_ACTIVITY_TASK_STARTED: activities.on_started,
        EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED: activities.on_completed,
        EventType.EVENT_TYPE_ACTIVITY_TASK_FAILED: activities.on_failed,
        EventType.EVENT_TYPE_ACTIVITY_TASK_TIMED_OUT: activities.on_timed_out,
        EventType.EVENT_TYPE_ACTIVITY_TASK_CANCELED: activities.on_canceled,
        EventType.EVENT_TYPE_MARKER_RECORDED: activities.on_local_marker,
        EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED: steering.on_signal,
        EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CANCEL_REQUESTED: steering.on_cancel_requested,
        EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED: steering.on_update_accepted,
        EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_COMPLETED: steering.on_update_completed,
        EventType.EVENT_TYPE_WORKFLOW_PROPERTIES_MODIFIED: steering.on_memo,
        EventType.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES: _on_attributes,
        EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED: _on_task_failed,
        EventType.EVENT_TYPE_START_CHILD_WORKFLOW_EXECUTION_INITIATED: children.on_initiated,
        EventType.EVENT_TYPE_START_CHILD_WORKFLOW_EXECUTION_FAILED: children.on_not_started,
        EventType.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_COMPLETED: children.on_completed,
        EventType.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_FAILED: children.on_failed,
        EventType.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_CANCELED: children.on_canceled,
        EventType.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_TIMED_OUT: children.on_timed_out,
        EventType.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_TERMINATED: children.on_terminated,
        EventType.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED: endings.on_completed,
        EventType.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED: endings.on_failed,
        EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CANCELED: endings.on_canceled,
        EventType.EVENT_TYPE_WORKFLOW_EXECUTION_TERMINATED: endings.on_terminated,
        EventType.EVENT_TYPE_WORKFLOW_EXECUTION_TIMED_OUT: endings.on_timed_out,
    }


def project(run: str, run_id: str, history: Iterable[HistoryEvent]) -> list[e.DurableEvent]:
    projector = Projector(run=run, run_id=run_id)
    return [event for entry in history for event in projector.feed(entry)]
