"""OpenAI Responses as the fake server speaks it: what it refuses, and what it streams."""

from __future__ import annotations

import itertools
import re
from typing import Any

from pydantic_core import to_json

from tests.fakes.steps import Fail, Frame, Say, json_text, pieces_of

Json = dict[str, Any]
FIELDS = frozenset(
    {
        "background", "conversation", "include", "input", "instructions", "max_output_tokens",
        "max_tool_calls", "metadata", "model", "parallel_tool_calls", "previous_response_id",
        "prompt", "prompt_cache_key", "prompt_cache_options", "prompt_cache_retention",
        "reasoning", "safety_identifier", "service_tier", "store", "stream", "stream_options",
        "temperature", "text", "tool_choice", "tools", "top_logprobs", "top_p", "truncation",
        "user",
    }
)  # fmt: skip
INCLUDES = frozenset({"reasoning.encrypted_content", "message.output_text.logprobs"})
CONTENT = {
    "user": {"input_text", "input_image", "input_file"},
    "system": {"input_text"},
    "developer": {"input_text"},
    "assistant": {"output_text", "refusal"},
}
NAME = re.compile(r"^[a-zA-Z0-9_-]{1,64}$")


def check(body: Json) -> Fail | None:
    """What the real API would answer 400 to."""
    for name in body:
        if name not in FIELDS:
            return bad(f"Unknown parameter: '{name}'.", "unknown_parameter")
    if not isinstance(body.get("model"), str) or not body["model"]:
        return bad("Missing required parameter: 'model'.", "missing_required_parameter")
    if not body.get("input"):
        return bad("Missing required parameter: 'input'.", "missing_required_parameter")
    if len(body.get("prompt_cache_key") or "") > 64:
        return bad("Invalid 'prompt_cache_key': string too long.", "string_above_max_length")
    for wanted in body.get("include") or ():
        if wanted not in INCLUDES:
            return bad(f"Invalid value: '{wanted}' in include.")
    wanted_format = (body.get("text") or {}).get("format") or {}
    return (
        _check_tools(body.get("tools") or [])
        or _check_format(wanted_format)
        or (_check_input(body) if isinstance(body["input"], list) else None)
    )


def bad(message: str, code: str | None = None) -> Fail:
    return Fail(400, message, code, "invalid_request_error")


def _check_tools(tools: list[Json]) -> Fail | None:
    for i, tool in enumerate(tools):
        if tool.get("type") != "function":
            return bad(f"Invalid value: '{tool.get('type')}' at tools[{i}].type.")
        if unknown := set(tool) - {"type", "name", "description", "parameters", "strict"}:
            return bad(f"Unknown parameter: 'tools[{i}].{unknown.pop()}'.", "unknown_parameter")
        if not NAME.match(tool.get("name") or ""):
            return bad(f"Invalid 'tools[{i}].name': does not match the pattern.")
        if (tool.get("parameters") or {}).get("type") != "object":
            return bad(f"Invalid schema for function '{tool['name']}': type is not 'object'.")
        if tool.get("strict") and (problem := not_strict(tool["parameters"])):
            text = f"Invalid schema for function '{tool['name']}': {problem}"
            return bad(text, "invalid_function_parameters")
    return None


def _check_format(wanted: Json) -> Fail | None:
    if wanted.get("type", "text") == "text":
        return None
    if wanted["type"] != "json_schema" or not wanted.get("name") or not wanted.get("schema"):
        return bad("Missing required parameter: 'text.format.name'.", "missing_required_parameter")
    if wanted.get("strict") and (problem := not_strict(wanted["schema"])):
        return bad(f"Invalid schema for response_format: {problem}", "invalid_json_schema")
    return None


