"""Find curves that moved at the same time as another one."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from harness.care.telemetry.digest import (
    FEWEST,
    MOST_POINTS,
    ROUNDING,
    Change,
    average,
    find_changes,
)
from harness.care.telemetry.series import Point, Series, format_labels

ALIKE = 0.7
"""The correlation of curves that are called related."""
COUNTERS = ("_total", "_count", "_sum", "_bucket")


class Related(NamedTuple):
    """A curve that moved like another one. `is_rate`: its increase did."""

    labels: Mapping[str, str]
    correlation: float
    is_rate: bool
    change: Change | None

    @property
    def name(self) -> str:
        """As PromQL writes it."""
        return format_labels(self.labels)


def find_related(curve: Series, others: Sequence[Series]) -> list[Related]:
    """The curves that moved like another one, the most alike first."""
    found = list[Related]()
    for each in others:
        if each.labels == curve.labels:
            continue
        # Counters only grow: all of them are alike, until one looks at how fast they do.
        is_rate = each.labels.get("__name__", "").endswith(COUNTERS)
        moving = _find_increase(each) if is_rate else each
        correlation = correlate(curve, moving)
        if correlation is not None and abs(correlation) >= ALIKE:
            points = [point for point in moving.points if math.isfinite(point.value)]
            changes = find_changes(points[:MOST_POINTS])
            change = max(changes, key=lambda change: abs(change.strength), default=None)
            found.append(Related(each.labels, correlation, is_rate, change))
    return sorted(found, key=lambda each: -abs(each.correlation))


def _find_increase(series: Series) -> Series:
    """How much a counter grew at each point; none where it began anew."""
    points = tuple(
        Point(after.at, after.value - before.value)
        for before, after in pairwise(series.points)
        if after.value >= before.value
    )
    return Series(series.labels, points)


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
    ours, others = _centre([a for a, _ in pairs]), _centre([b for _, b in pairs])
    spread = math.sqrt(_multiply(ours, ours) * _multiply(others, others))
    return _multiply(ours, others) / spread if spread > 0 else None


def _multiply(one: Sequence[float], other: Sequence[float]) -> float:
    return math.fsum(a * b for a, b in zip(one, other, strict=True))


def _centre(values: Sequence[float]) -> list[float]:
    """The differences from the mean, the largest of them about 1."""
    scale = max(map(abs, values)) or 1.0
    mean = average([value / scale for value in values])
    apart = [value / scale - mean for value in values]
    widest = max(map(abs, apart))
    return [each / widest if widest > ROUNDING else 0.0 for each in apart]
