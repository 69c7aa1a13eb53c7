"""The executions of a run: fresh histories by continue-as-new, and branches by resets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent

from harness.contracts.event import DurableEvent, RunEnded
from harness.journal.projector import Projector


@dataclass(frozen=True)
class Execution:
    """One history of a run, its payloads readable."""

    run_id: str
    entries: tuple[HistoryEvent, ...]

    @property
    def left_at(self) -> int:
        """The event at which a reset branched this history off; 0 if it is not a branch. Earlier
        events are copies."""
        for entry in self.entries:
            if entry.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED:
                attributes = entry.workflow_task_failed_event_attributes
                if attributes.new_run_id == self.run_id:
                    return entry.event_id
        return 0


def project_chain(run: str, executions: Sequence[Execution]) -> list[DurableEvent]:
    """Project all events of a run, the same as a follower receives."""
    events: list[DurableEvent] = []
    for place, execution in enumerate(executions):
        projector = Projector(run=run, run_id=execution.run_id)
        left_at = execution.left_at if place else 0  # its base may no longer be known
        last = place == len(executions) - 1
        for entry in execution.entries:
            drafts = projector.feed(entry)
            # The end of a reset execution is not the run's end.
            ends = any(isinstance(event, RunEnded) for event in drafts)
            if entry.event_id >= left_at and (last or not ends):
                events.extend(drafts)
    return events


def next_execution(entry: HistoryEvent) -> str | None:
    """The run id of the next execution, if the entry continues as new."""
    if entry.event_type == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW:
        attributes = entry.workflow_execution_continued_as_new_event_attributes
        return attributes.new_execution_run_id
    return None
