"""Reports, with hostile content in each format."""

from __future__ import annotations

import json
from typing import Any
from xml.etree import ElementTree

import pytest

from harness.contracts.errors import EvalNotComparable
from harness.evals.contracts import Case, EvalPlan, ItemResult, name_run
from harness.evals.inspect_log import write_inspect_log
from harness.evals.junit import write_junit
from harness.evals.report import (
    EvalReport,
    compare_with_baseline,
    compare_with_recorded,
    report_cell,
)
from harness.terminal.page.eval_page import eval_page_html
from tests.fakes.evaluating import plan, result

NASTY = "</script><script>alert(1)</script>\x00\x1b[31m\u202e]]>&\"'\ud800<img src=x>"


def report(made: EvalPlan, results: list[ItemResult], **more: Any) -> EvalReport:
    fields: dict[str, Any] = {
        "eval": "eval-1",
        "name": made.name,
        "state": "done",
        "created": 0.0,
        "cases": made.cases,
        "repeats": made.repeats,
        "items": made.items,
        "done": len(results),
        "failing": tuple(r for r in results if not r.passed),
        "cells": (report_cell(made, 0, results),),
    }
    return EvalReport(**{**fields, **more})


def test_every_case_runs_once_before_any_is_repeated() -> None:
    made = plan(cases=3, repeats=2, cells=plan().cells * 2)
    places = [made.place(number) for number in range(made.items)]
    assert len(set(places)) == 12
    assert {case for case, _, repeat in places[:6] if repeat == 0} == {0, 1, 2}
    names = {name_run(made, "eval-1", number) for number in range(made.items)}
    assert len(names) == 12
    assert name_run(made, "eval-2", 0) not in names


def test_a_cell() -> None:
    made = plan(repeats=2)
    results = [result("a", True), result("a", False), result("b", True), result("b", True)]
    cell = report_cell(made, 0, results)
    assert (cell.passed, cell.runs, cell.cases, cell.rate) == (3, 4, 2, 0.75)
    assert (cell.pass_hat, cell.tokens, cell.seconds_p95) == (0.5, 40, 1.0)


def test_faults() -> None:
    results = [result("a", True), result("b", False)]
    assert report(plan(), results).faults == ()
    [fault] = report(plan(), results, threshold=0.9).faults
    assert "50.0% is below 90.0%" in fault
    assert report(plan(), results[:1], state="stopped").faults


def test_a_regression_against_a_baseline() -> None:
    made = plan(cases=8)
    before = [result(str(n), True) for n in range(8)]
    after = [result(str(n), n == 0) for n in range(8)]
    [found] = compare_with_baseline(made, after, "eval-0", made, before)
    assert (found.verdict, found.worse, found.method) == ("regression", 7, "McNemar's exact test")
    assert report(made, after, comparisons=(found,)).faults
    [same] = compare_with_baseline(made, before, "eval-0", made, before)
    assert same.verdict == "no difference"
    with pytest.raises(EvalNotComparable):
        compare_with_baseline(made, after, "eval-0", made, [result("x", True)])


def test_recorded_runs_are_the_baseline_of_a_replay() -> None:
    results = [result(str(n), False, was_passed=True) for n in range(6)]
    [found] = compare_with_recorded(plan(cases=6, replay=True), results)
    assert (found.before, found.after, found.verdict) == (1.0, 0.0, "regression")


def test_hostile_content_is_escaped() -> None:
    made = plan(name=NASTY)
    results = [result(NASTY, False, output=NASTY, tools=(NASTY,)), result("b", True)]
    page = eval_page_html(report(made, results))
    assert "<script" not in page
    assert "<img" not in page
    assert "default-src 'none'" in page
    assert not any(each in page for each in "\x00\x1b\u202e\ud800")
    junit = write_junit(made, results)
    assert not any(each in junit for each in "\x00\x1b\u202e\ud800")
    assert "&lt;U+202E&gt;" in junit
    tree = ElementTree.fromstring(junit)
    assert [len(suite) for suite in tree] == [2]
    cases = {NASTY: Case(id=NASTY, input=NASTY), "b": Case(id="b", input="?")}
    written = write_inspect_log(report(made, results), made, 0, results, cases)
    assert written.isascii()  # JSON escapes the rest, and readers get it back
    log = json.loads(written)
    assert [each["scores"]["passed"]["value"] for each in log["samples"]] == ["I", "C"]
