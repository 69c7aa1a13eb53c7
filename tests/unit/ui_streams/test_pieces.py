"""What a user interface is shown of a run's events, and how each protocol says it."""

from __future__ import annotations

import functools
from typing import Any

import pytest
from ag_ui.core import Event as AgUiEvent
from ag_ui_validate.pytest_plugin import assert_valid_agui
from pydantic import TypeAdapter

from harness.contracts import event as e
from harness.contracts.errors import ErrorInfo, InvalidRequest
from harness.contracts.message import Message, Text, ToolCall
from harness.contracts.model import Usage
from harness.contracts.run import RunState
from harness.runs.holds import Hold
from harness.ui_streams.ag_ui import describe_end, describe_piece
from harness.ui_streams.ag_ui_input import AgUiAnswer, read_reply
from harness.ui_streams.pieces import (
    Piece,
    PieceReader,
    StepBegun,
    StepEnded,
    TextAdded,
    TextBegun,
    TextEnded,
    TextReplaced,
    ToolCalled,
    ToolEnded,
)
from harness.ui_streams.questions import list_questions

EVENTS: TypeAdapter[list[Any]] = TypeAdapter(list[AgUiEvent])
BASE: dict[str, Any] = {"run": "c.1", "at": 0.0, "trace": "t"}
CALL = ToolCall(id="call_1", name="add", arguments={"a": 1})
DEEP: dict[str, Any] = functools.reduce(lambda inner, _: {"a": inner}, range(900), {})
AT = e.Cursor(run_id="x", event_id=9)


def called(turn: int = 1, call: int = 1) -> e.ModelCalled:
    return e.ModelCalled(**BASE, turn=turn, call=call, model="m", messages=())


def delta(text: str) -> e.OutputDelta:
    return e.OutputDelta(**BASE, turn=1, call=1, attempt=1, offset=0, text=text)


def replied(text: str, *calls: ToolCall) -> e.ModelReplied:
    message = Message(role="assistant", parts=(Text(text=text), *calls))
    return e.ModelReplied(
        **BASE, turn=1, call=1, model="m", message=message, usage=Usage(), ms=1, attempts=1,
        head="h",
    )  # fmt: skip


RESET = e.OutputReset(**BASE, turn=1, call=1, attempt=2)
GAP = e.OutputGap(**BASE, turn=1, call=1, attempt=1, offset=5)
REQUESTED = e.ToolCallRequested(**BASE, turn=1, call=CALL)
FINISHED = e.ToolCallFinished(
    **BASE, turn=1, call_id="call_1", name="add", content="2", ok=True, attempts=1
)


def asked(need: Any, id: str = "call_1", tool: str | None = "add") -> e.DecisionRequested:
    return e.DecisionRequested(**BASE, id=id, turn=1, need=need, question="Really?", tool=tool)


def read(*events: e.Event) -> list[Piece]:
    reader = PieceReader("c.1")
    found = [piece for event in events for piece in reader.take(event)]
    return [*found, *reader.end()]


def test_a_turn_with_a_tool() -> None:
    events = (called(), delta("I "), delta("add."), replied("I add.", CALL), REQUESTED, FINISHED)
    assert read(*events, called(2)) == [
        StepBegun(),
        TextBegun("c.1/1.1"),
        TextAdded("c.1/1.1", "I "),
        TextAdded("c.1/1.1", "add."),
        TextEnded("c.1/1.1"),
        ToolCalled("c.1/1/call_1", "c.1/1.1", "add", {"a": 1}),
        ToolEnded("c.1/1/call_1", "2", ok=True, refused=False),
        StepEnded(),
        StepBegun(),
        StepEnded(),
    ]


def test_the_answer_of_an_agent_that_took_over() -> None:
    answer = e.ChildEnded(**BASE, child="c.2", state=RunState.COMPLETED, answer="Four.")
    assert read(called(), replied("", CALL), REQUESTED, FINISHED, answer)[-5:] == [
        StepBegun(),
        TextBegun("c.1/c.2"),
        TextAdded("c.1/c.2", "Four."),
        TextEnded("c.1/c.2"),
        StepEnded(),
    ]


def test_without_live_text_the_pieces_have_the_same_ids() -> None:
    assert read(called(), replied("Hello.")) == read(called(), delta("Hello."), replied("Hello."))