def not_strict(schema: Any, at: str = "()") -> str | None:
    """Why strict mode refuses a schema."""
    if isinstance(schema, list):
        return next((p for s in schema if (p := not_strict(s, at))), None)  # type: ignore[arg-type]
    if not isinstance(schema, dict):
        return None
    for key in ("oneOf", "allOf", "not", "patternProperties", "default", "prefixItems"):
        if key in schema:
            return f"In context={at}, '{key}' is not permitted."
    if schema.get("type") == "object" or "properties" in schema:
        if schema.get("additionalProperties") is not False:
            return f"In context={at}, 'additionalProperties' is required to be supplied and false."
        if set(schema.get("required", ())) != set(schema.get("properties", {})):
            return f"In context={at}, 'required' must list every key in properties."
    inner = [*schema.get("properties", {}).values(), *schema.get("$defs", {}).values()]
    inner += [schema.get("items"), *schema.get("anyOf", ())]
    return not_strict(inner, at)


def _check_input(body: Json) -> Fail | None:
    open_calls: set[str] = set()
    items: list[Json] = body["input"]
    for i, item in enumerate(items):
        kind = item.get("type", "message")
        if kind == "function_call":
            problem = _check_call(item, open_calls, i)
        elif kind == "function_call_output":
            problem = _check_output(item, open_calls, i)
        elif kind == "reasoning":
            following = items[i + 1 : i + 2]
            problem = _check_reasoning(item, following, bool(body.get("store", True)))
        elif kind == "message":
            problem = _check_message(item, i)
        else:
            problem = f"Invalid value: '{kind}' at input[{i}].type."
        if problem:
            return bad(problem)
    if open_calls:
        return bad(f"No tool output found for function call {next(iter(open_calls))}.")
    return None


def _check_call(item: Json, open_calls: set[str], i: int) -> str | None:
    for name in ("call_id", "name", "arguments"):
        if not isinstance(item.get(name), str):
            return f"Missing required parameter: 'input[{i}].{name}'."
    open_calls.add(item["call_id"])
    return None


def _check_output(item: Json, open_calls: set[str], i: int) -> str | None:
    if not isinstance(item.get("output"), str | list):
        return f"Missing required parameter: 'input[{i}].output'."
    if item.get("call_id") not in open_calls:
        return f"No tool call found for function call output with call_id {item.get('call_id')}."
    open_calls.remove(item["call_id"])
    return None


def _check_reasoning(item: Json, following: list[Json], store: bool) -> str | None:
    if not item.get("id") or "summary" not in item:
        return "Missing required parameter: 'summary'."
    if not store and not item.get("encrypted_content"):
        return f"Item with id '{item['id']}' not found: items are not persisted without `store`."
    role = following[0].get("role") if following else "user"
    if role in ("user", "system", "developer"):
        return f"Item '{item['id']}' of type 'reasoning' lacks its required following item."
    return None


def _check_message(item: Json, i: int) -> str | None:
    role = item.get("role")
    if role not in CONTENT:
        return f"Invalid value: '{role}' at input[{i}].role."
    content = item.get("content")
    if isinstance(content, str):
        return None
    if not isinstance(content, list) or not content:
        return f"Missing required parameter: 'input[{i}].content'."
    for part in content:
        if part.get("type") not in CONTENT[role]:
            return f"Invalid value: '{part.get('type')}'. Supported: {sorted(CONTENT[role])}."
        if part["type"] == "input_image" and not (part.get("image_url") or part.get("file_id")):
            return f"Missing required parameter: 'input[{i}].content.image_url'."
    return None


def error_body(fail: Fail) -> Json:
    kinds = {401: "invalid_request_error", 429: "requests", 500: "server_error"}
    codes = {401: "invalid_api_key", 404: "model_not_found", 429: "rate_limit_exceeded"}
    return {
        "error": {
            "message": fail.message,
            "type": fail.type or kinds.get(fail.status, "invalid_request_error"),
            "param": None,
            "code": fail.code or codes.get(fail.status),
        }
    }


_ids = itertools.count(1)


