"""The projection is a fold: a prefix gives a prefix, however it is cut, and nothing is made up."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import WorkflowHistory

from harness.contracts.errors import RunError
from harness.contracts.event import (
    EVENTS,
    ChildEnded,
    ContextCompacted,
    EffectsUndone,
    ModelReplied,
    RunEnded,
    RunStarted,
    UndoStarted,
)
from harness.contracts.run import RunState
from harness.journal import Projector, project
from tests.histories.read import RUNS, events_of, run_id

by_name = pytest.mark.parametrize("history", RUNS, ids=lambda history: history.workflow_id)


@given(history=st.sampled_from(RUNS), data=st.data())
def test_a_prefix_gives_a_prefix(history: WorkflowHistory, data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(history.events)))
    part = project(history.workflow_id, run_id(history), history.events[:cut])
    assert part == events_of(history)[: len(part)]


@given(history=st.sampled_from(RUNS), data=st.data())
def test_how_it_is_cut_into_pages_does_not_matter(
    history: WorkflowHistory, data: st.DataObject
) -> None:
    cuts = data.draw(st.sets(st.integers(0, len(history.events))))
    projector, events, start = Projector(history.workflow_id, run_id(history)), [], 0
    for end in [*sorted(cuts), len(history.events)]:
        for entry in history.events[start:end]:
            events += projector.feed(entry)
        start = end
    assert events == events_of(history)


@by_name
def test_cursors_rise_and_point_at_what_they_came_from(history: WorkflowHistory) -> None:
    ids = {entry.event_id for entry in history.events}
    cursors = [event.cursor for event in events_of(history)]
    places = [(cursor.event_id, cursor.place) for cursor in cursors if cursor]
    assert places == sorted(set(places))
    assert {event_id for event_id, _ in places} <= ids
    assert all(cursor and type(cursor).parse(str(cursor)) == cursor for cursor in cursors)


@by_name
def test_events_travel_as_json(history: WorkflowHistory) -> None:
    events = events_of(history)
    assert EVENTS.validate_json(b"[%s]" % b",".join(event.wire() for event in events)) == events
    assert EVENTS.validate_json(EVENTS.dump_json(events)) == events


@pytest.mark.parametrize(
    "history",
    # Its call was asked for in an execution before, which there is none of: the run is forged.
    [each for each in RUNS if each.workflow_id != "inline_refused"],
    ids=lambda history: history.workflow_id,
)
def test_totals_equal_those_of_the_run(history: WorkflowHistory) -> None:
    """Ends that the run did not come to by itself are explained with these figures."""
    projector = Projector(history.workflow_id, run_id(history))
    events = [event for entry in history.events for event in projector.feed(entry)]
    ended = events[-1]
    assert isinstance(ended, RunEnded)
    assert ended.totals == projector.totals
    if projector.learning:
        return  # no event says what it cost to extract memories
    used = [event.usage for event in events if isinstance(event, ModelReplied | ContextCompacted)]
    children = [event.totals for event in events if isinstance(event, ChildEnded)]
    used += [totals.usage for totals in children if totals is not None]
    begun = events[0]
    assert isinstance(begun, RunStarted)
    if not begun.continued:  # otherwise an earlier history has some of them
        assert projector.totals.usage.input == sum(usage.input for usage in used)


def test_how_runs_ended() -> None:
    ends = {history.workflow_id: events_of(history)[-1] for history in RUNS}
    states = {name: end.state for name, end in ends.items() if isinstance(end, RunEnded)}
    failed = {"budget": "run.budget", "refused": "provider.bad_request"}
    failed["failed_undone"] = "provider.bad_request"
    failed |= dict.fromkeys(("inline_refused", "inline_refused_at_once"), "run.forged")
    for name, state in states.items():
        if name in failed:
            assert state is RunState.FAILED
            end = ends[name]
            assert isinstance(end, RunEnded)
            assert end.error is not None
            assert end.error.code == failed[name]
        elif name in (
            "aborted",
            "cut_off",
            "cancelled",
            "aborted_undone",
            "edited",
            "edit_checked",
            "subagent_aborted",
            "handover_continued",
        ):
            assert state is RunState.ABORTED
        else:
            assert state is RunState.COMPLETED


def test_an_undo_at_the_end_is_projected() -> None:
    stops = {"aborted_undone": None, "failed_undone": "tool.irreversible"}
    for history in RUNS:
        if history.workflow_id not in stops:
            continue
        begun, undone, ended = events_of(history)[-3:]
        assert isinstance(begun, UndoStarted)
        assert isinstance(undone, EffectsUndone)
        assert isinstance(ended, RunEnded)
        assert begun.workflow == f"{history.workflow_id}.undo"
        assert undone.undone == ended.undone
        assert undone.undone.count == 1
        stopped = undone.undone.stopped
        code = stopped.obstacle.code if stopped and stopped.obstacle else None
        assert code == stops[history.workflow_id]


def test_a_workflow_that_is_not_a_run_is_refused() -> None:
    began = HistoryEvent(event_id=1, event_type=EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED)
    began.workflow_execution_started_event_attributes.workflow_type.name = "Undo"
    with pytest.raises(RunError, match=r"'r\.undo' is a workflow, but not a run of an agent"):
        project("r.undo", "id", [began])
