"""The work item of the benches: three additions with a tool, then one sentence."""

from __future__ import annotations

from typing import Any

from tests.fakes.steps import Say

ROUNDS = 3
FINAL = "The running total is complete: all three additions were carried out."
_LAST = Say(text=FINAL, pieces=len(FINAL.split()))


def answer(body: dict[str, Any], delay: float = 0.0) -> Say:
    """What the model says next, by how many results it has been given."""
    names = {tool.get("name") or tool["function"]["name"] for tool in body.get("tools") or ()}
    parks = "approve" in names and "PARK" in str(body.get("input") or body["messages"])
    done = _results(body) - parks
    if done < 0:
        return Say(calls=(("approve", {"what": "the additions"}),), pieces=1)
    if done < ROUNDS and "add" in names:
        return Say(calls=(("add", {"a": done, "b": done + 1}),), pieces=1, delay=delay)
    return Say(text=FINAL, pieces=_LAST.pieces, delay=delay) if delay else _LAST


def _results(body: dict[str, Any]) -> int:
    if "input" in body:
        items = body["input"] if isinstance(body["input"], list) else []
        return sum(item.get("type") == "function_call_output" for item in items)
    count = 0
    for message in body["messages"]:
        if message["role"] == "tool":
            count += 1
        elif isinstance(message["content"], list):
            count += sum(part.get("type") == "tool_result" for part in message["content"])
    return count
