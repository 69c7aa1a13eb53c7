"""Checks that take for ever: they are cut off, and the loop goes on meanwhile."""

from __future__ import annotations

from typing import Any

import pytest

from harness.evals.checks import Json, Pattern
from harness.evals.contracts import CheckResult
from harness.evals.score import MAX_OUTPUT, score_check
from tests.fakes.evaluating import observed
from tests.fakes.loop_lag import Cost, measure

ENOUGH = Cost(50, 200)
BOMB = "(a+)+$"
HOSTILE: dict[str, tuple[Any, str]] = {
    "a pattern that backtracks": (Pattern(kind="pattern", pattern=BOMB), "a" * 60 + "b"),
    "a schema that backtracks": (Json(kind="json", fits={"pattern": BOMB}), f'"{"a" * 60}b"'),
    "a schema that refers to itself": (Json(kind="json", fits={"$ref": "#"}), "1"),
    "a wrong pattern": (Pattern(kind="pattern", pattern="("), "a"),
    "a deep pattern": (Pattern(kind="pattern", pattern="(" * 9_000), "a"),
    "a schema that is none": (Json(kind="json", fits={"type": 7}), "1"),
    "a remote schema": (Json(kind="json", fits={"$ref": "http://127.0.0.1:9/x"}), "1"),
    "a deep answer": (Json(kind="json", fits={}), "[" * 200_000 + "]" * 200_000),
    "a large answer": (Json(kind="json", path="a"), "[" + "1," * (MAX_OUTPUT // 2) + "1]"),
}


@pytest.mark.parametrize("name", HOSTILE)
async def test_hostile_checks(name: str) -> None:
    check, output = HOSTILE[name]
    found: list[CheckResult] = []

    async def make() -> None:
        found.append(await score_check(check, observed(output)))

    cost = await measure(make, ENOUGH)
    assert not found[-1].passed
    assert len(found[-1].detail) <= 500
    assert cost.lag_ms <= ENOUGH.lag_ms, cost
