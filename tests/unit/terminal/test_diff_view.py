"""Two runs side by side as a person reads them, in wide and narrow terminals."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest

from harness.contracts.message import ToolCall, user_message
from harness.journal.diff import compare_runs
from harness.terminal.view.console import make_console
from harness.terminal.view.diff import diff_headline, show_diff
from tests.unit.stories import Story


def forecast(*cities: str, long: str = "") -> Story:
    made = Story().ask(1, user_message("go"))
    for turn, city in enumerate(cities, 1):
        look = ToolCall(id=f"c{turn}", name="look", arguments={"city": city})
        made.reply(turn, "", look).result(turn, f"c{turn}", f"rain in {city}")
        made.ask(turn + 1, user_message(f"rain in {city}"))
    return made.reply(len(cities) + 1, f"done{long}")


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> Callable[[Story, Story, int], str]:
    def draw(one: Story, other: Story, width: int) -> str:
        monkeypatch.setenv("COLUMNS", str(width))
        out = io.StringIO()
        show_diff(make_console(out), compare_runs(one.events, other.events), ("before", "after"))
        return out.getvalue()

    return draw


def test_what_differs_is_counted() -> None:
    parting = compare_runs(forecast("Rome", "Oslo").events, forecast("Rome", "Bonn", "Oslo").events)
    told = diff_headline(parting, ("before", "after"))
    assert told == "8 events the same, 3 only in after. First difference: turn 2."
    same = compare_runs(forecast("Rome").events, forecast("Rome").events)
    assert diff_headline(same, ("a", "b")) == "No difference in 5 events."


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_no_line_is_wider_than_the_terminal(
    shown: Callable[[Story, Story, int], str], width: int
) -> None:
    text = shown(forecast("Rome", "Oslo" * 30), forecast("Rome" * 20, "Bonn", "Oslo"), width)
    assert max(map(len, text.splitlines())) <= width


def test_a_narrow_terminal_has_one_run_below_the_other(
    shown: Callable[[Story, Story, int], str],
) -> None:
    lines = shown(forecast("Rome", "Oslo"), forecast("Rome", "Bonn", "Oslo"), 40).splitlines()
    assert '+ turn 2  requests look(city="Bonn")' in [line.rstrip() for line in lines]
    assert any("4 events the same" in line for line in lines)


def test_long_texts_are_shown_where_they_differ(
    shown: Callable[[Story, Story, int], str],
) -> None:
    text = shown(forecast(long="." * 500 + "yes"), forecast(long="." * 500 + "no"), 120)
    assert "..yes" in text
    assert "..no" in text
