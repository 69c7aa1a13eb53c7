"""How the AI SDK's stream says what a run shows, and what is read of its messages."""

from __future__ import annotations

from typing import Any

import pytest

from harness.contracts import event as e
from harness.contracts.errors import BudgetReached, ErrorInfo, InvalidRequest
from harness.contracts.run import RunState
from harness.runs.holds import Hold
from harness.ui_streams.ai_sdk import describe_end, describe_hold, describe_piece
from harness.ui_streams.ai_sdk_input import AiSdkInput, UiMessage, read_replies, read_text
from harness.ui_streams.pieces import ToolEnded
from tests.unit.ui_streams.test_pieces import (
    AT,
    CALL,
    DEEP,
    FINISHED,
    REQUESTED,
    RESET,
    asked,
    called,
    delta,
    ended,
    read,
    replied,
)


def kinds(*events: e.Event) -> list[str]:
    return [part["type"] for piece in read(*events) for part in describe_piece(piece)]


def test_a_step_with_a_tool() -> None:
    assert kinds(called(), delta("I add."), replied("I add.", CALL), REQUESTED, FINISHED) == [
        "start-step", "text-start", "text-delta", "text-end", "tool-input-available",
        "tool-output-available", "finish-step",
    ]  # fmt: skip


def test_a_retry_that_differs_resets_the_step() -> None:
    assert kinds(called(), delta("Bye"), RESET, delta("He"), replied("Hello.")) == [
        "start-step", "text-start", "text-delta", "reset-step", "text-start", "text-delta",
        "text-end", "finish-step",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("ok", "refused", "kind"),
    [(True, False, "available"), (False, False, "error"), (False, True, "denied")],
)
def test_the_ends_of_a_call(ok: bool, refused: bool, kind: str) -> None:
    [part] = describe_piece(ToolEnded("c", "text", ok, refused))
    assert part["type"] == f"tool-output-{kind}"


def test_questions() -> None:
    waiting = (asked("approval"), asked("answer", "call_2"), asked("budget", "budget", None))
    hold = Hold("c.1", AT, RunState.PAUSED, waiting, ())
    approval, question, budget, paused = describe_hold(1, hold)
    assert (approval["type"], approval["approvalId"]) == ("tool-approval-request", "1/x/9/0/call_1")
    assert (question["toolCallId"], question["providerExecuted"]) == ("c.1/1/call_2", False)
    assert [budget["data"]["need"], paused["data"]["need"]] == ["budget", "paused"]
    [finish] = describe_end(1, hold)
    given = UiMessage.model_validate(
        {
            "id": "c.1",
            "role": "assistant",
            "metadata": finish["messageMetadata"],
            "parts": [
                {"type": "dynamic-tool", "toolCallId": "c.1/1/call_1",
                 "state": "approval-responded",
                 "approval": {"id": approval["approvalId"], "approved": False, "reason": "no"}},
                {"type": "dynamic-tool", "toolCallId": "c.1/1/call_2",
                 "state": "output-available", "output": {"color": "blue"}},
                {"type": "dynamic-tool", "toolCallId": "c.1/1/call_0",
                 "state": "output-available", "output": "of the server"},
            ],
        }
    )  # fmt: skip
    replies = {id: reply.said() for id, reply in read_replies(given).items()}
    assert {id.rpartition("/")[2]: said["verdict"] for id, said in replies.items()} == {
        "call_1": "reject", "call_2": "answer",
    }  # fmt: skip
    assert replies["1/x/9/0/call_2"]["answer"] == '{"color":"blue"}'


@pytest.mark.parametrize(
    "metadata",
    [
        None,
        "x",
        {"harness": 1},
        {"harness": {"asked": [1, {"call": 1}]}},
        {"harness": {"asked": {"c": "x"}}},
        {"harness": {}},
    ],
)
def test_a_message_that_replies_to_nothing(metadata: Any) -> None:
    parts = [{"type": "text", "text": "I am the assistant."}]
    given = UiMessage.model_validate(
        {"id": "m", "role": "assistant", "parts": parts, "metadata": metadata}
    )
    with pytest.raises(InvalidRequest, match="replies to nothing"):
        read_replies(given)


@pytest.mark.parametrize("output", ["\ud800", {"a": "\ud800"}, DEEP])
def test_an_output_that_cannot_be_written(output: Any) -> None:
    part = {"type": "dynamic-tool", "toolCallId": "c", "state": "output-available"}
    metadata = {"harness": {"asked": [{"call": "c", "question": "1/x/9/0/call_1"}]}}
    message = {"id": "m", "role": "assistant", "metadata": metadata}
    given = UiMessage.model_validate({**message, "parts": [{**part, "output": output}]})
    with pytest.raises(InvalidRequest):
        read_replies(given)


def test_texts_alone() -> None:
    file = {"type": "file", "mediaType": "image/png", "url": "data:,"}
    with pytest.raises(InvalidRequest, match="'file', not text"):
        read_text(UiMessage.model_validate({"id": "m", "role": "user", "parts": [file]}))
    given = AiSdkInput.model_validate(
        {"id": "c", "messages": [], "trigger": "regenerate-message",
         "message": {"id": "m", "role": "user", "parts": []}}
    )  # fmt: skip
    with pytest.raises(InvalidRequest, match="regenerate"):
        _ = given.last


SPENT = ErrorInfo(code=BudgetReached.code, message="Spent.", fix="", retryable=False)
REFUSED = ErrorInfo(code="model.refused", message="It refused.", fix="", retryable=False)


@pytest.mark.parametrize(
    ("end", "parts"),
    [
        (ended(RunState.COMPLETED), [("finish", "stop")]),
        (ended(RunState.COMPLETED, truncated=True), [("finish", "length")]),
        (ended(RunState.FAILED, error=SPENT), [("finish", "length")]),
        (ended(RunState.FAILED, error=REFUSED), [("error", None), ("finish", "error")]),
        (ended(RunState.ABORTED), [("abort", None)]),
    ],
)
def test_the_ends(end: e.RunEnded, parts: list[tuple[str, str | None]]) -> None:
    told = [(each["type"], each.get("finishReason")) for each in describe_end(1, end)]
    assert told == parts
