"""The page of a run: what is shown at once, what is folded, and how bars and axis are drawn."""

from __future__ import annotations

import re
from typing import get_args

import pytest

from harness.contracts import event as e
from harness.contracts.attempt import Attempt
from harness.contracts.errors import ErrorInfo
from harness.contracts.message import Origin, ToolCall, user_message
from harness.journal.attempts import Earlier
from harness.journal.steps import list_steps
from harness.terminal.page.page_timeline import fitting_labels
from harness.terminal.page.run_page import run_page_html
from harness.terminal.view.timeline import make_bars, make_rows
from tests.unit.stories import FOUND, Story

CALL = ToolCall(id="c1", name="look", arguments={"city": "Rome", "why": "<b>"})


def called() -> Story:
    story = Story().ask(1, user_message("go")).reply(1, "", CALL)
    story.add(e.ToolCallRequested, turn=1, call=CALL)
    story.add(e.ToolCallStarted, turn=1, call_id="c1", name="look", arguments=CALL.arguments)
    return story


def entry(text: str, number: int) -> str:
    found = re.search(rf"<li id=e{number} class='([^']*)'>.*?(?=<li |</ol>)", text, re.DOTALL)
    assert found
    return found[0]


def test_arguments_are_shown_beside_the_bars_and_results() -> None:
    text = run_page_html(called().result(1, "c1", "rain").events, "1")
    shown = "(city=&quot;Rome&quot;, why=&quot;&lt;b&gt;&quot;)"
    timeline = text[text.index("class=timeline") : text.index("<h2>Events")]
    assert f"look<small>{shown}</small>" in timeline
    assert f"look{shown}: rain" in entry(text, 6)
    assert "<script" not in text


def test_arguments_of_a_tool_that_ran_inline() -> None:
    story = Story().ask(1, user_message("go")).reply(1, "", CALL)
    story.add(e.ToolCallRequested, turn=1, call=CALL)
    step = list_steps(story.result(1, "c1", "rain").events)[-1]
    assert (step.arguments, step.number, step.last) == (CALL.arguments, 5, 5)


def test_events_are_numbered_and_repetitive_ones_are_hidden() -> None:
    text = run_page_html(
        called().result(1, "c1", "rain").ask(2, FOUND).reply(2, "It rains.").events, "1"
    )
    assert "<span class=number>6</span>" in entry(text, 6)
    hidden = [number for number in range(1, 9) if "noise" in entry(text, number).split("'")[1]]
    assert hidden == [2, 5, 7]
    assert "Show 3 more events" in text


def test_steps_in_progress_are_never_hidden() -> None:
    assert "noise" not in entry(run_page_html(called().events, "1"), 5).split("'")[1]


def test_a_bar_links_to_the_event_that_ended_the_step() -> None:
    text = run_page_html(called().result(1, "c1", "rain").events, "1")
    assert re.findall(r"<a href='#e(\d+)'", text) == ["3", "6"]


def test_text_comes_before_json() -> None:
    opened = entry(run_page_html(called().events, "1"), 4)
    assert opened.index("city = &quot;Rome&quot;") < opened.index("All fields, as JSON")
    error = ErrorInfo(code="x.y", message="It broke.", fix="Mend it.", retryable=False)
    story = Story().ask(1, user_message("go"))
    story.add(e.ModelFailed, turn=1, call=0, attempts=1, error=error)
    assert "It broke.\nMend it." in entry(run_page_html(story.events, "1"), 3)


@pytest.mark.parametrize("origin", get_args(Origin))
def test_messages_of_every_origin_have_a_heading(origin: Origin) -> None:
    story = Story().ask(1, user_message("go", origin=origin))
    assert "go" in entry(run_page_html(story.events, "1"), 2)


def test_long_texts_are_folded() -> None:
    story = Story().ask(1, user_message("word " * 1000))
    opened = entry(run_page_html(story.events, "1"), 2)
    assert "<div class=fold><input type=checkbox id=e2-0>" in opened
    assert "Show all 5,000 characters" in opened
    assert "fold" not in entry(run_page_html(Story().ask(1, user_message("go")).events, "1"), 2)


def test_attempts_that_are_not_logged_are_drawn_as_failed() -> None:
    story = called()
    begun = story.events[-1].at
    fields = {"name": "look", "content": "rain", "ok": True, "attempts": 3}
    story.add(e.ToolCallFinished, turn=1, call_id="c1", ms=1000.0, queued_ms=9000.0, **fields)
    story.events[-1] = story.events[-1].model_copy(update={"at": begun + 10})
    text = run_page_html(story.events, "1")
    assert "<i class='lost'" in text
    assert "<i class='queued'" not in text
    drawn = make_rows(list_steps(story.events), begun, begun + 10, 10)[-1].cells
    assert "".join(part for part, _ in drawn) == "╳╳╳╳╳╳╳╳╳█"


def test_logged_attempts_precede_the_event_that_ended_the_step() -> None:
    story = called()
    begun = story.events[-1].at
    fields = {"name": "look", "content": "rain", "ok": True, "attempts": 2}
    story.add(e.ToolCallFinished, turn=1, call_id="c1", ms=1000.0, **fields)
    logged = Attempt(
        run="r", run_id="r-1", kind="run_tool", activity="5", attempt=1, type="X", message="no",
        retryable=True, started=begun, ended=begun, who="vm/1", turn=1, call="c1",
    )  # fmt: skip
    text = run_page_html(story.events, "1", [logged])
    assert "1 failed attempt from the attempt log" in text
    assert text.count("class='bad log") == 1
    assert text.index("class='bad log") < text.index(f"<li id=e{len(story.events)} ")


def test_a_call_that_is_repeated_shows_where_it_failed() -> None:
    story = called()
    begun = story.events[-1].at
    made = list_steps(story.events)
    logged = Attempt(
        run="r", run_id="r-1", kind="run_tool", activity="5", attempt=1, type="X", message="no",
        retryable=True, started=begun, ended=begun + 2, who="vm/1", turn=1, call="c1",
    )  # fmt: skip
    made[-1].earlier.append(Earlier(story.events[-1], 1, logged))
    bar = make_bars(made, begun, begun + 10)[0][-1]
    assert [bar.left, bar.began, bar.right] == [0.0, 0.2, 1.0]
    assert (
        "".join(part for part, _ in make_rows(made, begun, begun + 10, 10)[-1].cells)
        == "××████████"
    )


def test_labels_of_the_axis_do_not_overlap() -> None:
    marks = [("10 min 30 s", place / 10) for place in range(1, 10)]
    found = sorted(fitting_labels(marks, 300))
    assert found == [1, 4, 7]
    assert fitting_labels([("1 s", 0.2), ("2 s", 0.5), ("3 s", 0.99)], 300) == {0, 1}