def frames(say: Say, body: Json) -> list[Frame]:
    """The events of one response."""
    number = next(_ids)
    out: list[Frame] = []

    def emit(kind: str, **rest: Any) -> None:
        event = {"type": kind, **rest, "sequence_number": len(out)}
        data = b"event: %b\ndata: %b\n\n" % (kind.encode(), to_json(event))
        out.append(Frame(data, delta=kind.endswith(".delta")))

    base: Json = {
        "id": f"resp_{number}", "object": "response", "created_at": 1700000000, "error": None,
        "incomplete_details": None, "instructions": None, "metadata": {}, "output": [],
        "model": body["model"], "parallel_tool_calls": True, "temperature": 1.0, "top_p": 1.0,
        "tool_choice": "auto", "tools": [], "status": "in_progress", "usage": None,
    }  # fmt: skip
    emit("response.created", response=base)
    emit("response.in_progress", response=base)
    items = _items(say, number)
    for index, item in enumerate(items):
        _emit_item(emit, index, item, say.pieces)
    status = "incomplete" if say.finish else "completed"
    reasons = {"length": "max_output_tokens", "content_filter": "content_filter"}
    last = {**base, "status": status, "output": items, "usage": _usage(say)}
    if say.finish:
        last["incomplete_details"] = {"reason": reasons[say.finish]}
    emit(f"response.{status}", response=last)
    return out


def _items(say: Say, number: int) -> list[Json]:
    items: list[Json] = []
    if say.thinking:
        items.append(
            {
                "type": "reasoning",
                "id": f"rs_{number}",
                "summary": [{"type": "summary_text", "text": say.thinking}],
                "encrypted_content": f"sealed-{number}",
            }
        )
    content: list[Json] = []
    if say.text:
        content.append({"type": "output_text", "text": say.text, "annotations": [], "logprobs": []})
    if say.refusal:
        content.append({"type": "refusal", "refusal": say.refusal})
    if content:
        message = {"type": "message", "id": f"msg_{number}", "role": "assistant"}
        items.append({**message, "status": "completed", "content": content})
    for k, (name, arguments) in enumerate(say.calls):
        ids = {"id": f"fc_{number}_{k}", "call_id": f"call_{number}_{k}"}
        told = {"name": name, "arguments": json_text(arguments), "status": "completed"}
        items.append({"type": "function_call", **ids, **told})
    return items


def _emit_item(emit: Any, index: int, item: Json, pieces: int) -> None:
    at = {"output_index": index, "item_id": item["id"]}
    bare: Json = {**item, "status": "in_progress"}
    if item["type"] == "message":
        emit("response.output_item.added", output_index=index, item={**bare, "content": []})
        for k, part in enumerate(item["content"]):
            kind, key = ("output_text", "text") if "text" in part else ("refusal", "refusal")
            place = {**at, "content_index": k}
            emit("response.content_part.added", **place, part={**part, key: ""})
            for piece in pieces_of(part[key], pieces):
                emit(f"response.{kind}.delta", **place, delta=piece, logprobs=[])
            emit(f"response.{kind}.done", **place, **{key: part[key]})
            emit("response.content_part.done", **place, part=part)
    elif item["type"] == "function_call":
        emit("response.output_item.added", output_index=index, item={**bare, "arguments": ""})
        for piece in pieces_of(item["arguments"], pieces):
            emit("response.function_call_arguments.delta", **at, delta=piece)
        emit("response.function_call_arguments.done", **at, arguments=item["arguments"])
    else:
        emit("response.output_item.added", output_index=index, item={**item, "summary": []})
        for piece in pieces_of(item["summary"][0]["text"], pieces):
            emit("response.reasoning_summary_text.delta", **at, summary_index=0, delta=piece)
    emit("response.output_item.done", output_index=index, item=item)


def _usage(say: Say) -> Json:
    used = say.used
    return {
        "input_tokens": used.input,
        "input_tokens_details": {
            "cached_tokens": used.cached,
            "cache_write_tokens": used.cache_write,
        },
        "output_tokens": used.output,
        "output_tokens_details": {"reasoning_tokens": used.reasoning},
        "total_tokens": used.input + used.output,
    }


def error_frame(fail: Fail) -> Frame:
    code = fail.code or "server_error"
    error = {"code": code, "message": fail.message}
    event = {"type": "response.failed", "response": {"status": "failed", "error": error}}
    return Frame(b"event: response.failed\ndata: %b\n\n" % to_json(event))
