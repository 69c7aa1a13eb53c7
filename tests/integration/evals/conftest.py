"""Evaluations of one agent, started without a command."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from harness import Agent, Harness
from harness.engine.connection import Connection
from harness.evals import client
from harness.evals.checks import Exact, Judge
from harness.evals.contracts import Case, Cell, EvalPlan
from harness.evals.judge import make_judge
from harness.evals.rows import EvalRow
from harness.runs.published import store_agent
from tests.fakes.runs import eventually
from tests.integration.api.conftest import api as api

Ended = Callable[[str], Awaitable[EvalRow]]


def cases(*inputs: str) -> list[Case]:
    return [Case(id=text, input=text, expected=text) for text in inputs]


async def add(
    connection: Connection, agent: Agent[Any, Any], given: list[Case], **more: Any
) -> str:
    """Add an evaluation of an agent; by default, its answers must equal what is expected."""
    checks = more.pop("checks", (Exact(kind="exact", name="exact"),))
    judges = {
        check.title: await store_agent(connection, make_judge(check, f"{agent.name}-judge"))
        for check in checks
        if isinstance(check, Judge)
    }
    stored = await store_agent(connection, agent)
    fields: dict[str, Any] = {
        "name": agent.name, "cells": (Cell(agent=stored),), "checks": checks, "judges": judges,
        "cases": len(given), "repeats": 1, "concurrency": 2, "by": "tests",
    }  # fmt: skip
    return await client.add_eval(connection, EvalPlan(**{**fields, **more}), given)


@pytest.fixture
def ended(request: pytest.FixtureRequest) -> Ended:
    """Waits for the end of an evaluation."""
    name = "harness" if "harness" in request.fixturenames else "remote"
    served: Harness = request.getfixturevalue(name)

    async def wait(id: str) -> EvalRow:
        return await eventually(
            lambda: client.find_eval(served.connection, id), lambda row: row.state != "running", 45
        )

    return wait
