"""An evaluation as JUnit XML, for continuous integration. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from xml.sax.saxutils import escape, quoteattr

from harness.contracts.clean_text import clean_text
from harness.evals.contracts import EvalPlan, ItemResult

FORBIDDEN = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot hold, even escaped."""


def write_junit(plan: EvalPlan, results: Sequence[ItemResult]) -> str:
    """A suite for each agent and model, and a test case for each run."""
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', f"<testsuites name={_quote(plan.name)}>"]
    for number, cell in enumerate(plan.cells):
        own = [each for each in results if each.cell == number]
        name = f"{plan.name}: {cell.agent.name} {cell.shown_model}"
        errors = sum(_is_error(each) for each in own)
        failures = sum(not each.passed for each in own) - errors
        seconds = sum(each.seconds for each in own)
        lines.append(
            f'<testsuite name={_quote(name)} tests="{len(own)}" failures="{failures}" '
            f'errors="{errors}" time="{seconds:.3f}">'
        )
        lines += [line for each in own for line in _case_lines(plan, each, name)]
        lines.append("</testsuite>")
    return "\n".join([*lines, "</testsuites>", ""])


def _case_lines(plan: EvalPlan, result: ItemResult, suite: str) -> list[str]:
    title = result.case if plan.repeats == 1 else f"{result.case} #{result.repeat + 1}"
    head = f'<testcase name={_quote(title)} classname={_quote(suite)} time="{result.seconds:.3f}"'
    if result.passed:
        return [f"{head}/>"]
    failed = [f"{each.name}: {each.detail}" for each in result.checks if not each.passed]
    text = "\n".join([*failed, f"run: {result.run}", f"answer: {result.output}"])
    if _is_error(result):
        assert result.error is not None
        kind, message = "error", f"{result.error.message} [{result.error.code}]"
    else:
        kind, message = "failure", failed[0] if failed else "failed"
    return [f"{head}>", f"<{kind} message={_quote(message)}>{_text(text)}</{kind}>", "</testcase>"]


def _is_error(result: ItemResult) -> bool:
    """Whether the run itself failed, rather than its answer."""
    return not result.passed and result.error is not None


def _text(text: str) -> str:
    return escape(FORBIDDEN.sub("�", clean_text(text)))


def _quote(text: str) -> str:
    return quoteattr(FORBIDDEN.sub("�", clean_text(text)))