@pytest.mark.parametrize(
    ("between", "sent"),
    [
        ((delta("He"), RESET, delta("Hello")), "Hello."),
        ((delta("He"), GAP, delta("o.")), "Hello."),
        ((delta("Bye"), RESET, delta("He")), None),
    ],
)
def test_attempts(between: tuple[e.Event, ...], sent: str | None) -> None:
    pieces = read(called(), *between, replied("Hello."))
    if sent is None:
        assert TextReplaced("c.1/1.1", "Hello.") in pieces
    else:
        assert "".join(each.text for each in pieces if isinstance(each, TextAdded)) == sent
    assert pieces[-2:] == [TextEnded("c.1/1.1"), StepEnded()]


def ag_ui(pieces: list[Piece], last: Hold | e.RunEnded) -> list[dict[str, Any]]:
    ids = {"threadId": "t", "runId": "r"}
    events: list[dict[str, Any]] = [{"type": "RUN_STARTED", **ids}]
    for piece in pieces:
        events += [{"type": kind, **fields} for kind, fields in describe_piece(piece)]
    kind, fields = describe_end(1, last)
    events.append({"type": kind, **({} if kind == "RUN_ERROR" else ids), **fields})
    EVENTS.validate_python(events)
    assert_valid_agui(events, max_warnings=0)
    return events


def ended(state: RunState, **more: Any) -> e.RunEnded:
    return e.RunEnded(**BASE, state=state, output="", **more)


FAILED = ErrorInfo(code="model.refused", message="It refused.", fix="", retryable=False)


@pytest.mark.parametrize(
    ("last", "kind", "outcome"),
    [
        (ended(RunState.COMPLETED, data={"a": 1}), "RUN_FINISHED", "success"),
        (ended(RunState.ABORTED, reason="enough"), "RUN_FINISHED", "cancelled"),
        (ended(RunState.FAILED, error=FAILED), "RUN_ERROR", None),
    ],
)
def test_the_ends_of_ag_ui(last: e.RunEnded, kind: str, outcome: str | None) -> None:
    pieces = read(called(), delta("Bye"), RESET, replied("I add.", CALL), REQUESTED, FINISHED)
    event = ag_ui(pieces, last)[-1]
    assert (event["type"], event.get("outcome", {}).get("type")) == (kind, outcome)


def test_the_interrupts_of_ag_ui() -> None:
    needs = ("approval", "answer", "outcome")
    waiting = (*(asked(need) for need in needs), asked("budget", "budget", None))
    hold = Hold("c.1", AT, RunState.PAUSED, waiting, ())
    event = ag_ui(read(called(), replied("", CALL), REQUESTED), hold)[-1]
    found = event["outcome"]["interrupts"]
    assert [each["reason"] for each in found] == [
        "tool_call", "answer", "outcome", "budget", "paused",
    ]  # fmt: skip
    assert found[0]["id"] == "1/x/9/0/call_1" and found[-1]["id"] == "1/x/9/0/"
    assert [each.get("toolCallId") for each in found][2:4] == ["c.1/1/call_1", None]


@pytest.mark.parametrize("payload", [DEEP, "\ud800", {"editedArgs": DEEP}, {"note": 1}, 7, {}])
def test_replies_that_are_refused(payload: Any) -> None:
    hold = Hold("c.1", AT, RunState.WAITING, (asked("approval"),), ())
    [question] = list_questions(1, hold)
    answer = AgUiAnswer(interruptId=question.id, status="resolved", payload=payload)
    with pytest.raises(InvalidRequest):
        read_reply(answer, question).said()


@pytest.mark.parametrize(
    ("status", "payload", "verdict"),
    [
        ("resolved", True, "approve"),
        ("resolved", {"approved": True, "editedArgs": {"a": 2}}, "edit"),
        ("resolved", {"approved": False, "note": "no"}, "reject"),
        ("resolved", "42", "answer"),
        ("resolved", {"verdict": "approve"}, "approve"),
        ("cancelled", None, "reject"),
    ],
)
def test_replies_to_an_interrupt(status: Any, payload: Any, verdict: str) -> None:
    hold = Hold("c.1", AT, RunState.WAITING, (asked("approval"),), ())
    [question] = list_questions(1, hold)
    answer = AgUiAnswer(interruptId=question.id, status=status, payload=payload)
    assert read_reply(answer, question).said()["verdict"] == verdict
