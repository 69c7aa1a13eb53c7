"""What users print is readable: events, decisions, reports, statuses, errors."""

from __future__ import annotations

import typing

import pytest

from harness.contracts import event as e
from harness.contracts.effect import UndoReport, UndoStep
from harness.contracts.errors import RunNotFound, RunUnfinished, ToolFailed
from harness.contracts.event_line import LINES, SHOWN
from harness.contracts.message import Message, Text, ToolCall
from harness.contracts.model import Usage
from harness.contracts.run import Pending, RunState, RunStatus, Totals
from harness.contracts.verdicts import Decision
from harness.contracts.whatif import SourceOutcome, WhatIfReport

CALL = {"to": "Ann", "amount": 80}


def event(kind: type[e.EventBase], **fields: object) -> e.EventBase:
    return kind.model_validate({"run": "r", "at": 0, "trace": "t", **fields})


def test_every_event_has_a_line() -> None:
    kinds = typing.get_args(typing.get_args(e.Event)[0])
    assert {kind.model_fields["type"].default for kind in kinds} == LINES.keys()


@pytest.mark.parametrize(
    ("made", "line"),
    [
        (
            event(e.RunStarted, agent="a", model="offline/demo", prompt="Hi\nthere"),
            "run_started a on offline/demo: Hi\\nthere",
        ),
        (
            event(e.ToolCallRequested, turn=1, call=ToolCall(id="c", name="pay", arguments=CALL)),
            'tool_call_requested turn 1 pay(to="Ann", amount=80)',
        ),
        (
            event(
                e.ToolCallFinished, turn=1, call_id="c", name="pay", content="paid", ok=True,
                attempts=1,
            ),
            "tool_call_finished turn 1 pay ok: paid",
        ),
        (
            event(
                e.ModelReplied, turn=2, call=0, model="m", usage=Usage(), ms=1, attempts=1,
                head="h", message=Message(role="assistant", parts=(Text(text="Done."),)),
            ),
            "model_replied turn 2 Done.",
        ),
        (
            event(
                e.DecisionRequested, id="c", turn=1, need="approval", question="over 50",
                tool="pay", arguments=CALL,
            ),
            'decision_requested turn 1 c: pay(to="Ann", amount=80): over 50',
        ),
        (
            event(e.DecisionMade, id="c", verdict="reject", need="approval", by="me", note="no"),
            "decision_made c: rejected by me: no",
        ),
        (
            event(e.RunEnded, state=RunState.ABORTED, output="Half", reason="enough"),
            "run_ended aborted (enough): Half",
        ),
        (
            event(e.OutputDelta, turn=1, call=0, attempt=1, offset=0, text="A"),
            "output_delta turn 1 A",
        ),
    ],
)  # fmt: skip
def test_an_event_is_one_line(made: e.EventBase, line: str) -> None:
    assert str(made) == line


def test_the_line_of_an_event_is_short_and_cannot_move_the_cursor() -> None:
    line = str(event(e.HintReceived, text="\x1b[2J\u202e" + "x" * 500, interrupt=False))
    assert line.startswith("hint_received <U+001B>[2J<U+202E>xxx")
    assert len(line) < SHOWN + 80


def test_a_pending_call_shows_all_of_its_arguments() -> None:
    long = {"text": "x" * 5_000}
    pending = Pending(
        id="c", need="approval", turn=1, tool="send", arguments=long, question="Send?", since=0
    )
    assert "x" * 5_000 in str(pending)
    status = RunStatus(
        run="r", agent="a", state=RunState.WAITING, turn=1, doing="waiting", model="m",
        totals=Totals(), pending=(pending,),
    )  # fmt: skip
    assert str(status).startswith("r waiting, turn 1: waiting\n  waits for c: send {")
    over = status.model_copy(update={"state": RunState.ABORTED, "reason": "no", "pending": ()})
    assert str(over) == "r aborted (no), turn 1"


def test_decisions_and_reports() -> None:
    assert str(Decision(id="c", verdict="edit", by="me", note="less")) == "c: edited by me: less"
    unknown = Decision(id="c", verdict="answer", need="outcome")
    assert str(unknown) == "c: marked as happened"
    done = UndoStep(call="c2", turn=2, tool="w", title="w(a)", state="undone", said="removed")
    obstacle = ToolFailed("It has changed.").info
    stopped = UndoStep(
        call="c1", turn=1, tool="w", title="w(b)", state="stopped", obstacle=obstacle
    )
    report = UndoReport(run="r", to_turn=0, steps=(done, stopped))
    assert str(report).splitlines() == [
        "Undo of r after turn 0:",
        "  turn 2  w(a): undone (removed)",
        "  turn 1  w(b): cannot be undone (It has changed.)",
    ]
    assert str(UndoReport(run="r", steps=())) == "Run r has no effects to undo."
    source = SourceOutcome(source="s", recorded=0, error=RunNotFound("There is no run 's'.").info)
    asked = WhatIfReport(label="l", at=2, changes=("hint: be brief",), sources=(source,))
    assert str(asked).splitlines() == [
        "What if, after turn 2: hint: be brief",
        "0 forks: 0 same, 0 different, 0 failed",
        "  s: 0 same, 0 different, 0 failed: There is no run 's'. [run.not_found] "
        "List the runs: `harness list`.",
    ]


def test_an_error_says_what_to_do_and_its_message_does_not() -> None:
    error = RunNotFound("There is no run 'r' here.")
    assert str(error) == "There is no run 'r' here. [run.not_found] List the runs: `harness list`."
    assert error.message == "There is no run 'r' here."
    assert error.info.message == error.message
    late = RunUnfinished("Run 'r' had not ended after 1 s.")
    assert isinstance(late, TimeoutError)
    assert str(late).startswith("Run 'r' had not ended after 1 s. [run.unfinished] The run")
