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
STRONG = 4.0
"""How many standard errors apart the means before and after a change are at least."""


class Change(NamedTuple):
    """A moment at which the level of a curve changed."""

    at: float
    before: float
    after: float
    strength: float
    """The difference in standard errors."""


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

    @property
    def strength(self) -> float:
        """Of the strongest change; 0 if there is none."""
        return max((abs(each.strength) for each in self.changes), default=0.0)


def digest_series(series: Series) -> Digest:
    """Compute the figures of one curve."""
    points = [each for each in series.points[:MOST_POINTS] if math.isfinite(each.value)]
    missing = len(series.points) - len(points)
    if not points:
        return Digest(series.name, len(series.points), missing)
    values = sorted(each.value for each in points)
    return Digest(
        name=series.name,
        points=len(series.points),
        missing=missing,
        first=points[0].value,
        last=points[-1].value,
        least=values[0],
        most=values[-1],
        mean=math.fsum(values) / len(values),
        median=_quantile(values, 0.5),
        p95=_quantile(values, 0.95),
        changes=tuple(find_changes(points)),
    )


def rank_series(found: Sequence[Series]) -> list[tuple[Series, Digest]]:
    """Order curves by how suddenly they changed, then by their size."""
    pairs = [(each, digest_series(each)) for each in found]
    return sorted(pairs, key=lambda pair: (pair[1].strength, pair[1].most or 0.0), reverse=True)


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


def correlate(one: Series, other: Series) -> float | None:
    """Pearson's correlation of two curves at the moments that both have; None if it has no
    meaning."""
    theirs = {each.at: each.value for each in other.points}
    pairs = [
        (value, theirs[at])
        for at, value in one.points
        if at in theirs and math.isfinite(value) and math.isfinite(theirs[at])
    ]
    if len(pairs) < FEWEST:
        return None
    mean_a = math.fsum(a for a, _ in pairs) / len(pairs)
    mean_b = math.fsum(b for _, b in pairs) / len(pairs)
    spread_a = math.fsum((a - mean_a) ** 2 for a, _ in pairs)
    spread_b = math.fsum((b - mean_b) ** 2 for _, b in pairs)
    if spread_a <= 0 or spread_b <= 0:
        return None
    joint = math.fsum((a - mean_a) * (b - mean_b) for a, b in pairs)
    return joint / math.sqrt(spread_a * spread_b)


def _find_split(points: Sequence[Point]) -> tuple[int, Change] | None:
    size = len(points)
    if size < 2 * FEWEST:
        return None
    values = [each.value for each in points]
    sums = list(accumulate(values, initial=0.0))
    squares = list(accumulate((value * value for value in values), initial=0.0))
    scale = max(map(abs, values))
    best: tuple[float, int] | None = None
    for place in range(FEWEST, size - FEWEST + 1):
        strength = _compare(sums, squares, place, size, scale)
        if best is None or abs(strength) > abs(best[0]):
            best = (strength, place)
    if best is None or abs(best[0]) < STRONG:
        return None
    strength, place = best
    before, after = sums[place] / place, (sums[-1] - sums[place]) / (size - place)
    return place, Change(points[place].at, before, after, strength)


def _compare(
    sums: Sequence[float], squares: Sequence[float], place: int, size: int, scale: float
) -> float:
    """How many standard errors the means after and before a place are apart (Welch)."""
    counts = (place, size - place)
    totals = (sums[place], sums[-1] - sums[place])
    powers = (squares[place], squares[-1] - squares[place])
    means = [total / count for total, count in zip(totals, counts, strict=True)]
    error = sum(
        max(0.0, power / count - mean * mean) / count
        for power, count, mean in zip(powers, counts, means, strict=True)
    )
    # A level without noise has no error: then any difference beyond rounding counts.
    return (means[1] - means[0]) / max(math.sqrt(error), scale * 1e-6, 1e-300)


def _quantile(ordered: Sequence[float], share: float) -> float:
    place = share * (len(ordered) - 1)
    low = math.floor(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)
