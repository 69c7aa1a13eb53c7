"""Checks in Python: they run in the process of the command that loaded them."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from harness.contracts.run import RunState
from harness.evals.checks import Function
from harness.evals.contracts import CheckItem, CheckResult, CodeChecked
from harness.evals.observed import Observed
from harness.evals.run_item import Runner
from harness.evals.score import make_result

Functions = Mapping[str, Callable[[Observed], Any]]
"""The functions of an evaluation, by the title of their check."""
SECONDS = 60.0


async def check_code(runner: Runner, functions: Functions, request: CheckItem) -> CodeChecked:
    """Call the functions of an item's checks, on its run and on the recorded one."""
    item = request.item
    plan, case = await runner.read_item(item)
    seen = await runner.observe(plan, case, item, request.run)
    if item.workspace is not None:
        seen = replace(seen, workspace=Path(item.workspace.root))
    was = replace(seen, outcome=seen.recorded) if seen.recorded else None
    checks = [check for check in plan.checks if isinstance(check, Function)]
    return CodeChecked(
        results=tuple([await _call(check.title, functions, seen) for check in checks]),
        was=tuple([await _call(check.title, functions, was) for check in checks]) if was else (),
    )


async def _call(name: str, functions: Functions, seen: Observed) -> CheckResult:
    if seen.outcome.state is not RunState.COMPLETED:
        return make_result(name, False, f"the run {seen.outcome.state.value}")
    function = functions.get(name)
    if function is None:
        return make_result(name, False, "this process has no such function", broken=True)
    try:
        async with asyncio.timeout(SECONDS):
            if inspect.iscoroutinefunction(function):
                found = await function(seen)
            else:
                found = await asyncio.to_thread(function, seen)
    except TimeoutError:
        return make_result(name, False, f"took longer than {SECONDS:g} s", broken=True)
    except Exception as error:
        return make_result(name, False, f"{type(error).__name__}: {error}", broken=True)
    return read_result(name, found)


def read_result(name: str, found: Any) -> CheckResult:
    """Read what a function returned: a bool, a score, or one of them with a text."""
    value, detail = found, ""
    if isinstance(found, tuple) and len(pair := cast("tuple[Any, ...]", found)) == 2:
        value, detail = pair
    if isinstance(value, bool):
        return make_result(name, value, str(detail))
    if isinstance(value, int | float) and 0 <= value <= 1:
        return make_result(name, value >= 0.5, str(detail), score=float(value))
    text = f"returned {value!r}, neither a bool nor a score from 0 to 1"
    return make_result(name, False, text, broken=True)
