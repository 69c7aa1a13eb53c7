"""Which difference is found first, and how it is told."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import to_json
from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent

from harness.replay.compare import find_difference, is_same
from harness.replay.step import Step, steps_from_history


def was(entry: int, lane: str, **content: Any) -> Step:
    return Step(lane, content, entry)


def now(lane: str, **content: Any) -> Step:
    return Step(lane, content)


def test_the_first_in_history_is_told() -> None:
    recorded = [was(5, "activity", a=1), was(9, "timer", seconds=1), was(12, "activity", a=3)]
    today = [now("activity", a=1), now("timer", seconds=2), now("activity", a=4)]
    found = find_difference(recorded, today, closed=True)
    assert found is not None
    assert found.entry == 9
    assert '-  "seconds": 1' in found.text
    assert '+  "seconds": 2' in found.text


def test_a_step_of_another_kind() -> None:
    recorded = [was(5, "activity", a=1)]
    found = find_difference(recorded, [now("timer", seconds=1)], closed=True)
    assert found is not None
    assert "today's code has timer" in found.text


def test_a_step_that_is_gone_and_one_that_is_new() -> None:
    gone = find_difference([was(5, "memo", a=1)], [], closed=True)
    assert gone is not None
    assert "missing in today's code" in gone.text
    new = find_difference([], [now("memo", a=1)], closed=True)
    assert new is not None
    assert "not in history" in new.text
    assert find_difference([], [now("memo", a=1)], closed=False) is None, "it may still come"


def test_the_engines_clock_may_be_off_and_nothing_else() -> None:
    assert is_same({"since": [1795269495.84]}, {"since": [1795269495.83]})
    assert not is_same({"since": 1795269495.84}, {"since": 1795269499.0})
    assert not is_same({"temperature": 0.2}, {"temperature": 0.21})
    assert not is_same({"a": 1}, {"a": 1, "b": None})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.lists(st.tuples(st.sampled_from(["activity", "memo"]), JSON), max_size=8), st.data())
def test_equal_sides_are_equal_and_one_change_is_found(
    steps: list[tuple[str, Any]], data: st.DataObject
) -> None:
    recorded = [was(n + 1, lane, value=value) for n, (lane, value) in enumerate(steps)]
    today = [now(lane, value=value) for lane, value in steps]
    assert find_difference(recorded, today, closed=True) is None
    if not steps:
        return
    at = data.draw(st.integers(0, len(steps) - 1))
    today[at] = now(steps[at][0], value=[steps[at][1], "changed"])
    found = find_difference(recorded, today, closed=True)
    assert found is not None
    assert found.entry == at + 1
    assert found.text


def test_a_fresh_history_that_holds_calls_of_an_earlier_version_is_the_same() -> None:
    def goes_on(request: dict[str, Any]) -> HistoryEvent:
        entry = HistoryEvent(
            event_id=9, event_type=EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW
        )
        payload = entry.workflow_execution_continued_as_new_event_attributes.input.payloads.add()
        payload.metadata["encoding"] = b"json/plain"
        payload.data = to_json({"spec": "s", "carry": {"held": {"c1": {"request": request}}}})
        return entry

    [old] = steps_from_history([goes_on({"turn": 1, "spec": "s", "session": "ann"})])
    [new] = steps_from_history([goes_on({"turn": 1})])
    assert old == new
    assert old.content["continue as new"][0]["spec"] == "s"
