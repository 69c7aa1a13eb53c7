"""Reduce curves to what matters: figures, sudden changes, and which curves differ most.

Plain statistics, before any model: they find most causes, and cost nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple

from harness.care.telemetry.series import Point, Series

FEWEST = 4
"""Points on each side of a change."""
MOST_POINTS = 20_000
MOST_CHANGES = 3
APART = 2.0
"""How many times further from the others than these from each other a spike is."""
ROUNDING = 1e-9
"""Of values that are at most 1."""
NOISE = 1e-12
"""As a share of the largest value of a curve: what is smaller is left of rounding, and means 0."""
STRONG = 4.5
"""How many standard errors apart the means before and after a change are at least."""


class Change(NamedTuple):
    """A moment at which the level of a curve changed."""

    at: float
    before: float
    after: float
    strength: float
    """The difference in standard errors."""


class Trend(NamedTuple):
    """A steady rise or fall: a disk that fills, a queue that grows."""

    first: float
    """Where the line through the curve begins."""
    last: float
    strength: float
    """The slope in standard errors."""


class Spike(NamedTuple):
    """A few points far from all others: a short outage, or the last moment before a change."""

    at: float
    value: float
    usual: float
    """The median of the others."""
    strength: float
    """The distance from the others, as multiples of how far these are apart."""


@dataclass(frozen=True)
class Digest:
    """The figures of one curve. `missing`: points that are no finite numbers."""

    name: str
    points: int
    missing: int
    first: float | None = None
    last: float | None = None
    least: float | None = None
    most: float | None = None
    mean: float | None = None
    median: float | None = None
    p95: float | None = None
    changes: tuple[Change, ...] = ()
    trend: Trend | None = None
    """If a straight line explains the curve better than levels do."""
    spike: Spike | None = None
    """If the level did not change."""

    @property
    def strength(self) -> float:
        """Of the strongest change, trend or spike; 0 if there is none."""
        found = [*self.changes, self.trend, self.spike]
        return max((abs(each.strength) for each in found if each is not None), default=0.0)

    @property
    def size(self) -> float:
        """How much it changed, as a share of the larger level: 0.9 is from 1 to 10, or back."""
        steps = [(each.before, each.after) for each in self.changes]
        if self.trend is not None:
            steps.append((self.trend.first, self.trend.last))
        if self.spike is not None:
            steps.append((self.spike.usual, self.spike.value))
        return max((_find_share(*each) for each in steps), default=0.0)


def digest_series(series: Series) -> Digest:
    """Compute the figures of one curve."""
    points = [each for each in series.points[:MOST_POINTS] if math.isfinite(each.value)]
    missing = len(series.points) - len(points)
    if not points:
        return Digest(series.name, len(series.points), missing)
    values = sorted(each.value for each in points)
    changes = tuple(find_changes(points))
    return Digest(
        name=series.name,
        points=len(series.points),
        missing=missing,
        first=points[0].value,
        last=points[-1].value,
        least=values[0],
        most=values[-1],
        mean=_drop_noise(average(values), max(-values[0], values[-1])),
        median=_quantile(values, 0.5),
        p95=_quantile(values, 0.95),
        changes=changes,
        trend=None if changes else find_trend(points),
        spike=None if changes else find_spike(points),
    )


def rank_series(found: Sequence[Series]) -> list[tuple[Series, Digest]]:
    """Order curves by how much they changed for their level, then by how surely, then by their
    values. Surely alone is not enough: of a curve almost without noise, each tremor is sure."""
    pairs = [(each, digest_series(each)) for each in found]
    return sorted(pairs, key=lambda pair: _rank(pair[1]), reverse=True)


def _rank(digest: Digest) -> tuple[float, float, float]:
    return round(digest.size, 1), digest.strength, digest.most or 0.0


def _find_share(before: float, after: float) -> float:
    larger = max(abs(before), abs(after))
    return abs(after / larger - before / larger) if larger > 0 else 0.0


def find_changes(points: Sequence[Point]) -> list[Change]:
    """Find the moments at which the level changed, in their order.

    Binary segmentation: the split with the largest difference of means, measured in standard
    errors, then the same in both halves.
    """
    found = list[Change]()
    open_parts = [list(points)]
    while open_parts and len(found) < MOST_CHANGES:
        part = open_parts.pop(0)
        split = _find_split(part)
        if split is not None:
            place, change = split
            found.append(change)
            open_parts += [part[:place], part[place:]]
    return sorted(found)


def average(values: Sequence[float]) -> float:
    """The mean; large numbers do not overflow."""
    return math.fsum(value / len(values) for value in values)


def _drop_noise(value: float, largest: float) -> float:
    """A value that was computed from others; 0 if only rounding tells it from 0. Values of a source
    stay as they are: nobody knows what is small for it."""
    return 0.0 if abs(value) <= NOISE * largest else value


def _find_split(points: Sequence[Point]) -> tuple[int, Change] | None:
    size = len(points)
    if size < 2 * FEWEST:
        return None
    sums = _Sums(points)
    places = range(FEWEST, size - FEWEST + 1)
    strength, place = max(
        ((_compare(sums.sums, sums.squares, place, size), place) for place in places),
        key=lambda pair: abs(pair[0]),
    )
    if abs(strength) < STRONG or _is_trend(sums.values, sums.sums, place):
        return None
    return place, sums.measure(place, points[place].at)


def find_trend(points: Sequence[Point]) -> Trend | None:
    """Find a steady rise or fall over all points; None if noise explains it."""
    size = len(points)
    if size < 2 * FEWEST:
        return None
    sums = _Sums(points)
    middle = (size - 1) / 2
    spread = size * (size * size - 1) / 12
    slope = math.fsum((at - middle) * value for at, value in enumerate(sums.values)) / spread
    rest = max(0.0, sums.squares[-1] - slope * slope * spread)
    # Less than half of the movement is noise around the line.
    if rest > sums.squares[-1] / 2 or sums.squares[-1] <= ROUNDING**2:
        return None
    error = math.sqrt(rest / (size - 2) / spread)
    strength = slope / max(error, ROUNDING)
    if abs(strength) < STRONG:
        return None
    return Trend(sums.level(-slope * middle), sums.level(slope * middle), strength)


def find_spike(points: Sequence[Point]) -> Spike | None:
    """Find up to three points that are further from all others than these are from each other."""
    if len(points) < 3 * FEWEST:
        return None
    ordered = sorted(points, key=lambda each: each.value)
    found = list[Spike]()
    for count in range(1, FEWEST):
        low, high = ordered[:count], ordered[-count:]
        found.append(_measure_spike(low[0], low[-1].value, ordered[count:]))
        found.append(_measure_spike(high[-1], high[0].value, ordered[:-count]))
    best = max(found, key=lambda each: each.strength)
    return best if best.strength > APART else None


def _measure_spike(point: Point, nearest: float, others: Sequence[Point]) -> Spike:
    """`others` are in the order of their values."""
    least, most = others[0].value, others[-1].value
    # Halves, because the difference of the largest numbers is infinite.
    gap = max(least / 2 - nearest / 2, nearest / 2 - most / 2)
    spread = max(most / 2 - least / 2, ROUNDING * max(abs(least), abs(most), abs(nearest)))
    usual = _quantile([each.value for each in others], 0.5)
    return Spike(point.at, point.value, usual, gap / spread if spread > 0 else 0.0)


def compare_at(points: Sequence[Point], at: float) -> Change | None:
    """Compare a curve before and after a moment; None if one side has too few points."""
    finite = [each for each in points[:MOST_POINTS] if math.isfinite(each.value)]
    place = sum(each.at < at for each in finite)
    if place < FEWEST or len(finite) - place < FEWEST:
        return None
    return _Sums(finite).measure(place, at)


class _Sums:
    """The running sums of a curve. Its values are scaled to at most 1 and centred: squares of large
    numbers overflow, and cancel."""

    def __init__(self, points: Sequence[Point]) -> None:
        self._size = len(points)
        self._scale = max(abs(each.value) for each in points) or 1.0
        self._scaled = [each.value / self._scale for each in points]
        self._centre = math.fsum(self._scaled) / self._size
        self.values = [value - self._centre for value in self._scaled]
        self.sums = list(accumulate(self.values, initial=0.0))
        self.squares = list(accumulate((value * value for value in self.values), initial=0.0))

    def measure(self, place: int, at: float) -> Change:
        """The levels before and after a place."""
        # Not from the sums of centred values: a level of exactly 0 would not be 0.
        before, after = average(self._scaled[:place]), average(self._scaled[place:])
        strength = _compare(self.sums, self.squares, place, self._size)
        return Change(at, self._restore(before), self._restore(after), strength)

    def level(self, centred: float) -> float:
        """The value that became this when it was scaled and centred."""
        return self._restore(self._centre + centred)

    def _restore(self, scaled: float) -> float:
        return _drop_noise(scaled, 1.0) * self._scale


def _compare(sums: Sequence[float], squares: Sequence[float], place: int, size: int) -> float:
    """How many standard errors the means after and before a place are apart (Welch)."""
    counts = (place, size - place)
    totals = (sums[place], sums[-1] - sums[place])
    powers = (squares[place], squares[-1] - squares[place])
    means = [total / count for total, count in zip(totals, counts, strict=True)]
    rests = [
        max(0.0, power - total * mean)
        for power, total, mean in zip(powers, totals, means, strict=True)
    ]
    # A few values are alike by chance: then the noise of all counts.
    pooled = sum(rests) / (size - 2)
    error = sum(
        (rest + FEWEST * pooled) / (count - 1 + FEWEST) / count
        for rest, count in zip(rests, counts, strict=True)
    )
    # A level without noise has no error: then any difference beyond rounding counts.
    return (means[1] - means[0]) / max(math.sqrt(error), ROUNDING)


def _is_trend(values: Sequence[float], sums: Sequence[float], place: int) -> bool:
    """Whether a straight line explains centred values better than two levels do."""
    size = len(values)
    middle = (size - 1) / 2
    slope = math.fsum((at - middle) * value for at, value in enumerate(values))
    by_line = slope * slope / (size * (size * size - 1) / 12)
    by_levels = sums[place] ** 2 / place + (sums[-1] - sums[place]) ** 2 / (size - place)
    return by_line > by_levels


def _quantile(ordered: Sequence[float], share: float) -> float:
    place = share * (len(ordered) - 1)
    low = math.floor(place)
    high = min(low + 1, len(ordered) - 1)
    share = place - low
    return ordered[low] * (1 - share) + ordered[high] * share
