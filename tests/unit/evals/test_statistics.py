"""Statistics against published and hand-computed values."""

from __future__ import annotations

import pytest

from harness.evals.statistics import (
    bootstrap_interval,
    compare_paired,
    mcnemar,
    pass_hat,
    pass_rate_interval,
    permutation_test,
    wilson_interval,
)


@pytest.mark.parametrize(
    ("passed", "whole", "low", "high"),
    [  # Newcombe 1998, table I
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson(passed: int, whole: int, low: float, high: float) -> None:
    found = wilson_interval(passed, whole)
    assert found.low == pytest.approx(low, abs=5e-5)
    assert found.high == pytest.approx(high, abs=5e-5)


def test_wilson_at_the_ends() -> None:
    assert wilson_interval(0, 0) == (0.0, 1.0)
    assert wilson_interval(20, 20).high == 1.0


@pytest.mark.parametrize(
    ("better", "worse", "p"),
    [(0, 0, 1.0), (5, 5, 1.0), (0, 5, 0.0625), (0, 7, 0.015625), (1, 9, 22 / 1024), (3, 3, 1.0)],
)
def test_mcnemar(better: int, worse: int, p: float) -> None:
    assert mcnemar(better, worse) == pytest.approx(p)
    assert mcnemar(worse, better) == pytest.approx(p)


def test_mcnemar_of_many_is_close_to_the_exact_test() -> None:
    assert mcnemar(540, 461) == pytest.approx(0.0136, abs=0.001)


def test_permutation_is_exact_for_few() -> None:
    assert permutation_test([1.0, 1.0, 1.0]) == pytest.approx(2 / 8)
    assert permutation_test([0.5, 0.5, 0.5, 0.5, 0.5, 0.5]) == pytest.approx(2 / 64)
    assert permutation_test([0.0, 0.0]) == 1.0
    assert permutation_test([1.0, -1.0]) == 1.0


def test_permutation_of_many_repeats_itself() -> None:
    values = [0.5] * 30 + [-0.5] * 10
    assert permutation_test(values) == permutation_test(values)
    assert permutation_test(values) < 0.01


def test_pass_hat() -> None:
    assert pass_hat([[True, True], [True, False]], 2) == 0.5
    assert pass_hat([[True, True, False, True]], 2) == pytest.approx(3 / 6)
    assert pass_hat([[True]], 2) is None


def test_repeats_are_not_taken_for_independent_runs() -> None:
    cases = [[True] * 10] * 5 + [[False] * 10] * 5
    found = pass_rate_interval(cases)
    assert found.low <= 0.3
    assert found.high >= 0.7
    assert wilson_interval(50, 100).low > found.low
    assert pass_rate_interval([[True] * 10] * 5) == wilson_interval(5, 5)


def test_bootstrap_surrounds_the_mean() -> None:
    low, high = bootstrap_interval([0.0, 1.0] * 20)
    assert low < 0.5 < high
    assert bootstrap_interval([]) == (0.0, 1.0)


def test_a_regression_is_significant() -> None:
    found = compare_paired([[True]] * 10, [[True]] * 3 + [[False]] * 7)
    assert (found.better, found.worse, found.cases) == (0, 7, 10)
    assert found.change == pytest.approx(-0.7)
    assert found.p == pytest.approx(0.015625)
    assert found.method.startswith("McNemar")
    assert found.interval.high < 0


def test_repeats_are_compared_by_case() -> None:
    before, after = [[True, True]] * 6, [[True, False]] * 6
    found = compare_paired(before, after)
    assert found.method == "paired permutation test"
    assert found.p == pytest.approx(2 / 64)
