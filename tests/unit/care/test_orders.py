"""Texts that give orders are found in whatever form a tool returns them."""

from __future__ import annotations

import json

import pytest

from harness.care.query_views import Curve, LoggedLine, QueryAnswer
from harness.care.repair.agent import care_agent
from harness.care.repair.orders import find_orders
from harness.care.repair.summaries import summarize
from harness.care.telemetry.digest import digest_series
from harness.care.telemetry.series import Point, Series
from harness.contracts.message import Message, ToolResult
from tests.fakes.orders import HARMLESS, ORDERS


def result(content: object) -> list[Message]:
    part = ToolResult(call="c1", name="query_logs", content=str(content))
    return [Message(role="tool", parts=(part,))]


def as_line(text: str) -> object:
    lines = [LoggedLine(at=1.0, labels={}, text=text)]
    return summarize(QueryAnswer(query="x", source="logs", end=1.0, lines=lines))


def as_field(text: str) -> object:
    return as_line(json.dumps({"level": "error", "message": text}))


def as_label(text: str) -> object:
    series = Series({"path": text}, (Point(1.0, 2.0),))
    curve = Curve.of({"path": text}, [(1.0, 2.0)], digest_series(series))
    return summarize(QueryAnswer(query="x", source="metrics", end=1.0, curves=[curve]))


def as_code(text: str) -> object:
    return f"1: import os\n2: # {text}\n"


@pytest.mark.parametrize("name", ORDERS)
def test_orders_are_found_in_lines_labels_and_code(name: str) -> None:
    missed = [form.__name__ for form in FORMS if not find_orders(result(form(ORDERS[name])))]
    assert not missed


FORMS = (as_line, as_field, as_label, as_code)


@pytest.mark.parametrize("text", HARMLESS)
def test_what_logs_say_otherwise_gives_none(text: str) -> None:
    assert not find_orders(result(as_line(text)))


def test_what_reads_from_outside_is_untrusted() -> None:
    trusted = {name for name, each in care_agent.tools.items() if not each.policy.untrusted}
    assert trusted == {
        "list_invariants", "list_files", "note_hypothesis", "edit_file", "propose_change",
        "propose_revert", "propose_runbook", "deploy_change", "restart_subject",
        "read_result",
    }  # fmt: skip
