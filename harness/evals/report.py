"""The report of an evaluation: pass rates with intervals, costs, and comparisons. Pure."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence

from harness.contracts.base import Flag, Word
from harness.contracts.errors import EvalNotComparable
from harness.evals.contracts import EvalPlan, ItemResult, State
from harness.evals.statistics import compare_paired, pass_hat, pass_rate_interval

SIGNIFICANT = 0.05


class CheckRate(Word):
    """How often a check passed."""

    name: str
    runs: int
    passed: int
    broken: int
    """How often the check itself failed."""


class CellReport(Word):
    """An agent with a model: how it did."""

    agent: str
    model: str
    cases: int
    runs: int
    passed: int
    rate: float
    """The mean over cases of how often each passed."""
    low: float
    high: float
    """The 95 % confidence interval of the rate."""
    pass_hat: float | None = None
    """pass^k: how often all repeats of a case pass; k is the number of repeats."""
    tokens: int
    cost_micros: int | None = None
    judge_tokens: int
    judge_micros: int | None = None
    seconds_p50: float
    seconds_p95: float
    checks: tuple[CheckRate, ...]

    @property
    def title(self) -> str:
        return f"{self.agent} {self.model}"


class Comparison(Word):
    """A cell beside what it is compared with, over the cases that both have."""

    cell: str
    baseline: str
    """The id of an evaluation, or `recorded` for the recorded runs."""
    against: str
    """The agent and model of the baseline."""
    cases: int
    before: float
    after: float
    change: float
    low: float
    high: float
    better: int
    worse: int
    p: float
    method: str
    verdict: str
    """`regression` or `improvement` if the change is significant, else `no difference`."""


class EvalReport(Word):
    """All of an evaluation, as it is now."""

    eval: str
    name: str
    state: State
    created: float
    ended: float | None = None
    cases: int
    repeats: int
    items: int
    done: int
    threshold: float | None = None
    cells: tuple[CellReport, ...]
    comparisons: tuple[Comparison, ...] = ()
    replay: Flag = None
    failing: tuple[ItemResult, ...]
    """Results that did not pass, the first ones."""

    @property
    def faults(self) -> tuple[str, ...]:
        """Why a release should not go out; none if it may."""
        found = [
            f"{cell.title}: {cell.rate:.1%} is below {self.threshold:.1%}"
            for cell in self.cells
            if self.threshold is not None and cell.rate < self.threshold
        ]
        found += [
            f"{each.cell}: {each.change:+.1%} against {each.baseline}, p = {each.p:.3g}"
            for each in self.comparisons
            if each.verdict == "regression"
        ]
        if self.state != "done":
            found.append(f"{self.done:,} of {self.items:,} runs have a result: {self.state}")
        return tuple(found)


Passes = dict[tuple[int, str], list[bool]]
"""Whether each run passed, by cell and case."""


def group_passes(results: Sequence[ItemResult]) -> Passes:
    """Group results by cell and case."""
    found: Passes = defaultdict(list)
    for each in results:
        found[each.cell, each.case].append(each.passed)
    return found


def report_cell(plan: EvalPlan, cell: int, results: Sequence[ItemResult]) -> CellReport:
    """How one agent with one model did."""
    own = [each for each in results if each.cell == cell]
    cases = list(group_passes(own).values())
    interval = pass_rate_interval(cases)
    seconds = sorted(each.seconds for each in own)
    chosen = plan.cells[cell]
    return CellReport(
        agent=chosen.agent.name,
        model=chosen.shown_model,
        cases=len(cases),
        runs=len(own),
        passed=sum(each.passed for each in own),
        rate=_mean([sum(runs) / len(runs) for runs in cases]),
        low=interval.low,
        high=interval.high,
        pass_hat=pass_hat(cases, plan.repeats) if plan.repeats > 1 else None,
        tokens=sum(each.tokens for each in own),
        cost_micros=_sum_known([each.cost_micros for each in own]),
        judge_tokens=sum(each.judge_tokens for each in own),
        judge_micros=_sum_known([each.judge_micros for each in own]),
        seconds_p50=_percentile(seconds, 0.5),
        seconds_p95=_percentile(seconds, 0.95),
        checks=_rate_checks(plan, own),
    )


def compare_with_recorded(plan: EvalPlan, results: Sequence[ItemResult]) -> list[Comparison]:
    """Compare each cell with the recorded runs, which passed the same checks or not."""
    made: list[Comparison] = []
    for number, cell in enumerate(plan.cells):
        own = [each for each in results if each.cell == number and each.was_passed is not None]
        before: Passes = defaultdict(list)
        for each in own:
            before[0, each.case].append(bool(each.was_passed))
        if own:
            title = f"{cell.agent.name} {cell.shown_model}"
            after = {case: runs for (_, case), runs in group_passes(own).items()}
            was = {case: runs for (_, case), runs in before.items()}
            made.append(_compare(title, "recorded", "the recorded runs", was, after))
    return made


def compare_with_baseline(
    plan: EvalPlan,
    results: Sequence[ItemResult],
    baseline: str,
    old_plan: EvalPlan,
    old_results: Sequence[ItemResult],
) -> list[Comparison]:
    """Compare each cell with the one of the same agent and model; if both evaluations have one
    cell, these two."""
    old = {(c.agent.name, c.shown_model): n for n, c in enumerate(old_plan.cells)}
    after, before = group_passes(results), group_passes(old_results)
    made: list[Comparison] = []
    for number, cell in enumerate(plan.cells):
        key = (cell.agent.name, cell.shown_model)
        pair = 0 if len(plan.cells) == len(old_plan.cells) == 1 else old.get(key)
        if pair is None:
            continue
        now = {case: runs for (at, case), runs in after.items() if at == number}
        was = {case: runs for (at, case), runs in before.items() if at == pair}
        other = old_plan.cells[pair]
        if now.keys() & was.keys():
            against = f"{other.agent.name} {other.shown_model}"
            made.append(_compare(" ".join(key), baseline, against, was, now))
    if not made:
        raise EvalNotComparable(
            f"Evaluation {baseline!r} has no case in common with this one, or no agent and model."
        )
    return made


def _compare(
    cell: str,
    baseline: str,
    against: str,
    before: Mapping[str, list[bool]],
    after: Mapping[str, list[bool]],
) -> Comparison:
    shared = [case for case in after if case in before]
    old, new = [before[case] for case in shared], [after[case] for case in shared]
    found = compare_paired(old, new)
    verdict = "no difference"
    if found.p < SIGNIFICANT:
        verdict = "regression" if found.change < 0 else "improvement"
    return Comparison(
        cell=cell, baseline=baseline, against=against, cases=found.cases,
        before=_mean([sum(runs) / len(runs) for runs in old]),
        after=_mean([sum(runs) / len(runs) for runs in new]),
        change=found.change, low=found.interval.low, high=found.interval.high,
        better=found.better, worse=found.worse, p=found.p, method=found.method, verdict=verdict,
    )  # fmt: skip


def _rate_checks(plan: EvalPlan, results: Sequence[ItemResult]) -> tuple[CheckRate, ...]:
    made: list[CheckRate] = []
    for check in plan.checks:
        found = [c for each in results for c in each.checks if c.name == check.title]
        made.append(
            CheckRate(
                name=check.title, runs=len(found), passed=sum(c.passed for c in found),
                broken=sum(bool(c.broken) for c in found),
            )
        )  # fmt: skip
    return tuple(made)


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values) if values else 0.0


def _percentile(ordered: Sequence[float], share: float) -> float:
    """The nearest-rank percentile."""
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else 0.0


def _sum_known(costs: Sequence[int | None]) -> int | None:
    known = [each for each in costs if each is not None]
    return sum(known) if known else None
