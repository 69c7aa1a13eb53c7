"""Made-up runs, told event by event."""

from __future__ import annotations

from typing import Any

from harness.contracts import event as e
from harness.contracts.message import Message, Text, ToolCall, ToolResult, tool_results
from harness.contracts.model import Usage


class Story:
    """Events of a made-up run, a second apart."""

    def __init__(self, run: str = "r", **started: Any) -> None:
        self.run, self.run_id, self.number = run, f"{run}-1", 0
        self.events: list[Any] = []
        self.add(e.RunStarted, agent="a", model="m/x", prompt="go", **started)

    def add(self, kind: type[Any], **fields: Any) -> Any:
        self.number += 1
        cursor = e.Cursor(run_id=self.run_id, event_id=self.number)
        at = float(len(self.events))
        event = kind(run=self.run, at=at, trace="t", cursor=cursor, **fields)
        self.events.append(event)
        return event

    def ask(self, turn: int, *messages: Message, head: str | None = None, call: int = 0) -> Story:
        self.add(e.ModelCalled, turn=turn, call=call, model="m/x", messages=messages, head=head)
        return self

    def reply(self, turn: int, text: str = "", *calls: ToolCall) -> Story:
        parts = ((Text(text=text),) if text else ()) + calls
        fields = {"model": "m/x", "usage": Usage(input=1, output=1), "ms": 5.0, "attempts": 1}
        said = Message(role="assistant", parts=parts)
        self.add(e.ModelReplied, turn=turn, call=0, message=said, head=f"h{turn}", **fields)
        return self

    def result(self, turn: int, id: str, text: str) -> Story:
        fields = {"name": "look", "content": text, "ok": True, "attempts": 1, "ms": 500.0}
        self.add(e.ToolCallFinished, turn=turn, call_id=id, **fields)
        return self

    def branch(self, at: int) -> Story:
        before, self.run_id, self.number = self.run_id, f"{self.run_id}b", at - 1
        self.add(e.Branched, from_run_id=before, to_run_id=self.run_id, reason="again")
        return self


LOOK = ToolCall(id="c1", name="look", arguments={})
FOUND = tool_results((ToolResult(call="c1", name="look", content="rain"),))
