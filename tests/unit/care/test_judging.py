"""In which state an invariant is, for every kind of answer and every way there."""

from __future__ import annotations

import math
from typing import Any

import pytest
from pydantic import ValidationError

from harness.care.invariants.invariant import Invariant
from harness.care.invariants.judge import Judgement, Reading, judge

NAN, INF = math.nan, math.inf
UNREACHABLE = Reading(failure="unreachable", message="no answer")
INVALID = Reading(failure="invalid", message="parse error")
NOTHING = Reading()


def make(operator: Any = "<", threshold: float = 10.0, **more: Any) -> Invariant:
    return Invariant(name="errors", query="q", operator=operator, threshold=threshold, **more)


def values(*found: float) -> Reading:
    return Reading(found)


def follow(invariant: Invariant, *steps: tuple[float, Reading]) -> list[Judgement]:
    """Judge readings one after the other."""
    found = list[Judgement]()
    for at, reading in steps:
        found.append(judge(invariant, found[-1] if found else None, reading, at))
    return found


def states(invariant: Invariant, *steps: tuple[float, Reading]) -> list[str]:
    return [each.state for each in follow(invariant, *steps)]


@pytest.mark.parametrize(
    ("operator", "holding", "breaking", "worst"),
    [
        ("<", (9.0, -INF), (9.0, 10.0), 10.0),
        ("<", (9.9,), (INF, 1.0), INF),
        ("<=", (10.0, 1.0), (10.0, 10.1), 10.1),
        (">", (10.1, INF), (10.0, 11.0), 10.0),
        (">=", (10.0, 11.0), (9.0, 11.0), 9.0),
        ("==", (10.0, 10.0), (10.0, 9.0, 10.5), 9.0),
        ("==", (10.0,), (10.0, INF), INF),
        ("!=", (9.0, 11.0), (9.0, 10.0), 10.0),
    ],
)
def test_every_series_must_fulfil_the_condition(
    operator: str, holding: tuple[float, ...], breaking: tuple[float, ...], worst: float
) -> None:
    invariant = make(operator)
    assert judge(invariant, None, values(*holding), 1.0).state == "holds"
    broken = judge(invariant, None, values(*breaking), 1.0)
    assert (broken.state, broken.value) == ("broken", worst)


def test_a_broken_one_is_kept_until_it_was_good_for_long_enough() -> None:
    invariant = make(for_seconds=10, keep_seconds=30)
    bad, good = values(20.0), values(1.0)
    steps = [(0.0, bad), (5.0, good), (10.0, bad), (20.0, bad), (25.0, good), (40.0, good)]
    assert states(invariant, *steps) == [
        "violated", "holds", "violated", "broken", "broken", "broken",
    ]  # fmt: skip
    kept = follow(invariant, *steps)[-1]
    assert (kept.good_since, kept.violated_since, kept.since) == (25.0, 10.0, 20.0)
    assert kept.message == "fulfilled again, but not yet for 30 s"
    assert states(invariant, *steps, (55.0, good), (60.0, bad))[-2:] == ["holds", "violated"]
    # Bad again: the time begins anew. A gap changes nothing.
    assert states(invariant, *steps, (50.0, bad), (60.0, good))[-2:] == ["broken", "broken"]
    over = [*steps, (45.0, UNREACHABLE), (54.0, good), (56.0, good)]
    assert states(invariant, *over)[-3:] == ["unreachable", "broken", "holds"]
    nothing = make(for_seconds=0, keep_seconds=5, no_data="holds")
    found = states(nothing, (0.0, bad), (1.0, NOTHING), (6.0, NOTHING))
    assert found == ["broken", "broken", "holds"]


@pytest.mark.parametrize("gap", [UNREACHABLE, INVALID, NOTHING])
def test_only_what_was_broken_before_a_gap_is_kept(gap: Reading) -> None:
    invariant = make(for_seconds=60, keep_seconds=60)
    bad, good = values(20.0), values(1.0)
    over = [(15.0, gap), (30.0, gap), (60.0, gap), (75.0, good)]
    assert states(invariant, (0.0, bad), *over)[-1] == "holds", "it never was broken"
    other = UNREACHABLE if gap == NOTHING else NOTHING
    after = [(75.0, gap), (90.0, other), (105.0, good), (164.0, good), (165.0, good)]
    assert states(invariant, (0.0, bad), (60.0, bad), *after)[-3:] == ["broken", "broken", "holds"]


def test_nan_is_no_data() -> None:
    assert judge(make(), None, values(NAN), 1.0).state == "no_data"
    among = judge(make(), None, values(NAN, 3.0, NAN), 1.0)
    assert (among.state, among.value) == ("holds", 3.0)
    assert judge(make(), None, values(NAN, 30.0), 1.0).state == "broken"


@pytest.mark.parametrize(
    ("no_data", "state"), [("unknown", "no_data"), ("holds", "holds"), ("broken", "broken")]
)
def test_no_data_is_what_the_invariant_says(no_data: Any, state: str) -> None:
    found = judge(make(no_data=no_data), None, NOTHING, 1.0)
    assert (found.state, found.value) == (state, None)
    assert found.message == "the query returns nothing"


