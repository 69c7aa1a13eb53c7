"""Curves as characters."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.care.telemetry.plot import draw_plot, draw_sparkline, format_value
from harness.care.telemetry.series import Point


def points(*values: float) -> list[Point]:
    return [Point(1e9 + at, value) for at, value in enumerate(values)]


def test_a_plot_has_its_scale_and_times() -> None:
    rows = draw_plot(points(0, 1, 2, 3), width=10, height=4)
    assert len(rows) == 5
    assert rows[0].startswith("3 ┤") and rows[3].startswith("0 ┤") and "└" in rows[4]
    assert rows[0].endswith("⠈") and rows[3].startswith("0 ┤⡀")


def test_nothing_to_draw() -> None:
    assert draw_plot([]) == ["no data"]
    assert draw_plot(points(math.nan, math.inf)) == ["no data"]
    assert draw_sparkline([]) == draw_sparkline([math.nan]) == ""


def test_one_point_and_equal_points_are_drawn() -> None:
    assert len(draw_plot(points(5.0))) == 9
    assert len(draw_plot(points(0.0, 0.0))) == 9
    assert draw_sparkline([0.0, 0.0]) == "▁▁"


def test_a_sparkline_shows_the_newest_values_and_gaps() -> None:
    assert draw_sparkline([9.0, 0.0, math.nan, 7.0], width=3) == "▁ █"
    assert draw_sparkline([0, 1, 2, 3, 4, 5, 6, 7]) == "▁▂▃▄▅▆▇█"


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (0.01234, "0.0123"), (12.34, "12.3"), (1_234, "1.23k"), (45.6e6, "45.6M"),
     (-2e9, "-2G"), (3e12, "3T"), (math.nan, "nan"), (math.inf, "inf"), (1e300, "1e+288T"),
     (999.9, "1k"), (-999_999, "-1M"), (1e-320, "1e-320")],
)  # fmt: skip
def test_values_are_short(value: float, text: str) -> None:
    assert format_value(value) == text


@given(st.lists(st.floats(), max_size=50))
def test_any_values_are_drawn(values: list[float]) -> None:
    rows = draw_plot(points(*values), width=20, height=4)
    assert rows == ["no data"] or len(rows) == 5
    assert len(draw_sparkline(values)) <= 24


@pytest.mark.parametrize("at", [0.0, 1e11, -1e11])
def test_any_time_is_drawn(at: float) -> None:
    assert len(draw_plot([Point(at, 1.0), Point(at, 2.0)])) == 9
