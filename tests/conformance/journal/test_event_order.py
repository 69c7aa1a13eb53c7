"""The order of events: all recorded runs keep it, and violations are detected."""

from __future__ import annotations

import pytest
from temporalio.client import WorkflowHistory

from harness.contracts import event as e
from harness.contracts.message import Message, Text, ToolCall
from harness.contracts.model import Usage
from harness.contracts.run import RunState
from tests.conformance.order import OutOfOrder, check_order
from tests.histories.read import RUNS, events_of

LATER = ("inline_refused", "subagent_continued", "handover_continued")
BEGUN = [each for each in RUNS if not each.workflow_id.startswith(LATER)]
"""Those whose first execution is recorded: others continue one that is not here."""
MORE = {"run": "r", "at": 1.0, "trace": "t"}


@pytest.mark.parametrize("history", BEGUN, ids=lambda history: history.workflow_id)
def test_recorded_runs_are_in_order(history: WorkflowHistory) -> None:
    check_order(events_of(history))


@pytest.mark.parametrize("history", BEGUN, ids=lambda history: history.workflow_id)
def test_swapped_events_are_detected(history: WorkflowHistory) -> None:
    events = events_of(history)
    for place in range(len(events) - 1):
        changed = [*events]
        changed[place], changed[place + 1] = changed[place + 1], changed[place]
        with pytest.raises(OutOfOrder):
            check_order(changed)


@pytest.mark.parametrize("history", BEGUN, ids=lambda history: history.workflow_id)
def test_a_duplicate_event_is_detected(history: WorkflowHistory) -> None:
    events = events_of(history)
    for place, event in enumerate(events):
        with pytest.raises(OutOfOrder):
            check_order([*events[: place + 1], event, *events[place + 1 :]])


def at(event_id: int) -> e.Cursor:
    return e.Cursor(run_id="x", event_id=event_id)


def stream(*live: e.LiveEvent, text: str = "abcd") -> list[e.Event]:
    message = Message(role="assistant", parts=(Text(text=text),))
    return [
        e.RunStarted(cursor=at(1), agent="a", model="m", prompt="p", **MORE),
        e.ModelCalled(cursor=at(5), turn=1, call=0, model="m", messages=(), **MORE),
        *live,
        e.ModelReplied(
            cursor=at(9), turn=1, call=0, model="m", message=message, usage=Usage(), ms=1,
            attempts=1, head="h", **MORE,
        ),
        e.RunEnded(cursor=at(12), state=RunState.COMPLETED, output=text, **MORE),
    ]  # fmt: skip


def delta(text: str, offset: int, attempt: int = 1) -> e.OutputDelta:
    return e.OutputDelta(turn=1, call=0, attempt=attempt, offset=offset, text=text, **MORE)


def reset(attempt: int) -> e.OutputReset:
    return e.OutputReset(turn=1, call=0, attempt=attempt, **MORE)


@pytest.mark.parametrize(
    "live",
    [
        [],
        [delta("ab", 0), delta("cd", 2)],
        [delta("xy", 0), reset(2), delta("abcd", 0, 2)],
        [delta("ab", 0), e.OutputGap(turn=1, call=0, attempt=1, offset=3, **MORE), reset(1),
         delta("abcd", 0)],
    ],
)  # fmt: skip
def test_good_streams(live: list[e.LiveEvent]) -> None:
    check_order(stream(*live))


@pytest.mark.parametrize(
    "live",
    [
        [delta("ab", 0)],  # not the whole text
        [delta("ab", 0), delta("d", 3)],  # a hole
        [delta("ab", 0), delta("cd", 2, 2)],  # two attempts mixed
        [reset(2), delta("abcd", 0, 2), reset(1)],  # back to an older attempt
        [delta("ab", 0), e.OutputGap(turn=1, call=0, attempt=1, offset=3, **MORE)],
    ],
)
def test_bad_streams(live: list[e.LiveEvent]) -> None:
    with pytest.raises(OutOfOrder):
        check_order(stream(*live))


def test_completion_with_open_calls_is_detected() -> None:
    call = ToolCall(id="1", name="f", arguments={})
    *before, ended = stream()
    requested = e.ToolCallRequested(cursor=at(10), turn=1, call=call, **MORE)
    with pytest.raises(OutOfOrder, match="no finish"):
        check_order([*before, requested, ended])
    with pytest.raises(OutOfOrder, match="no run_ended"):
        check_order(before)
