"""The work item: three additions with a tool, then one sentence: 4 model calls, 3 tool calls."""

from __future__ import annotations

from typing import Any

SYSTEM = (
    "You are a careful arithmetic assistant. Use the add tool for every addition, one call at a "
    "time, and never guess. Explain nothing while you work; when all additions are finished, "
    "answer with one short sentence. "
) * 4
"""About 800 characters: agents have instructions, and they are paid for in every call."""
PROMPT = "Add 0+1, then 1+2, then 2+3, using the tool each time, and tell me when you are done."
FINAL = "The running total is complete: all three additions were carried out."
ROUNDS = 3
MODEL = "fake-model"
PARAMETERS: dict[str, Any] = {
    "type": "object",
    "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}},
    "required": ["a", "b"],
    "additionalProperties": False,
}
_FUNCTION = {"name": "add", "description": "Add two integers.", "parameters": PARAMETERS}
ADD_CHAT: dict[str, Any] = {"type": "function", "function": {**_FUNCTION, "strict": True}}
ADD_RESPONSES: dict[str, Any] = {"type": "function", **_FUNCTION, "strict": True}
