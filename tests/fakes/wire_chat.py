"""Chat Completions as the fake server speaks it: what it refuses, and what it streams."""

from __future__ import annotations

import itertools
from typing import Any

from pydantic_core import to_json

from tests.fakes.steps import Fail, Frame, Say, json_text, pieces_of
from tests.fakes.wire_responses import NAME, bad, error_body, not_strict

__all__ = ["check", "error_body", "error_frame", "frames"]

Json = dict[str, Any]
FIELDS = frozenset(
    {
        "model", "messages", "stream", "stream_options", "tools", "tool_choice",
        "parallel_tool_calls", "response_format", "temperature", "top_p", "max_tokens",
        "max_completion_tokens", "stop", "reasoning_effort", "seed", "user", "n", "logprobs",
        "top_logprobs", "presence_penalty", "frequency_penalty", "logit_bias", "metadata", "store",
    }
)  # fmt: skip
PARTS = {
    "user": {"text", "image_url", "file", "input_audio"},
    "system": {"text"},
    "developer": {"text"},
    "assistant": {"text", "refusal"},
    "tool": {"text"},
}


def check(body: Json) -> Fail | None:
    """What the real API would answer 400 to."""
    for name in body:
        if name not in FIELDS:
            return bad(f"Unrecognized request argument supplied: {name}")
    if not body.get("model"):
        return bad("you must provide a model parameter")
    if not body.get("messages"):
        return bad("Invalid 'messages': empty array. Expected an array with minimum length 1.")
    if body.get("stream_options") and not body.get("stream"):
        return bad("The 'stream_options' parameter is only allowed when 'stream' is enabled.")
    return _check_tools(body) or _check_format(body) or _check_messages(body["messages"])


def _check_tools(body: Json) -> Fail | None:
    if body.get("tools") == []:
        return bad("Invalid 'tools': empty array. Expected an array with minimum length 1.")
    for i, tool in enumerate(body.get("tools") or ()):
        function = tool.get("function") or {}
        if tool.get("type") != "function" or not NAME.match(function.get("name") or ""):
            return bad(f"Missing required parameter: 'tools[{i}].function.name'.")
        if function.get("strict") and (problem := not_strict(function.get("parameters"))):
            return bad(f"Invalid schema for function '{function['name']}': {problem}")
    return None


def _check_format(body: Json) -> Fail | None:
    wanted: Json = body.get("response_format") or {}
    if wanted.get("type") != "json_schema":
        return None
    schema: Json = wanted.get("json_schema") or {}
    if not schema.get("name"):
        return bad("Missing required parameter: 'response_format.json_schema.name'.")
    if schema.get("strict") and (problem := not_strict(schema.get("schema"))):
        return bad(f"Invalid schema for response_format 'output': {problem}")
    return None


def _check_messages(messages: list[Json]) -> Fail | None:
    waiting: list[str] = []
    for i, message in enumerate(messages):
        role = message.get("role")
        if role not in PARTS:
            return bad(f"Invalid value: '{role}' at messages[{i}].role.")
        if role == "tool":
            if message.get("tool_call_id") not in waiting:
                return bad(
                    "messages with role 'tool' must be a response to a preceding message with "
                    "'tool_calls'."
                )
            waiting.remove(message["tool_call_id"])
        elif waiting:
            return bad(
                "An assistant message with 'tool_calls' must be followed by tool messages "
                f"responding to each 'tool_call_id': {', '.join(waiting)}"
            )
        if problem := _check_content(message, role, i):
            return bad(problem)
        waiting = waiting if role == "tool" else [c["id"] for c in message.get("tool_calls") or ()]
    if waiting:
        return bad("An assistant message with 'tool_calls' must be followed by tool messages.")
    return None


def _check_content(message: Json, role: str, i: int) -> str | None:
    content = message.get("content")
    if content is None:
        if role == "assistant" and message.get("tool_calls"):
            return None
        return f"Invalid value for 'content': expected a string, got null at messages[{i}]."
    for part in content if isinstance(content, list) else ():
        if part.get("type") not in PARTS[role]:
            return f"Invalid value: '{part.get('type')}' at messages[{i}].content."
    for call in message.get("tool_calls") or ():
        if not isinstance(call["function"]["arguments"], str):
            return f"Invalid type for messages[{i}].tool_calls.function.arguments."
    return None


_ids = itertools.count(1)


def frames(say: Say, body: Json) -> list[Frame]:
    """The chunks of one completion."""
    number = next(_ids)
    out: list[Frame] = []
    base: Json = {
        "id": f"chatcmpl-{number}", "object": "chat.completion.chunk", "created": 1700000000,
        "model": body["model"],
    }  # fmt: skip

    def emit(delta: Json, finish: str | None = None) -> None:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        data = b"data: %b\n\n" % to_json({**base, "choices": [choice]})
        out.append(Frame(data, delta=bool(delta) and "role" not in delta))

    emit({"role": "assistant", "content": None if say.calls and not say.text else ""})
    for piece in pieces_of(say.thinking, say.pieces):
        emit({"reasoning_content": piece})
    for piece in pieces_of(say.text, say.pieces):
        emit({"content": piece})
    for piece in pieces_of(say.refusal, say.pieces):
        emit({"refusal": piece})
    for k, (name, arguments) in enumerate(say.calls):
        call = {"index": k, "id": f"call_{number}_{k}", "type": "function"}
        emit({"tool_calls": [{**call, "function": {"name": name, "arguments": ""}}]})
        for piece in pieces_of(json_text(arguments), say.pieces):
            emit({"tool_calls": [{"index": k, "function": {"arguments": piece}}]})
    emit({}, say.finish or ("tool_calls" if say.calls else "stop"))
    if (body.get("stream_options") or {}).get("include_usage"):
        out.append(Frame(b"data: %b\n\n" % to_json({**base, "choices": [], "usage": _usage(say)})))
    out.append(Frame(b"data: [DONE]\n\n"))
    return out


def _usage(say: Say) -> Json:
    used = say.used
    return {
        "prompt_tokens": used.input,
        "completion_tokens": used.output,
        "total_tokens": used.input + used.output,
        "prompt_tokens_details": {
            "cached_tokens": used.cached,
            "cache_write_tokens": used.cache_write,
        },
        "completion_tokens_details": {"reasoning_tokens": used.reasoning},
    }


def error_frame(fail: Fail) -> Frame:
    return Frame(b"data: %b\n\n" % to_json(error_body(fail)))
