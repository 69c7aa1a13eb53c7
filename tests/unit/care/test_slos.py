"""SLOs: their definitions, the invariants that they expand to, and what is left of a budget."""

from __future__ import annotations

import math
from decimal import Decimal

import pytest

from harness.care.invariants.slo import Slo, format_window
from harness.care.subjects.subject import parse_subject
from harness.contracts.errors import SubjectInvalid

BAD, TOTAL = "sum(rate(errors[{window}]))", "sum(rate(all[{window}]))"
HEAD = 'name = "api"\n'
SLO = f"""
[[slo]]
name = "answered"
objective = 99.9
bad = '{BAD}'
total = '{TOTAL}'
"""


def parse_slo(text: str) -> Slo:
    return parse_subject((HEAD + text).encode(), "subject.toml").slos[0]


def test_the_windows_of_thirty_days_are_those_of_the_workbook() -> None:
    found = parse_slo(SLO).expand()
    assert [(each.name, each.operator, each.threshold, each.severity) for each in found] == [
        ("answered-burn-14x", "<", 14.4, "critical"), ("answered-burn-6x", "<", 6.0, "critical"),
        ("answered-burn-3x", "<", 3.0, "warning"), ("answered-burn-1x", "<", 1.0, "warning"),
    ]  # fmt: skip
    for each, (long, short) in zip(
        found, [("1h", "5m"), ("6h", "30m"), ("1d", "2h"), ("3d", "6h")], strict=True
    ):
        parts = [
            f"(((sum(rate(errors[{w}]))) or 0 * (sum(rate(all[{w}])))) / (sum(rate(all[{w}])))) "
            "/ 0.001"
            for w in (long, short)
        ]
        assert each.query == f"({parts[0]}) < ({parts[1]}) or ({parts[1]})"
        assert (each.slo, each.no_data) == ("answered", "unknown")
    assert [each.window_seconds for each in found] == [300, 1_800, 7_200, 21_600]
    assert found[0].summary == "At this rate the error budget of 30 days lasts 2.1 days."


@pytest.mark.parametrize("days", [1, 7, 28, 30, 90])
def test_the_same_share_of_the_budget_is_gone_in_each_period(days: int) -> None:
    shares = [
        Decimal(str(factor)) * windows[0] / (days * 86_400)
        for factor, windows in _read_burns(parse_slo(SLO + f"days = {days}"))
    ]
    assert shares == [Decimal("0.02"), Decimal("0.05"), Decimal("0.1"), Decimal("0.1")]
    for _, (long, short) in _read_burns(parse_slo(SLO + f"days = {days}")):
        assert long == 12 * short


def _read_burns(slo: Slo) -> list[tuple[float, list[int]]]:
    sizes = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
    found = list[tuple[float, list[int]]]()
    for each in slo.expand():
        windows = [part.partition("]")[0] for part in each.query.split("errors[")[1:]]
        found.append((each.threshold, [int(w[:-1]) * sizes[w[-1]] for w in windows[:2]]))
    return found


def test_a_ratio_and_speeds_without_an_alarm() -> None:
    text = '[[slo]]\nname = "a"\nobjective = 95\nratio = "bad:ratio{window}"\nslow = "off"\n'
    found = parse_slo(text + 'fast = "info"\nno_data = "holds"')
    assert found.ask_ratio(300) == "bad:ratio5m"
    assert [(each.severity, each.no_data) for each in found.expand()] == [("info", "holds")] * 2
    assert found.expand()[0].query == (
        "((bad:ratio1h) / 0.05) < ((bad:ratio5m) / 0.05) or ((bad:ratio5m) / 0.05)"
    )


@pytest.mark.parametrize(
    ("objective", "allowed"), [(99.9, "0.001"), (99.999, "0.00001"), (0.5, "0.995"), (95, "0.05")]
)
def test_the_budget_is_exact(objective: float, allowed: str) -> None:
    slo = Slo(name="a", objective=objective, ratio="x[{window}]")
    assert f"{slo.allowed:f}" == allowed


def test_what_is_left() -> None:
    slo = Slo(name="a", objective=99, ratio="x[{window}]")
    assert slo.read_left([]) is None
    assert slo.read_left([math.nan, math.inf]) is None
    assert slo.read_left([0.0]) == 1.0
    assert slo.read_left([0.01]) == 0.0
    assert slo.read_left([0.0025, math.nan, 0.005]) == 0.5
    assert slo.read_left([1.0]) == -99.0


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[[slo]]", "SLO number 1: name is missing"),
        (SLO.replace("99.9", "100"), "objective"),
        (SLO.replace("99.9", "nan"), "objective"),
        (SLO.replace("99.9", "0"), "objective"),
        (SLO + "days = 0", "days"),
        (SLO + "days = 1.5", "days"),
        (SLO + "days = 91", "days"),
        (SLO + 'ratio = "a[{window}]"', "either bad and total, or ratio"),
        (SLO.replace("total", "summary"), "either bad and total, or ratio"),
        (SLO.replace("{window}", "5m"), "needs {window}"),
        (SLO + 'fast = "fatal"', "fast"),
        (SLO + "odd = 1", "odd"),
        (SLO.replace("answered", "a b"), "name"),
        (SLO.replace("answered", "a" * 51), "name"),
        (SLO.replace("sum", "sum" * 1_000), "bad"),
        (SLO + SLO, "two SLOs have the name 'answered'"),
        (
            SLO + '[[invariant]]\nname = "answered-burn-6x"\nquery = "up"\noperator = "<"\n'
            "threshold = 1", "two invariants have the name 'answered-burn-6x'",
        ),
        (
            '[[invariant]]\nname = "a"\nquery = "up"\noperator = "<"\nthreshold = 1\nslo = "b"',
            "write ..slo..",
        ),
    ],
)  # fmt: skip
def test_what_is_no_slo(text: str, words: str) -> None:
    with pytest.raises(SubjectInvalid, match=words):
        parse_slo(text)


def test_windows_are_written_short() -> None:
    found = [format_window(each) for each in (10, 70, 300, 3_600, 86_400, 216_000, 259_200)]
    assert found == ["10s", "70s", "5m", "1h", "1d", "60h", "3d"]
