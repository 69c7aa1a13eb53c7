"""Check what came of a run. Patterns and schemas run in a child process, which is killed when they
take too long."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any, cast

from harness.commons.children import Limits, run_in_child
from harness.contracts.clean_text import clean_line, clip_text
from harness.contracts.errors import ToolError
from harness.contracts.run import RunState
from harness.contracts.whatif import call_key
from harness.evals.checks import Check, Contains, Exact, Json, Pattern, Recorded, Trajectory
from harness.evals.contracts import CheckResult
from harness.evals.observed import Observed

LIMITS = Limits(seconds=2.0, memory_mb=512)
MAX_OUTPUT = 1_000_000
"""Characters of an answer that checks read."""
MAX_DETAIL = 500
STEP = re.compile(r"\.?([^.\[\]]+)|\[(-?[0-9]{1,9})\]")


def make_result(
    name: str, passed: bool, detail: str = "", *, score: float | None = None, broken: bool = False
) -> CheckResult:
    """A result whose text is bounded and printable."""
    return CheckResult(
        name=name,
        passed=passed,
        score=float(passed) if score is None else score,
        detail=clip_text(clean_line(detail), MAX_DETAIL),
        broken=True if broken else None,
    )


async def score_check(check: Check, seen: Observed) -> CheckResult:
    """Make one check; not for functions and judges, which run elsewhere."""
    if seen.outcome.state is not RunState.COMPLETED and not isinstance(check, Trajectory):
        error = seen.outcome.error
        why = error.message if error else seen.outcome.reason or ""
        return make_result(check.title, False, f"the run {seen.outcome.state.value}: {why}")
    match check:
        case Exact():
            return _check_exact(check, seen)
        case Contains():
            return _check_contains(check, seen)
        case Pattern():
            return await _check_pattern(check, seen)
        case Json():
            return await _check_json(check, seen)
        case Trajectory():
            return _check_trajectory(check, seen)
        case Recorded():
            return _check_recorded(check, seen)
        case _:
            raise AssertionError(f"{check.kind} is checked elsewhere")


def wanted_text(value: str | None, expected: Any) -> str | None:
    """The text that a check asks for: its own, or what the case expects."""
    if value is not None or expected is None:
        return value
    return expected if isinstance(expected, str) else json.dumps(expected, ensure_ascii=False)


def _answer(seen: Observed) -> str:
    return seen.output[:MAX_OUTPUT]


def _no_expected(name: str) -> CheckResult:
    detail = "the case has no `expected`, and the check no value"
    return make_result(name, False, detail, broken=True)


def _check_exact(check: Exact, seen: Observed) -> CheckResult:
    wanted = wanted_text(check.value, seen.case.expected)
    if wanted is None:
        return _no_expected(check.title)
    if seen.outcome.data is not None:
        try:
            same = seen.outcome.data == json.loads(wanted)
        except (ValueError, RecursionError):
            same = seen.outcome.data == wanted
    else:
        answer, wanted = _answer(seen).strip(), wanted.strip()
        fold = str.casefold if check.ignore_case else str
        same = fold(answer) == fold(wanted)
    return make_result(check.title, same, "" if same else f"expected {wanted}")


def _check_contains(check: Contains, seen: Observed) -> CheckResult:
    wanted = wanted_text(check.value, seen.case.expected)
    if wanted is None:
        return _no_expected(check.title)
    fold = str.casefold if check.ignore_case else str
    found = fold(wanted) in fold(_answer(seen))
    return make_result(check.title, found, "" if found else f"does not contain {wanted}")


async def _check_pattern(check: Pattern, seen: Observed) -> CheckResult:
    pattern = wanted_text(check.pattern, seen.case.expected)
    if pattern is None:
        return _no_expected(check.title)
    try:
        found = await run_in_child(
            "harness_activities.jobs.patterns:search_text",
            _answer(seen).encode(errors="replace"), LIMITS,
            pattern=pattern, ignore_case=bool(check.ignore_case),
        )  # fmt: skip
    except ToolError as error:
        return make_result(check.title, False, error.message, broken=True)
    matches = bool(json.loads(found))
    return make_result(check.title, matches, "" if matches else f"no match of {pattern}")


async def _check_json(check: Json, seen: Observed) -> CheckResult:
    if check.fits is not None:
        asked = json.dumps({"schema": check.fits, "text": _answer(seen)}).encode()
        try:
            found = await run_in_child(
                "harness_activities.jobs.schemas:find_misfits", asked, LIMITS
            )
        except ToolError as error:
            return make_result(check.title, False, error.message, broken=True)
        if problems := json.loads(found):
            return make_result(check.title, False, "; ".join(problems))
    if check.path is None:
        return make_result(check.title, True)
    wanted = seen.case.expected if check.equals is None else check.equals
    try:
        value = find_at(json.loads(_answer(seen)), check.path)
    except (ValueError, RecursionError):
        return make_result(check.title, False, "the answer is not JSON")
    except LookupError as error:
        return make_result(check.title, False, f"{check.path}: {error.args[0]}")
    # True equals 1 in Python, but not in JSON.
    alike = isinstance(value, bool) == isinstance(wanted, bool)
    same = wanted is None or (alike and value == wanted)
    shown = clip_text(json.dumps(value, ensure_ascii=False), 200)
    return make_result(check.title, same, "" if same else f"{check.path} is {shown}")


def find_at(value: Any, path: str) -> Any:
    """The value at a path such as `items[0].id`; LookupError if there is none."""
    at = 1 if path.startswith("$") else 0
    while at < len(path):
        step = STEP.match(path, at)
        if step is None:
            raise LookupError(f"the path is wrong at {path[at:][:40]!r}")
        at, (name, index) = step.end(), step.groups()
        if index is not None:
            items = cast("list[Any]", value) if isinstance(value, list) else []
            if not -len(items) <= int(index) < len(items):
                raise LookupError(f"there is no item {index}")
            value = items[int(index)]
        elif isinstance(value, dict) and name in value:
            value = cast("dict[str, Any]", value)[name]
        else:
            raise LookupError(f"there is no {name!r}")
    return value


def _check_trajectory(check: Trajectory, seen: Observed) -> CheckResult:
    problems = [*_tool_problems(check, seen), *_figure_problems(check, seen)]
    return make_result(check.title, not problems, "; ".join(problems))


def _tool_problems(check: Trajectory, seen: Observed) -> Iterable[str]:
    called, wanted = seen.tools, check.tools
    shown = ", ".join(called) or "nothing"
    if wanted is not None:
        if check.order == "exact" and called != wanted:
            yield f"called {shown}, not {', '.join(wanted) or 'nothing'}"
        elif check.order == "in_order" and not _is_in_order(wanted, called):
            yield f"called {shown}, not {', '.join(wanted)} in this order"
        elif missing := sorted(set(wanted) - set(called)):
            yield f"did not call {', '.join(missing)}"
    if forbidden := sorted(set(check.forbid) & set(called)):
        yield f"called {', '.join(forbidden)}"
    if check.effects is not None:
        effects = {name: seen.effects.get(name, "unknown") for name in called}
        for name, effect in effects.items():
            if effect not in check.effects:
                yield f"called {name}, whose effect is {effect}"


def _is_in_order(wanted: Sequence[str], called: Sequence[str]) -> bool:
    rest = iter(called)
    return all(name in rest for name in wanted)


def _figure_problems(check: Trajectory, seen: Observed) -> Iterable[str]:
    outcome = seen.outcome
    cost = None if outcome.cost_micros is None else outcome.cost_micros / 1e6
    figures: tuple[tuple[str, float | None, float | None], ...] = (
        ("calls", len(outcome.calls), check.max_calls),
        ("turns", outcome.turns, check.max_turns),
        ("tokens", outcome.tokens, check.max_tokens),
        ("US dollars", cost, check.max_cost_usd),
        ("seconds", outcome.seconds, check.max_seconds),
    )
    for what, value, most in figures:
        if most is not None and value is None:
            yield f"its {what} are unknown"
        elif most is not None and value is not None and value > most:
            yield f"{value:g} {what}, more than {most:g}"


def _check_recorded(check: Recorded, seen: Observed) -> CheckResult:
    was, now = seen.recorded, seen.outcome
    if was is None:
        return make_result(check.title, False, "the case is not a recorded run", broken=True)
    if was.data is not None or now.data is not None:
        same = was.data == now.data
    else:
        same = was.output.split() == now.output.split()
    problems = [] if same else ["another answer"]
    if check.calls:
        calls = [[call_key(each.name, each.arguments) for each in of.calls] for of in (was, now)]
        problems += [] if calls[0] == calls[1] else ["other tool calls"]
    return make_result(check.title, not problems, "; ".join(problems))
