"""The executions of a run: fresh histories by continue-as-new, and branches by resets."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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
        return find_branch(self.run_id, self.entries)


def find_branch(run_id: str, entries: Iterable[HistoryEvent]) -> int:
    """As `Execution.left_at`, of entries whose payloads need not be readable."""
    for entry in entries:
        if entry.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED:
            attributes = entry.workflow_task_failed_event_attributes
            if attributes.new_run_id == run_id:
                return entry.event_id
    return 0


class ChainProjector:
    """Projects one execution of a chain, entry by entry."""

    def __init__(self, run: str, run_id: str, *, left_at: int, last: bool) -> None:
        self._projector = Projector(run=run, run_id=run_id)
        self._left_at = left_at
        self._last = last

    def feed(self, entry: HistoryEvent) -> list[DurableEvent]:
        """The events of an entry that a follower of the chain receives."""
        drafts = self._projector.feed(entry)
        # The end of a reset execution is not the run's end.
        ends = any(isinstance(event, RunEnded) for event in drafts)
        return drafts if entry.event_id >= self._left_at and (self._last or not ends) else []


def project_chain(run: str, executions: Sequence[Execution]) -> list[DurableEvent]:
    """Project all events of a run, the same as a follower receives."""
    events: list[DurableEvent] = []
    for place, execution in enumerate(executions):
        left_at = execution.left_at if place else 0  # its base may no longer be known
        last = place == len(executions) - 1
        projector = ChainProjector(run, execution.run_id, left_at=left_at, last=last)
        for entry in execution.entries:
            events.extend(projector.feed(entry))
    return events


def next_execution(entry: HistoryEvent) -> str | None:
    """The run id of the next execution, if the entry continues as new."""
    if entry.event_type == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW:
        attributes = entry.workflow_execution_continued_as_new_event_attributes
        return attributes.new_execution_run_id
    return None
