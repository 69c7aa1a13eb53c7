"""Ollama's chat as the fake server speaks it: what it refuses, and the lines that it streams."""

from __future__ import annotations

import itertools
from typing import Any

from pydantic_core import from_json, to_json

from tests.fakes.steps import Fail, Frame, Say, pieces_of

Json = dict[str, Any]
OPTIONS = frozenset({"temperature", "top_p", "num_predict", "stop", "top_k", "seed", "num_ctx"})


def check(body: Json) -> Fail | None:
    """What the real API would answer 400 to. It ignores fields that it does not know."""
    if not body.get("model"):
        return Fail(400, "model is required")
    if unknown := set(body.get("options") or {}) - OPTIONS:
        return Fail(400, f"invalid option provided: {unknown.pop()}")
    if body.get("think") not in (None, True, False, "low", "medium", "high"):
        return Fail(400, f'invalid think value: "{body["think"]}"')
    for message in body.get("messages") or ():
        if message.get("role") not in ("system", "user", "assistant", "tool"):
            return Fail(400, "invalid role")
        if not isinstance(message.get("content", ""), str):
            return Fail(400, "json: cannot unmarshal into Go struct field Message.content")
        for call in message.get("tool_calls") or ():
            if not isinstance(call["function"]["arguments"], dict):
                return Fail(400, "json: cannot unmarshal string into arguments of type map")
    return None


_ids = itertools.count(1)


def frames(say: Say, body: Json) -> list[Frame]:
    """The lines of one answer. Each call is whole."""
    number = next(_ids)
    messages: list[Json] = [
        {"content": "", "thinking": piece} for piece in pieces_of(say.thinking, say.pieces)
    ]
    messages += ({"content": piece} for piece in pieces_of(say.text, say.pieces))
    for k, (name, given) in enumerate(say.calls):
        arguments = from_json(given or "{}") if isinstance(given, str) else given
        function = {"index": k, "name": name, "arguments": arguments}
        call = {"id": f"call_{number}_{k}", "function": function}
        messages.append({"content": "", "tool_calls": [call]})
    begin = _frame(body, {"message": {"content": ""}, "done": False})
    out = [Frame(begin.data), *(_frame(body, {"message": it, "done": False}) for it in messages)]
    last: Json = {"message": {"content": ""}, "done": True}
    last["done_reason"] = "length" if say.finish == "length" else "stop"
    last |= {"prompt_eval_count": say.used.input, "eval_count": say.used.output}
    return [*out, _frame(body, last)]


def _frame(body: Json, value: Json) -> Frame:
    value["message"] = {"role": "assistant", **value["message"]}
    line = {"model": body["model"], "created_at": "2026-01-01T00:00:00Z", **value}
    return Frame(to_json(line) + b"\n", delta=not value["done"])


def error_body(fail: Fail) -> Json:
    return {"error": fail.message}


def error_frame(fail: Fail) -> Frame:
    return Frame(to_json(error_body(fail)) + b"\n")
