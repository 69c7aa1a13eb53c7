"""Logged attempts appear with their step, each once; events are unchanged."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from harness.contracts import event as e
from harness.contracts.attempt import Attempt
from harness.contracts.errors import ToolFailed
from harness.contracts.message import Message, Text, user_message
from harness.contracts.model import Usage
from harness.contracts.run import RunState
from harness.journal.attempts import Earlier, weave_attempts
from harness.journal.steps import list_steps
from harness.terminal.page.run_page import run_page_html
from harness.terminal.view.timeline import axis_ticks, make_rows, make_scale
from harness.terminal.view.trace import attempt_facts, attempt_line, line_after_attempts
from tests.unit.stories import LOOK, Story

ERROR = ToolFailed("no").info
NAMED = {"name": "look", "content": "rain"}


def failure(activity: str, attempt: int, at: float, **more: Any) -> Attempt:
    fields: dict[str, Any] = {
        "run": "r", "run_id": "r-1", "who": "host/1", "kind": "run_tool", "title": "look",
        "turn": 1, "call": "c1", "type": "ToolError", "code": "tool.temporary",
        "message": "busy", "retryable": True, "started": at, "ended": at + 0.1,
    }  # fmt: skip
    return Attempt.model_validate({**fields, "activity": activity, "attempt": attempt, **more})


def of_model(attempt: int, at: float, **more: Any) -> Attempt:
    return failure("1", attempt, at, kind="call_model", call="0", title=None, **more)


def told(story: Story, *logged: Attempt) -> list[tuple[str, int, bool]]:
    found = [each for each in weave_attempts(story.events, logged) if isinstance(each, Earlier)]
    return [(each.step.type, each.attempt, each.logged is not None) for each in found]


def with_attempts(count: int) -> Story:
    story = Story().ask(1, user_message("go"))
    fields = {"model": "m/x", "usage": Usage(), "ms": 5.0, "head": "h1"}
    said = Message(role="assistant", parts=(Text(text="hm"), LOOK))
    story.add(e.ModelReplied, turn=1, call=0, message=said, attempts=count, **fields)
    return story


def called(story: Story) -> Story:
    story.add(e.ToolCallStarted, turn=1, call_id="c1", name="look", arguments={})
    return story


def finished(story: Story, attempts: int, **more: Any) -> Story:
    fields = {**NAMED, "ok": True, "attempts": attempts, **more}
    story.add(e.ToolCallFinished, turn=1, call_id="c1", **fields)
    return story


def test_missing_attempts_are_reported() -> None:
    assert told(with_attempts(3), of_model(2, 0.5)) == [
        ("model_replied", 1, False),
        ("model_replied", 2, True),
    ]
    assert told(with_attempts(1)) == []


def test_the_last_failure_is_in_history() -> None:
    story = finished(called(with_attempts(1)), 2, ok=False, error=ERROR)
    assert told(story, failure("2", 1, 3.0), failure("2", 2, 3.5)) == [
        ("tool_call_finished", 1, True)
    ]


def test_a_call_that_waited_for_a_person_has_the_attempts_of_both() -> None:
    story = called(with_attempts(1))
    story.add(e.DecisionRequested, id="c1", turn=1, need="approval", question="?", tool="look")
    story.add(e.DecisionMade, id="c1", verdict="approve")
    finished(called(story), 2)
    asking, doing = failure("2", 1, 3.2), failure("3", 1, 6.2)
    found = [
        each for each in weave_attempts(story.events, [doing, asking]) if isinstance(each, Earlier)
    ]
    assert [(each.step.type, each.logged) for each in found] == [
        ("tool_call_started", asking),
        ("tool_call_finished", doing),
    ]
    kinds = [
        (s.kind, [each.logged for each in s.earlier])
        for s in list_steps(story.events, [asking, doing])
    ]
    assert kinds == [("model", []), ("check", [asking]), ("wait", []), ("tool", [doing])]


def test_an_interrupted_call_is_reported_before_later_events() -> None:
    story = Story().ask(1, user_message("go")).ask(1, user_message("hurry"), call=1)
    assert told(story, of_model(1, 1.1)) == [("model_called", 1, True)]
    places = [
        isinstance(each, Earlier) for each in weave_attempts(story.events, [of_model(1, 1.1)])
    ]
    assert places == [False, False, True, False]


def test_a_running_step_is_reported_last() -> None:
    story = called(with_attempts(1))
    assert told(story, failure("2", 1, 3.1), failure("2", 2, 3.4)) == [
        ("tool_call_started", 1, True),
        ("tool_call_started", 2, True),
    ]
    story.add(e.RunEnded, state=RunState.ABORTED, output="")
    assert len(told(story, failure("2", 1, 3.1))) == 1


def test_another_execution_and_other_activities_are_not_mixed_in() -> None:
    other = of_model(1, 0.5, run_id="r-2")
    save = failure("7", 1, 0.5, kind="save_transcript", turn=None, call=None)
    assert told(with_attempts(2), other, save) == [("model_replied", 1, False)]


LOGGED = st.lists(
    st.builds(
        failure,
        st.sampled_from("1234"),
        st.integers(1, 4),
        st.floats(0, 9),
        turn=st.sampled_from([1, 2, None]),
        call=st.sampled_from(["c1", "0", None]),
        kind=st.sampled_from(["run_tool", "call_model"]),
        run_id=st.sampled_from(["r-1", "r-1b"]),
    ),
    max_size=6,
)


@given(LOGGED, st.integers(0, 12))
def test_attempts_change_no_event_and_are_reported_once(logged: list[Attempt], cut: int) -> None:
    story = finished(called(with_attempts(3)), 2).branch(3)
    finished(called(story.ask(2, user_message("x"))), 1)
    events = story.events[:cut]
    woven = list(weave_attempts(events, logged))
    assert [each for each in woven if not isinstance(each, Earlier)] == events
    found = [id(each.logged) for each in woven if isinstance(each, Earlier) and each.logged]
    assert len(found) == len(set(found))
    if events:
        assert run_page_html(events, "1", logged).count("<details>") == len(events)


def test_lines() -> None:
    story = with_attempts(2)
    first = of_model(1, 0.5, retry_after=2.0, message="no \x1b[31m way")
    [line] = [
        attempt_line(each)
        for each in weave_attempts(story.events, [first])
        if isinstance(each, Earlier)
    ]
    assert line.what == "no <U+001B>[31m way [tool.temporary]"
    assert "retry after 2.0 s" in line.facts
    assert "from the attempt log" in line.facts
    missing = Earlier(story.events[-1], 1, None)
    assert attempt_line(missing).what.startswith("not logged")
    assert attempt_facts(missing) == {"event": "r-1/3/0", "attempt": 1, "logged": False}
    replied = story.events[-1].model_copy(update={"last_failure": "why"})
    assert any(
        "why" in fact for fact in line_after_attempts([Earlier(replied, 1, None)], replied).facts
    )
    assert not any(
        "why" in fact for fact in line_after_attempts([Earlier(replied, 1, first)], replied).facts
    )


def test_failed_attempts_are_drawn_where_they_were() -> None:
    story = called(with_attempts(1))
    story.events[-1] = story.events[-1].model_copy(update={"at": 3.0})
    finished(story, 3, queued_ms=6000.0, ms=1000.0)
    story.events[-1] = story.events[-1].model_copy(update={"at": 10.0})
    made = list_steps(
        story.events, [failure("2", 1, 3.0, ended=4.0), failure("2", 2, 6.0, ended=7.0)]
    )
    cells = make_rows(made, 0.0, 10.0, 20)[-1].cells
    assert "".join(text for text, _ in cells) == "      ××░░░░××░░░░██"
    assert [at for at, _ in axis_ticks(make_scale(made, 0.0, 10.0))] == list(range(1, 10))


def test_a_branch_that_a_reset_left_behind() -> None:
    story = Story().ask(1, user_message("go")).reply(1, "", LOOK).result(1, "c1", "rain")
    story.branch(3).reply(1, "again")
    kinds = [(s.kind, s.left, s.number) for s in list_steps(story.events)]
    assert kinds == [("model", True, 2), ("tool", True, 4), ("model", False, 5)]
    text = run_page_html(story.events, "1")
    assert text.count("left'") == 4, "two events, and two bars"
