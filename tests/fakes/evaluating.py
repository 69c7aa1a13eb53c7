"""Outcomes, plans and results for tests of evaluations."""

from __future__ import annotations

from typing import Any

from harness.contracts.published import PublishedAgent
from harness.contracts.run import Budget, RunState
from harness.contracts.whatif import Called, Outcome
from harness.evals.contracts import Case, Cell, CheckResult, EvalPlan, ItemResult
from harness.evals.observed import Observed


def outcome(output: str = "", *tools: str, **more: Any) -> Outcome:
    calls = tuple(Called(turn=1, name=name, arguments={}, how="ran") for name in tools)
    fields: dict[str, Any] = {
        "run": "r",
        "model": "offline/demo",
        "state": RunState.COMPLETED,
        "turns": 2,
        "tokens": 100,
        "seconds": 1.5,
        "cost_micros": 2_000,
    }
    return Outcome(**{**fields, **more}, output=output, calls=calls)


def observed(output: str = "", *tools: str, expected: Any = None, **more: Any) -> Observed:
    effects = {"look": "read", "pay": "irreversible"}
    case = Case(id="c", input="?", expected=expected)
    return Observed(case=case, outcome=outcome(output, *tools, **more), effects=effects)


def plan(**more: Any) -> EvalPlan:
    agent = PublishedAgent(
        name="clerk", spec="sha", models=("offline/demo",), tools={}, budget=Budget()
    )
    fields: dict[str, Any] = {
        "name": "e",
        "cells": (Cell(agent=agent),),
        "checks": (),
        "cases": 2,
        "repeats": 1,
        "concurrency": 1,
        "by": "ann",
    }
    return EvalPlan(**{**fields, **more})


def result(case: str, passed: bool, **more: Any) -> ItemResult:
    checks = (CheckResult(name="exact", passed=passed, score=float(passed), detail="why"),)
    fields: dict[str, Any] = {
        "case": case,
        "cell": 0,
        "repeat": 0,
        "run": f"run-{case}",
        "state": "completed",
        "passed": passed,
        "checks": checks,
        "tokens": 10,
        "seconds": 1.0,
    }
    return ItemResult(**{**fields, **more})
