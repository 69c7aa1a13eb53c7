"""Looking back at a run: its current branch, what took time, where a fork begins."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.contracts import event as e
from harness.contracts.errors import RunError
from harness.contracts.message import Message, Text, ToolResult, user_message
from harness.contracts.model import Usage
from harness.contracts.run import Parent, RunSpec, RunState
from harness.journal.branches import drop_reset_events
from harness.journal.fork import find_point, replace_results
from harness.journal.nodes import rebuild_nodes
from harness.journal.steps import Step, list_steps
from harness.terminal.view.timeline import make_bars, make_rows
from tests.unit.stories import FOUND, LOOK, Story

HINT = user_message("hurry", origin="hint")
SPEC = RunSpec(agent="a", spec="s", model="m/x", messages=(user_message("go"),))


def two_turns() -> Story:
    story = Story().ask(1, user_message("go")).reply(1, "", LOOK).result(1, "c1", "rain")
    return story.ask(2, FOUND, HINT, head="h1").reply(2, "It rains.")


def test_a_fork_keeps_a_turn_with_its_results_and_without_the_hints_after_it() -> None:
    events = two_turns().events
    assert find_point("r", SPEC, events, 1) == ("h1", (FOUND,))
    assert find_point("r", SPEC, events, 2) == ("h2", ())
    assert find_point("r", SPEC, events, 0) == (None, (user_message("go"),))
    before_the_next_call = [each for each in events if getattr(each, "turn", 0) < 2]
    assert find_point("r", SPEC, before_the_next_call, 1) == ("h1", (FOUND,))


@pytest.mark.parametrize("at", [-1, 3, 99])
def test_a_missing_turn(at: int) -> None:
    with pytest.raises(RunError) as caught:
        find_point("r", SPEC, two_turns().events, at)
    assert caught.value.code == "run.no_turn"


def test_a_turn_of_the_parent() -> None:
    forked = SPEC.model_copy(update={"parent": Parent(run="p", turn=2), "head": "h2"})
    events = Story(parent=Parent(run="p", turn=2)).ask(3, FOUND, head="h2").events
    assert find_point("r", forked, events, 2) == ("h2", (FOUND,))
    with pytest.raises(RunError, match="a fork of 'p'"):
        find_point("r", forked, events, 1)


def test_an_edited_result() -> None:
    (message,) = replace_results((FOUND,), {"c1": "sun"})
    assert message.parts == (ToolResult(call="c1", name="look", content="sun"),)
    assert replace_results((FOUND,), {"c2": "sun"}) == (FOUND,)


def test_events_dropped_by_a_reset_are_ignored() -> None:
    story = two_turns().branch(4).ask(2, FOUND, head="h1").reply(2, "Again.")
    texts = [
        each.message.text
        for each in drop_reset_events(story.events)
        if each.type == "model_replied"
    ]
    assert texts == ["", "Again."]
    assert find_point("r", SPEC, story.events, 1) == ("h1", (FOUND,))
    story.branch(2)
    with pytest.raises(RunError, match="it has no turn yet"):
        find_point("r", SPEC, story.events, 1)


@given(st.lists(st.integers(2, 6), max_size=4))
def test_whatever_is_reset_ids_go_up_and_branches_stay(resets: list[int]) -> None:
    story = two_turns()
    for at in resets:
        story.branch(at).ask(2, FOUND, head="h1").reply(2, "Again.")
    left = drop_reset_events(story.events)
    ids = [each.cursor.event_id for each in left if each.cursor]
    assert ids == sorted(ids)
    assert not resets or left[-1].cursor == story.events[-1].cursor


def test_steps_take_time() -> None:
    story = two_turns()
    asked = {"id": "c9", "turn": 2, "need": "approval", "question": "May it?", "tool": "send"}
    story.add(e.ToolCallStarted, turn=2, call_id="c9", name="send", arguments={})
    story.add(e.DecisionRequested, **asked)
    story.add(e.StateChanged, state=RunState.WAITING)
    story.add(e.DecisionMade, id="c9", verdict="approve")
    story.add(e.StateChanged, state=RunState.RUNNING)
    story.add(e.ToolCallStarted, turn=2, call_id="c9", name="send", arguments={})
    story.add(e.StateChanged, state=RunState.PAUSED)
    found = [(s.kind, s.name, s.start, s.end) for s in list_steps(story.events)]
    assert found == [
        ("model", "m/x", 1, 2),
        ("tool", "look", 2.5, 3),
        ("model", "m/x", 4, 5),
        ("check", "send", 6, 7),
        ("wait", "send: approval", 7, 9),
        ("tool", "send", 11, None),
        ("pause", "paused", 12, None),
    ]


SPANS = st.lists(
    st.tuples(
        st.sampled_from(["model", "tool", "wait", "pause"]),
        st.floats(0, 1e6),
        st.floats(0, 1e6),
        st.booleans(),
    ),
    min_size=1,
    max_size=12,
)


@given(SPANS, st.integers(20, 120))
def test_every_bar_fits_whatever_took_how_long(spans: Sequence[Any], width: int) -> None:
    made = [
        Step(kind, kind, 1, start, start + length if over else None)
        for kind, start, length, over in spans
    ]
    end = max(each.end or each.start for each in made)
    found, _ = make_bars(made, 0.0, end)
    for bar in found:
        assert 0 <= bar.left <= bar.right <= 1
    for row in make_rows(made, 0.0, end, width):
        drawn = "".join(text for text, _ in row.cells)
        assert drawn.strip()
        assert len(drawn) <= width


def test_a_long_wait_leaves_room_for_the_work() -> None:
    day = 86_400.0
    made = [
        Step("model", "m", 1, 0, 1),
        Step("wait", "w", 1, 1, day),
        Step("model", "m", 2, day, day + 1),
    ]
    found, scale = make_bars(made, 0, day + 1)
    assert scale.squeeze < 1
    assert [round(bar.right - bar.left, 3) for bar in found] == [0.375, 0.25, 0.375]


def test_nodes_are_rebuilt_from_history() -> None:
    story = Story().ask(1, user_message("go"))
    reply = Message(role="assistant", parts=(Text(text="done"),))
    from harness.contracts.transcript import Node, digest

    body = Node(messages=(user_message("go"), reply)).wire()
    fields = {"model": "m/x", "usage": Usage(), "ms": 1.0, "attempts": 1}
    story.add(e.ModelReplied, turn=1, call=0, message=reply, head=digest(body), **fields)
    assert rebuild_nodes(story.events) == {digest(body): body}
    assert rebuild_nodes(two_turns().events) == {}, "bytes that do not match are no node"
