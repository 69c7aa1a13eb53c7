"""Curves that are compared, that moved together, and marks on their axis."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

import pytest

from harness.care.telemetry.digest import compare_at, digest_series, rank_series
from harness.care.telemetry.plot import draw_plot, name_mark
from harness.care.telemetry.related import find_related
from harness.care.telemetry.series import Point, Series


def curve(values: Sequence[float], name: str = "") -> Series:
    points = tuple(Point(float(place), value) for place, value in enumerate(values))
    return Series({"__name__": name} if name else {}, points)


STEP = [1.0] * 30 + [5.0] * 30


def test_before_and_after() -> None:
    found = compare_at(curve(STEP).points, 30.0)
    assert found is not None and (found.before, found.after) == pytest.approx((1, 5))
    assert found.strength > 4.5
    noise = [random.Random(7).random() for _ in range(60)]
    same = compare_at(curve(noise).points, 30.0)
    assert same is not None and abs(same.strength) < 4.5
    assert compare_at(curve(STEP).points, 3.0) is None
    assert compare_at(curve(STEP).points, 57.0) is None
    assert compare_at(curve([math.nan] * 60).points, 30.0) is None
    large = compare_at(curve([1e308] * 30 + [-1e308] * 30).points, 30.0)
    assert large is not None and large.after == pytest.approx(-1e308)


def test_a_trend_is_found_where_no_level_is() -> None:
    noise = random.Random(5)
    falls = digest_series(curve([100 - each + noise.random() for each in range(60)]))
    assert falls.changes == () and falls.trend is not None
    assert (falls.trend.first, falls.trend.last) == pytest.approx((100.5, 41.5), abs=1)
    assert falls.trend.strength < -4.5 and falls.size == pytest.approx(0.59, abs=0.02)
    for calm in ([noise.random() for _ in range(60)], [5.0] * 60, [1e-300] * 60, [1.0, 2.0]):
        assert digest_series(curve(calm)).trend is None
    assert digest_series(curve(STEP)).trend is None
    large = digest_series(curve([1e308 - each * 1e306 for each in range(60)])).trend
    assert large is not None and large.first == pytest.approx(1e308)


def test_a_spike_is_found_and_noise_is_none() -> None:
    noise = random.Random(5)
    usual = [300 + 10 * noise.random() for _ in range(30)]
    for place in (0, 12, 29):
        values = [0.0 if place <= each < place + 2 else value for each, value in enumerate(usual)]
        spike = digest_series(curve(values)).spike
        assert spike is not None and spike.value == 0.0
        assert spike.usual == pytest.approx(305, abs=3) and place <= spike.at <= place + 1
    for seed in range(50):
        gauss = [random.Random(seed).gauss(5, 1) for _ in range(40)]
        assert digest_series(curve(gauss)).spike is None
    assert digest_series(curve([5.0] * 30)).spike is None
    assert digest_series(curve([5.0] * 11 + [9.0])).spike is not None
    assert digest_series(curve([5.0] * 10)).spike is None
    large = digest_series(curve([1e308] * 20 + [-1e308])).spike
    assert large is not None and large.value == -1e308


def test_a_large_change_comes_before_a_sure_one() -> None:
    noise = random.Random(1)
    tremor = [100.0] * 30 + [101.0] * 30
    outage = [5 + noise.random() for _ in range(30)]
    outage += [50 + 10 * noise.random() for _ in range(30)]
    ranked = rank_series([curve(tremor, "tremor"), curve(outage, "outage")])
    assert [digest.name for _, digest in ranked] == ["outage", "tremor"]
    assert ranked[0][1].strength < ranked[1][1].strength


def test_what_moved_together() -> None:
    noise = random.Random(3)
    # A counter that grows faster from the same moment on, and restarts once.
    total, counts = 0.0, list[float]()
    for place, value in enumerate(STEP):
        total = 0.0 if place == 45 else total + value + noise.random() / 10
        counts.append(total)
    others = [
        curve([-each for each in STEP], "mirrored"), curve(counts, "requests_total"),
        curve([noise.random() for _ in STEP], "noise"), curve([1.0] * 60, "level"),
        curve([math.nan] * 60, "nothing"), curve(STEP),
    ]  # fmt: skip
    found = find_related(curve(STEP), others)
    assert [each.name for each in found] == ["mirrored", "requests_total"]
    mirrored, requests = found
    assert mirrored.correlation == pytest.approx(-1) and not mirrored.is_rate
    assert requests.is_rate and requests.correlation > 0.9
    assert requests.change is not None and requests.change.at == pytest.approx(30, abs=1)


def test_marks_stand_at_their_times() -> None:
    points = curve(STEP).points
    rows = draw_plot(points, width=60, marks=[0.0, 29.5, 59.0, -1.0, 60.0])
    assert rows[-1].strip() == "1" + " " * 29 + "2" + " " * 28 + "3"
    assert len(draw_plot(points, marks=[-5.0])) == len(draw_plot(points))
    assert draw_plot(points, marks=[30.0, 30.1])[-1].strip() == "*"
    assert [name_mark(each) for each in (0, 8, 9, 34, 35)] == ["1", "9", "a", "z", "*"]
    assert draw_plot(curve([1.0]).points, marks=[0.0])
