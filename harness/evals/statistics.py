"""The statistics of evaluations. Pure, and the same result for the same numbers.

Repeats of one case are not independent, so intervals and tests over several repeats resample or
permute cases, not runs.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import compress
from random import Random
from typing import NamedTuple

Z95 = 1.959963984540054
RESAMPLES = 2_000
MOST_DRAWS = 2_000_000
"""Draws in all, so that 10,000 cases take less than a second."""
EXACT_UP_TO = 14
"""Differences whose signs are all tried: 16,384 ways."""
ROUNDING = 1e-12


class Interval(NamedTuple):
    """A 95 % confidence interval."""

    low: float
    high: float


class Difference(NamedTuple):
    """How the pass rate changed over the cases that two evaluations share."""

    cases: int
    change: float
    interval: Interval
    better: int
    """Cases that pass more often than before."""
    worse: int
    p: float
    """The probability of a change this large by chance: two-sided."""
    method: str


def wilson_interval(passed: int, whole: int) -> Interval:
    """Wilson's score interval for a proportion of independent runs."""
    if whole == 0:
        return Interval(0.0, 1.0)
    rate, square = passed / whole, Z95 * Z95
    middle = rate + square / (2 * whole)
    spread = Z95 * math.sqrt(rate * (1 - rate) / whole + square / (4 * whole * whole))
    scale = 1 + square / whole
    low, high = (middle - spread) / scale, (middle + spread) / scale
    return Interval(0.0 if passed == 0 else low, 1.0 if passed == whole else high)


def bootstrap_interval(values: Sequence[float]) -> Interval:
    """A percentile interval for the mean of a value per case."""
    if not values:
        return Interval(0.0, 1.0)
    random, size = Random(0), len(values)  # noqa: S311
    times = max(200, min(RESAMPLES, MOST_DRAWS // size))
    means = sorted(math.fsum(random.choices(values, k=size)) / size for _ in range(times))
    low, high = int(0.025 * times), math.ceil(0.975 * times) - 1
    return Interval(means[low], means[high])


def pass_rate_interval(cases: Sequence[Sequence[bool]]) -> Interval:
    """The interval of a pass rate: Wilson's for one run of each case, otherwise by bootstrap over
    cases. Where all agree, a bootstrap knows no doubt, so Wilson's over cases takes its place."""
    means = [sum(runs) / len(runs) for runs in cases if runs]
    if all(len(runs) == 1 for runs in cases) or len(set(means)) < 2:
        return wilson_interval(round(sum(means)), len(means))
    return bootstrap_interval(means)


def pass_hat(cases: Sequence[Sequence[bool]], k: int) -> float | None:
    """pass^k: the probability that k runs of a case all pass. None if no case has k runs."""
    each = [math.comb(sum(runs), k) / math.comb(len(runs), k) for runs in cases if len(runs) >= k]
    return math.fsum(each) / len(each) if each else None


def mcnemar(better: int, worse: int) -> float:
    """McNemar's exact test: p, two-sided, from the cases that changed either way."""
    changed, fewer = better + worse, min(better, worse)
    if changed == 0:
        return 1.0
    if changed > 1_000:  # the normal approximation, with its correction for continuity
        return math.erfc((abs(better - worse) - 1) / math.sqrt(2 * changed))
    tail = sum(math.comb(changed, each) for each in range(fewer + 1))
    return min(1.0, 2 * tail / 2**changed)


def permutation_test(differences: Sequence[float]) -> float:
    """A paired permutation test of the mean difference: p, two-sided. Exact if few cases differ."""
    changed = [each for each in differences if abs(each) > ROUNDING]
    if not changed:
        return 1.0
    seen = abs(math.fsum(changed)) - ROUNDING
    if len(changed) <= EXACT_UP_TO:
        ways = 1 << len(changed)
        hits = sum(
            abs(sum(-v if way >> i & 1 else v for i, v in enumerate(changed))) >= seen
            for way in range(ways)
        )
        return hits / ways
    random, size, whole = Random(0), len(changed), math.fsum(changed)  # noqa: S311
    times = max(500, min(RESAMPLES, MOST_DRAWS // size))
    hits = 0
    for _ in range(times):
        flipped = compress(changed, map(int, f"{random.getrandbits(size):0{size}b}"))
        hits += abs(whole - 2 * sum(flipped)) >= seen
    return (hits + 1) / (times + 1)


def compare_paired(before: Sequence[Sequence[bool]], after: Sequence[Sequence[bool]]) -> Difference:
    """Compare the runs of the same cases, before and after."""
    pairs = [
        (sum(a) / len(a), sum(b) / len(b)) for a, b in zip(before, after, strict=True) if a and b
    ]
    differences = [b - a for a, b in pairs]
    better = sum(each > ROUNDING for each in differences)
    worse = sum(each < -ROUNDING for each in differences)
    single = all(len(each) == 1 for each in (*before, *after))
    return Difference(
        cases=len(pairs),
        change=math.fsum(differences) / len(differences) if differences else 0.0,
        interval=bootstrap_interval(differences) if differences else Interval(-1.0, 1.0),
        better=better,
        worse=worse,
        p=mcnemar(better, worse) if single else permutation_test(differences),
        method="McNemar's exact test" if single else "paired permutation test",
    )
