"""What a comparison of runs ignores: times, places and ids, which differ in every run."""

from __future__ import annotations

from typing import Any

import pytest

from harness.contracts import event as e
from harness.contracts.errors import ErrorInfo
from harness.contracts.event_base import Worker
from harness.contracts.message import Image, Message, Reasoning, Text, ToolCall, ToolResult
from harness.contracts.model import Interrupted, Usage
from harness.contracts.run import RunState, Totals
from harness.contracts.steering import Decided
from harness.journal.diff import compare_runs
from tests.unit.stories import LOOK, Story

CURSOR = e.Cursor(run_id="other", event_id=99)
WORKER = Worker(name="bob@host/1")


def all_kinds() -> dict[str, Any]:
    """One event of each kind that is compared, by its type."""
    story = Story()
    story.ask(1, Message(role="user", parts=(Text(text="go"),)))
    story.reply(1, "I look.", LOOK).result(1, "c1", "rain")
    refused = ErrorInfo(code="model.refused", message="no", fix="", retryable=False)
    story.add(e.ModelFailed, turn=1, call=0, attempts=1, error=refused)
    story.add(e.DecisionMade, id="d1", verdict="approve", by="ann")
    story.add(e.HintReceived, text="hurry", interrupt=False, by="ann")
    story.add(e.BudgetReached, budget="turns")
    story.add(e.RunEnded, state="completed", output="done", head="h1")
    return {each.type: each for each in story.events}


def count_differences(one: Any, **changes: Any) -> int:
    return len(compare_runs([one], [one.model_copy(update=changes)]).rows)


IGNORED: list[tuple[str, dict[str, Any]]] = [
    *((kind, {"run": "f"}) for kind in all_kinds() if kind != "run_started"),
    ("hint_received", {"at": 77.0}),
    ("hint_received", {"trace": "u"}),
    ("hint_received", {"cursor": CURSOR}),
    ("hint_received", {"by": "bob"}),
    ("model_called", {"call": 1}),
    ("model_called", {"head": "h9"}),
    ("model_called", {"turn": 9}),
    ("model_replied", {"queued_ms": 9.0}),
    ("model_replied", {"first_ms": 9.0}),
    ("model_replied", {"ms": 9.0}),
    ("model_replied", {"attempts": 9}),
    ("model_replied", {"last_failure": "timeout"}),
    ("model_replied", {"recovered": True}),
    ("model_replied", {"cut": Interrupted(attempts=1, usage=Usage(input=1, output=1))}),
    ("model_replied", {"worker": WORKER}),
    ("model_replied", {"usage": Usage(input=9, output=9)}),
    ("model_replied", {"cost_micros": 9}),
    ("tool_call_finished", {"call_id": "c9"}),
    ("tool_call_finished", {"played": True}),
    ("decision_made", {"id": "d9"}),
    ("run_ended", {"totals": Totals()}),
]


@pytest.mark.parametrize(("kind", "changes"), IGNORED, ids=lambda value: str(value)[:40])
def test_when_where_and_how_fast_is_ignored(kind: str, changes: dict[str, Any]) -> None:
    assert count_differences(all_kinds()[kind], **changes) == 0


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        ("model_called", {"model": "m/y"}),
        ("model_called", {"messages": ()}),
        ("model_replied", {"model": "m/y"}),
        ("model_replied", {"message": Message(role="assistant", parts=(Text(text="No."),))}),
        ("model_replied", {"interrupted": True}),
        ("model_replied", {"truncated": True}),
        ("model_failed", {"error": None}),
        ("tool_call_finished", {"content": "snow"}),
        ("tool_call_finished", {"ok": False}),
        ("tool_call_finished", {"artifact": "a1"}),
        ("tool_call_finished", {"unrun": True}),
        ("decision_made", {"verdict": "reject"}),
        ("decision_made", {"note": "no"}),
        ("hint_received", {"text": "slow"}),
        ("hint_received", {"interrupt": True}),
        ("budget_reached", {"budget": "tokens"}),
        ("run_ended", {"state": RunState.FAILED}),
        ("run_ended", {"output": "failed"}),
        ("run_ended", {"data": 1}),
        ("run_ended", {"reason": "aborted"}),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_happened_is_compared(kind: str, changes: dict[str, Any]) -> None:
    assert count_differences(all_kinds()[kind], **changes) == 1


def test_who_decided_is_ignored_and_the_decision_is_compared() -> None:
    finished = all_kinds()["tool_call_finished"]
    ann = Decided(need="approval", verdict="approve", by="ann")
    decided = finished.model_copy(update={"decided": ann})
    assert count_differences(decided, decided=ann.model_copy(update={"by": "bob"})) == 0
    assert count_differences(decided, decided=ann.model_copy(update={"note": "no"})) == 1


@pytest.mark.parametrize(
    ("one", "other", "differences"),
    [
        (LOOK, LOOK.model_copy(update={"id": "c9"}), 0),
        (LOOK, LOOK.model_copy(update={"name": "send"}), 1),
        (LOOK, ToolCall(id="c1", name="look", arguments={"at": 1}), 1),
        (Reasoning(provider="p", opaque={"a": 1}), Reasoning(provider="p", opaque={"a": 2}), 0),
        (Reasoning(provider="p", text="a"), Reasoning(provider="p", text="b"), 1),
        (Image(artifact="a1"), Image(artifact="a2"), 0),
        (Image(url="a1"), Image(url="a2"), 1),
    ],
)
def test_ids_within_a_reply_are_ignored(one: Any, other: Any, differences: int) -> None:
    replied = all_kinds()["model_replied"].model_copy(
        update={"message": Message(role="assistant", parts=(one,))}
    )
    changed = Message(role="assistant", parts=(other,))
    assert count_differences(replied, message=changed) == differences


def test_ids_within_what_the_model_reads_are_ignored() -> None:
    result = ToolResult(call="c1", name="look", content="rain", artifact="a1")
    called = all_kinds()["model_called"]

    def read(part: ToolResult) -> dict[str, Any]:
        return {"messages": (Message(role="tool", parts=(part,)),)}

    first = called.model_copy(update=read(result))
    moved = result.model_copy(update={"call": "c9", "artifact": "a9"})
    assert count_differences(first, **read(moved)) == 0
    assert count_differences(first, **read(result.model_copy(update={"content": "snow"}))) == 1
