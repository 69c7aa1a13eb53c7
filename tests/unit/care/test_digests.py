"""Sudden changes of a curve: found in noise, and not invented."""

from __future__ import annotations

import math
import random

import pytest

from harness.care.telemetry.digest import (
    MOST_CHANGES,
    compare_at,
    digest_series,
    find_changes,
    rank_series,
)
from harness.care.telemetry.related import correlate
from harness.care.telemetry.series import Point, Series


def curve(values: list[float], **labels: str) -> Series:
    return Series(labels, tuple(Point(1e9 + 15 * at, value) for at, value in enumerate(values)))


def noise(seed: int, size: int, level: float = 0.0, spread: float = 1.0) -> list[float]:
    draw = random.Random(seed)
    return [level + draw.gauss(0, spread) for _ in range(size)]


def places(series: Series) -> list[int]:
    return [round((each.at - 1e9) / 15) for each in find_changes(series.points)]


@pytest.mark.parametrize("seed", range(8))
def test_a_change_of_level_is_found_in_noise(seed: int) -> None:
    found = find_changes(curve(noise(seed, 150) + noise(seed + 100, 90, level=3)).points)
    assert found, "nothing found"
    strongest = max(found, key=lambda each: abs(each.strength))
    assert abs((strongest.at - 1e9) / 15 - 150) <= 3
    assert strongest.before == pytest.approx(0, abs=0.5)
    assert strongest.after == pytest.approx(3, abs=0.5)


def test_a_short_peak_has_two_sides() -> None:
    values = noise(1, 100) + noise(2, 20, level=8) + noise(3, 120)
    found = places(curve(values))
    assert any(abs(at - 100) <= 2 for at in found) and any(abs(at - 120) <= 2 for at in found)


def test_pure_noise_has_almost_no_changes() -> None:
    """A curve of noise shows one in less than a hundred."""
    wrong = sum(bool(find_changes(curve(noise(seed, 60)).points)) for seed in range(200))
    assert wrong <= 2


@pytest.mark.parametrize("size", [8, 10, 16, 240])
def test_noise_of_any_length(size: int) -> None:
    count = max(20, 1_000 // size)
    wrong = sum(bool(find_changes(curve(noise(seed, size)).points)) for seed in range(count))
    assert wrong <= max(1, count // 50)


@pytest.mark.parametrize("level", [0.0, 1.0, -3.5, 1e15, 0.1, 1e-300, 1.7e308])
def test_a_flat_curve_has_no_changes(level: float) -> None:
    assert find_changes(curve([level] * 240).points) == []


@pytest.mark.parametrize("spread", [0.0, 0.5])
def test_a_trend_is_not_a_change_of_level(spread: float) -> None:
    rising = [at * 0.1 + value for at, value in enumerate(noise(4, 240, spread=spread))]
    assert find_changes(curve(rising).points) == []
    assert find_changes(curve([1e6 - value for value in rising]).points) == []


def test_a_step_without_noise_is_found() -> None:
    assert places(curve([5.0] * 40 + [6.0] * 40)) == [40]
    # A start time: large, and changed by little.
    assert places(curve([1.7e9] * 40 + [1.7e9 + 600] * 40)) == [40]


@pytest.mark.parametrize("size", [1.0, 1e9, 1e-9, 1.7e308])
def test_a_level_of_zero_is_zero(size: float) -> None:
    """Not what rounding leaves of it: people read the levels of `up`."""
    for first in (1, 2, 3, 7):
        values = [0.0] + [size] * (30 * first) + [0.0] * (20 + first)
        changes = find_changes(curve(values).points)
        assert changes and changes[-1].after == 0.0
        compared = compare_at(curve(values).points, 1e9 + 15 * (1 + 30 * first))
        assert compared is not None and compared.after == 0.0
    # A source that computes rates leaves rounding in its values.
    noisy = [size] * 30 + [size * 1e-16 * (-1) ** at for at in range(30)]
    assert [each.after for each in find_changes(curve(noisy).points)] == [0.0]
    ramp = digest_series(curve([size / 100 * at for at in range(60)])).trend
    assert ramp is not None and ramp.first == 0.0


def test_what_is_small_but_no_rounding_stays() -> None:
    [change] = find_changes(curve([1.0] * 30 + [1e-9] * 30).points)
    assert change.after == pytest.approx(1e-9)
    found = digest_series(curve([1.0, 1e-20]))
    assert found.least == found.last == 1e-20


def test_few_points_have_no_changes() -> None:
    assert find_changes(curve([1.0, 1.0, 1.0, 9.0, 9.0, 9.0]).points) == []
    assert find_changes([]) == []


def test_the_number_of_changes_is_bounded() -> None:
    stairs = [float(at // 20) * 10 * (-1) ** (at // 20) for at in range(400)]
    assert 0 < len(find_changes(curve(stairs).points)) <= MOST_CHANGES


def test_the_figures_of_a_curve() -> None:
    found = digest_series(curve([math.nan, 3.0, 1.0, 2.0, math.inf], job="api"))
    assert (found.points, found.missing, found.name) == (5, 2, '{job="api"}')
    assert (found.first, found.last, found.least, found.most) == (3.0, 2.0, 1.0, 3.0)
    assert (found.mean, found.median) == (2.0, 2.0)
    assert found.p95 == pytest.approx(2.9)
    nothing = digest_series(curve([math.nan, -math.inf]))
    assert (nothing.missing, nothing.mean, nothing.changes) == (2, None, ())


@pytest.mark.parametrize("size", [1.7e308, 1e300, 1e200, 1e-320])
def test_numbers_of_any_size(size: float) -> None:
    found = digest_series(curve([size, -size] * 20 + [size] * 40))
    numbers = (found.mean, found.median, found.p95, *(each.strength for each in found.changes))
    assert all(each is not None and math.isfinite(each) for each in numbers)
    assert find_changes(curve([-size] * 20 + [size] * 20).points)
    assert correlate(curve([size, -size] * 4), curve([1.0, -1.0] * 4)) == pytest.approx(1.0)


def test_the_most_changed_curves_come_first() -> None:
    calm, changed = curve(noise(5, 100)), curve(noise(6, 50) + noise(7, 50, level=9))
    large = curve([1000.0] * 100)
    assert next(each for each, _ in rank_series([calm, large, changed])) is changed


def test_correlation() -> None:
    one = noise(8, 100)
    assert correlate(curve(one), curve([3 * each + 1 for each in one])) == pytest.approx(1)
    assert correlate(curve(one), curve([-each for each in one])) == pytest.approx(-1)
    unlike = correlate(curve(one), curve(noise(9, 100)))
    assert unlike is not None and abs(unlike) < 0.4
    assert correlate(curve(one), curve([1.0] * 100)) is None
    assert correlate(curve(one[:3]), curve(one[:3])) is None
    later = Series({}, tuple(Point(at + 1, value) for at, value in curve(one).points))
    assert correlate(curve(one), later) is None
    gaps = [math.nan if at % 2 else value for at, value in enumerate(one)]
    assert correlate(curve(one), curve(gaps)) == pytest.approx(1)
