"""Decide in which state an invariant is. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from harness.care.invariants.invariant import COMPARE, Invariant

State = Literal["holds", "violated", "broken", "no_data", "unreachable", "invalid"]
"""violated: not yet long enough to be broken. no_data: the query returns nothing. unreachable: the
source does not answer. invalid: it does not accept the query."""
KNOWN = ("holds", "violated", "broken")
GAPS = ("no_data", "unreachable", "invalid")
"""In which nothing is known."""


@dataclass(frozen=True)
class Reading:
    """What a query returned. `failure`: why it returned nothing."""

    values: tuple[float, ...] = ()
    failure: Literal["unreachable", "invalid"] | None = None
    message: str = ""


@dataclass(frozen=True)
class Judgement:
    """The state of an invariant at a moment. Times are seconds since 1970."""

    state: State
    at: float
    since: float
    """When it came into this state."""
    violated_since: float | None = None
    value: float | None = None
    """The worst value."""
    message: str = ""
    good_since: float | None = None
    """Since when a broken one fulfils its condition, if that is not yet long enough."""
    was_broken: bool = False
    """In a gap: whether it was broken when it was last known."""


def judge(invariant: Invariant, before: Judgement | None, reading: Reading, at: float) -> Judgement:
    """Decide in which state an invariant is, from its last state and what its query returned."""
    if reading.failure is not None:
        return _enter(before, reading.failure, at, message=reading.message)
    values = [value for value in reading.values if not math.isnan(value)]
    if not values:
        return _judge_silence(invariant, before, at)
    value = _find_worst(invariant, values)
    # Over a gap too: what was violated before it recovers only as it would have without.
    was_bad = before is not None and before.violated_since is not None
    threshold = invariant.threshold
    if was_bad and invariant.recover is not None:
        threshold = invariant.recover
    if COMPARE[invariant.operator](value, threshold):
        return _judge_fulfilled(invariant, before, at, value, "")
    return _judge_violation(invariant, before, at, value, f"{value:g}")


def _judge_silence(invariant: Invariant, before: Judgement | None, at: float) -> Judgement:
    message = "the query returns nothing"
    match invariant.no_data:
        case "unknown":
            return _enter(before, "no_data", at, message=message)
        case "holds":
            return _judge_fulfilled(invariant, before, at, None, message)
        case "broken":
            return _judge_violation(invariant, before, at, None, message)


def _judge_fulfilled(
    invariant: Invariant, before: Judgement | None, at: float, value: float | None, message: str
) -> Judgement:
    """It holds, unless it was broken and fulfils its condition for too short a time."""
    begun = before.violated_since if before is not None else None
    if before is None or begun is None or not _is_broken(before):
        return _enter(before, "holds", at, value=value, message=message)
    good_since = at if before.good_since is None else before.good_since
    if at - good_since >= invariant.keep_seconds:
        return _enter(before, "holds", at, value=value, message=message)
    left = f"fulfilled again, but not yet for {invariant.keep_seconds:g} s"
    now = _enter(before, "broken", at, value=value, message=left)
    return replace(now, violated_since=begun, good_since=good_since)


def _judge_violation(
    invariant: Invariant, before: Judgement | None, at: float, value: float | None, message: str
) -> Judgement:
    # A gap in what is known neither begins a violation anew nor ends it.
    begun = before.violated_since if before is not None else None
    since = at if begun is None else begun
    state: State = "broken" if at - since >= invariant.for_seconds else "violated"
    now = _enter(before, state, at, value=value, message=message)
    return replace(now, violated_since=since)


def _enter(
    before: Judgement | None,
    state: State,
    at: float,
    *,
    value: float | None = None,
    message: str = "",
) -> Judgement:
    is_same = before is not None and before.state == state
    since = before.since if before is not None and is_same else at
    kept = before.violated_since if before is not None and state in GAPS else None
    good_since = before.good_since if kept is not None and before is not None else None
    was_broken = before is not None and state in GAPS and _is_broken(before)
    return Judgement(state, at, since, kept, value, message[:500], good_since, was_broken)


def _is_broken(before: Judgement) -> bool:
    """Whether it was broken when it was last known: the time of a violation does not say so, since
    it goes on over gaps."""
    return before.state == "broken" or before.was_broken


def _find_worst(invariant: Invariant, values: Sequence[float]) -> float:
    """The value that is furthest on the wrong side."""
    match invariant.operator:
        case "<" | "<=":
            return max(values)
        case ">" | ">=":
            return min(values)
        case "==":
            return max(values, key=lambda value: abs(value - invariant.threshold))
        case "!=":
            return min(values, key=lambda value: abs(value - invariant.threshold))