def test_absence_is_broken_only_after_its_time() -> None:
    invariant = make(no_data="broken", for_seconds=30)
    steps = [(0.0, NOTHING), (29.0, NOTHING), (30.0, NOTHING), (31.0, values(1.0))]
    assert states(invariant, *steps) == ["violated", "violated", "broken", "holds"]


def test_a_violation_counts_after_its_time() -> None:
    invariant = make(for_seconds=30)
    found = follow(
        invariant, (0, values(1)), (10, values(11)), (39, values(12)), (40, values(13)),
        (50, values(14)), (60, values(1)), (70, values(11)),
    )  # fmt: skip
    assert [each.state for each in found] == [
        "holds", "violated", "violated", "broken", "broken", "holds", "violated",
    ]  # fmt: skip
    assert [each.since for each in found] == [0, 10, 10, 40, 40, 60, 70]
    assert [each.violated_since for each in found] == [None, 10, 10, 10, 10, None, 70]


def test_a_short_violation_never_breaks() -> None:
    invariant = make(for_seconds=30)
    steps = [(float(at), values(11 if at % 20 else 1)) for at in range(0, 200, 10)]
    assert set(states(invariant, *steps)) == {"holds", "violated"}


@pytest.mark.parametrize("gap", [UNREACHABLE, INVALID, NOTHING])
def test_a_gap_neither_ends_a_violation_nor_begins_it_anew(gap: Reading) -> None:
    found = follow(make(for_seconds=30), (0, values(11)), (10, gap), (20, gap), (30, values(11)))
    assert [each.state for each in found][::3] == ["violated", "broken"]
    assert found[2].since == 10 and found[2].violated_since == 0
    ended = follow(make(for_seconds=30), (0, values(11)), (10, gap), (40, values(1)))[-1]
    assert (ended.state, ended.violated_since) == ("holds", None)


@pytest.mark.parametrize("reading", [UNREACHABLE, INVALID])
def test_a_source_that_does_not_answer_says_why(reading: Reading) -> None:
    found = judge(make(), None, reading, 5.0)
    assert (found.state, found.message, found.value) == (reading.failure, reading.message, None)
    long = judge(make(), None, Reading(failure="invalid", message="x" * 10_000), 5.0)
    assert len(long.message) == 500


def test_a_gap_is_not_a_violation() -> None:
    steps = [(0.0, values(1)), (10.0, UNREACHABLE), (500.0, UNREACHABLE), (510.0, values(11))]
    found = follow(make(for_seconds=30), *steps)
    assert [each.state for each in found] == ["holds", "unreachable", "unreachable", "violated"]
    assert found[-1].violated_since == 510


def test_recovery_needs_the_other_threshold() -> None:
    invariant = make(recover=5.0)
    steps = [(0.0, 7.0), (1.0, 11.0), (2.0, 7.0), (3.0, 5.0), (4.0, 4.9), (5.0, 7.0)]
    assert states(invariant, *((at, values(value)) for at, value in steps)) == [
        "holds", "broken", "broken", "broken", "holds", "holds",
    ]  # fmt: skip


@pytest.mark.parametrize("gap", [UNREACHABLE, INVALID, NOTHING])
def test_recovery_needs_the_other_threshold_over_a_gap_too(gap: Reading) -> None:
    steps = [(0.0, values(11.0)), (1.0, gap), (2.0, values(7.0)), (3.0, values(4.0))]
    assert states(make(recover=5.0), *steps)[2:] == ["broken", "holds"]


def test_recovery_counts_while_it_is_not_yet_broken() -> None:
    steps = [(0.0, values(11.0)), (10.0, values(7.0)), (30.0, values(7.0))]
    assert states(make(recover=5.0, for_seconds=30), *steps) == ["violated", "violated", "broken"]


@pytest.mark.parametrize(
    ("operator", "recover"), [("<", 11.0), ("<=", 10.5), (">", 9.0), (">=", 9.0), ("==", 1.0)]
)
def test_a_recovery_that_is_easier_than_the_condition_is_refused(
    operator: str, recover: float
) -> None:
    """It would flap: broken, holding and broken again with the same value."""
    with pytest.raises(ValidationError, match="recover"):
        make(operator, recover=recover)


@pytest.mark.parametrize(("operator", "recover"), [("<", 10.0), ("<", 1.0), (">=", 10.0)])
def test_a_recovery_as_hard_as_the_condition_is_accepted(operator: str, recover: float) -> None:
    assert make(operator, recover=recover).recover == recover


def test_what_is_broken_is_not_read_as_what_is() -> None:
    invariant = make(summary="Hardly any request fails.")
    assert invariant.failure.endswith(" is broken; it should be: Hardly any request fails.")
    assert make().failure.endswith(f"; it should be: {make().condition}")


@pytest.mark.parametrize(
    "more",
    [{"threshold": NAN}, {"threshold": INF}, {"for_seconds": -1}, {"for_seconds": INF},
     {"window_seconds": NAN}, {"operator": "=~"}, {"name": "a b"}, {"name": "a\n"}, {"query": ""},
     {"query": "x" * 20_001}, {"odd": 1}, {"query": "up\x00"}, {"summary": "a\x00b"}],
)  # fmt: skip
def test_what_is_no_invariant_is_refused(more: dict[str, Any]) -> None:
    fields = {"name": "errors", "query": "q", "operator": "<", "threshold": 1.0, **more}
    with pytest.raises(ValidationError):
        Invariant.model_validate(fields)
