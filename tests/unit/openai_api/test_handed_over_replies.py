"""The answer of an agent that took over a conversation is a reply of the run."""

from __future__ import annotations

from typing import Any

from harness.contracts import event as e
from harness.contracts.message import Message, Text
from harness.contracts.model import Usage
from harness.contracts.run import RunState
from harness.openai_api.answer import ReplyReader

BASE: dict[str, Any] = {"run": "r", "at": 0.0, "trace": "t"}


def test_it_follows_the_replies_before_it() -> None:
    reader = ReplyReader()
    said = Message(role="assistant", parts=(Text(text="One moment."),))
    for event in (
        e.ModelCalled(**BASE, turn=1, call=0, model="m", messages=()),
        e.ModelReplied(
            **BASE,
            turn=1,
            call=0,
            model="m",
            message=said,
            usage=Usage(),
            head="h",
            ms=1,
            attempts=1,
        ),
        e.ChildEnded(**BASE, child="tool", state=RunState.COMPLETED),
        e.ChildEnded(**BASE, child="clerk", state=RunState.COMPLETED, answer="Four."),
    ):
        reader.take(event)
    assert [(each.number, each.text, each.final) for each in reader.replies] == [
        (1, "One moment.", True),
        (2, "Four.", True),
    ]
