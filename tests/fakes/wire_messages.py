"""Anthropic Messages as the fake server speaks it: what it refuses, and what it streams."""

from __future__ import annotations

import itertools
import re
from typing import Any

from pydantic_core import to_json

from tests.fakes.steps import Fail, Frame, Say, json_text, pieces_of

Json = dict[str, Any]
FIELDS = frozenset(
    {
        "model", "max_tokens", "messages", "system", "stream", "tools", "tool_choice", "thinking",
        "output_config", "temperature", "top_p", "top_k", "stop_sequences", "metadata",
        "service_tier", "cache_control", "container", "inference_geo",
    }
)  # fmt: skip
BLOCKS = {
    "user": {"text", "image", "document", "tool_result"},
    "assistant": {"text", "thinking", "redacted_thinking", "tool_use"},
}
ID = re.compile(r"^[a-zA-Z0-9_-]+$")
NAME = re.compile(r"^[a-zA-Z0-9_-]{1,128}$")


def check(body: Json) -> Fail | None:
    """What the real API would answer 400 to."""
    for name in body:
        if name not in FIELDS:
            return bad(f"{name}: Extra inputs are not permitted")
    for name in ("model", "max_tokens", "messages"):
        if name not in body:
            return bad(f"{name}: Field required")
    if not isinstance(body["max_tokens"], int) or body["max_tokens"] < 1:
        return bad("max_tokens: must be greater than or equal to 1")
    problem = (
        _check_thinking(body)
        or _check_tools(body)
        or _check_marks(body)
        or _check_turns(body["messages"], bool(body.get("tools")))
    )
    return bad(problem) if problem else None


def bad(message: str) -> Fail:
    return Fail(400, message, type="invalid_request_error")


def _check_thinking(body: Json) -> str | None:
    thinking: Json = body.get("thinking") or {}
    if thinking.get("type") == "enabled":
        budget = thinking.get("budget_tokens", 0)
        if budget < 1024:
            return "thinking.budget_tokens: must be at least 1024"
        if budget >= body["max_tokens"]:
            return "`max_tokens` must be greater than `thinking.budget_tokens`."
    if thinking and body.get("temperature", 1) != 1:
        return "`temperature` may only be set to 1 when thinking is enabled."
    return None


def _check_tools(body: Json) -> str | None:
    for i, tool in enumerate(body.get("tools") or ()):
        if not NAME.match(tool.get("name") or ""):
            return f"tools.{i}.custom.name: String should match pattern"
        if (tool.get("input_schema") or {}).get("type") != "object":
            return f"tools.{i}.custom.input_schema.type: Field required"
        allowed = {"name", "description", "input_schema", "cache_control", "strict", "type"}
        if extra := set(tool) - allowed:
            return f"tools.{i}.custom.{extra.pop()}: Extra inputs are not permitted"
    if body.get("tool_choice") and not body.get("tools"):
        return "tool_choice: may only be specified while providing tools"
    schema: Json = ((body.get("output_config") or {}).get("format") or {}).get("schema") or {}
    return _check_schema(schema)


def _check_schema(schema: Any) -> str | None:
    if isinstance(schema, list):
        return next((p for s in schema if (p := _check_schema(s))), None)
    if not isinstance(schema, dict):
        return None
    if schema.get("type") == "object" and schema.get("additionalProperties") is not False:
        return "output_format.schema: For 'object' type, 'additionalProperties' must be false"
    for key in ("minimum", "maximum", "minLength", "maxLength", "multipleOf"):
        if key in schema:
            return f"output_format.schema: property '{key}' is not supported"
    inner = [*schema.get("properties", {}).values(), *schema.get("$defs", {}).values()]
    return _check_schema([*inner, schema.get("items"), *schema.get("anyOf", ())])


def _check_marks(body: Json) -> str | None:
    blocks = list(body.get("tools") or ())
    blocks += body["system"] if isinstance(body.get("system"), list) else []
    for message in body["messages"]:
        blocks += message["content"] if isinstance(message.get("content"), list) else []
    marked = [block for block in blocks if block.get("cache_control")]
    if len(marked) > 4:
        return f"A maximum of 4 blocks with cache_control may be provided. Found {len(marked)}."
    for block in marked:
        if block.get("type") in ("thinking", "redacted_thinking"):
            return "cache_control: not permitted on thinking blocks"
    return None


def _check_turns(messages: list[Json], tools: bool) -> str | None:
    if not messages:
        return "messages: at least one message is required"
    if messages[0].get("role") != "user":
        return 'messages: first message must use the "user" role'
    waiting: set[str] = set()
    for i, message in enumerate(messages):
        role = message.get("role")
        if role not in BLOCKS:
            return f"messages.{i}.role: Input should be 'user' or 'assistant'"
        content = message.get("content")
        blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
        if not blocks:
            return f"messages.{i}: all messages must have non-empty content"
        if problem := _check_blocks(blocks, role, i) or _check_results(blocks, waiting, i):
            return problem
        waiting = {block["id"] for block in blocks if block["type"] == "tool_use"}
        if waiting and not tools:
            return "Requests which include `tool_use` blocks must define tools"
    if waiting:
        return "`tool_use` ids were found without `tool_result` blocks immediately after"
    return None


def _check_blocks(blocks: list[Json], role: str, i: int) -> str | None:
    for block in blocks:
        kind = block.get("type")
        if kind not in BLOCKS[role]:
            return f"messages.{i}.content: Input tag '{kind}' is not allowed for role {role}"
        if kind == "text" and not block["text"].strip():
            return f"messages.{i}: text content blocks must contain non-whitespace text"
        if kind == "thinking" and not block.get("signature"):
            return f"messages.{i}.content: thinking.signature: Field required"
        if kind == "tool_use" and not (ID.match(block["id"]) and isinstance(block["input"], dict)):
            return f"messages.{i}.content: tool_use.input: Input should be a valid dictionary"
        if kind == "image" and block["source"]["type"] not in ("base64", "url"):
            return f"messages.{i}.content: image.source: not supported"
    if blocks[-1]["type"] in ("thinking", "redacted_thinking"):
        return f"messages.{i}: The final block in an assistant message cannot be `thinking`."
    return None


def _check_results(blocks: list[Json], waiting: set[str], i: int) -> str | None:
    """The turn after calls begins with their results, all of them and no others."""
    given = [block["tool_use_id"] for block in blocks if block["type"] == "tool_result"]
    first = [block["type"] == "tool_result" for block in blocks[: len(given)]]
    if set(given) - waiting:
        return f"messages.{i}: unexpected `tool_use_id` found in `tool_result` blocks"
    if waiting - set(given) or not all(first):
        return f"messages.{i}: `tool_use` ids without `tool_result` blocks immediately after"
    return None


def error_body(fail: Fail) -> Json:
    kinds = {
        400: "invalid_request_error", 401: "authentication_error", 402: "billing_error",
        403: "permission_error", 404: "not_found_error", 413: "request_too_large",
        429: "rate_limit_error", 504: "timeout_error", 529: "overloaded_error",
    }  # fmt: skip
    kind = fail.type or fail.code or kinds.get(fail.status, "api_error")
    return {"type": "error", "error": {"type": kind, "message": fail.message}, "request_id": "req"}


_ids = itertools.count(1)


def frames(say: Say, body: Json) -> list[Frame]:
    """The events of one message."""
    number = next(_ids)
    out: list[Frame] = []

    def emit(kind: str, **rest: Any) -> None:
        data = b"event: %b\ndata: %b\n\n" % (kind.encode(), to_json({"type": kind, **rest}))
        out.append(Frame(data, delta=kind == "content_block_delta"))

    used = say.used
    plain = used.input - used.cached - used.cache_write
    usage: Json = {
        "input_tokens": plain,
        "cache_creation_input_tokens": used.cache_write,
        "cache_read_input_tokens": used.cached,
        "output_tokens": 1,
    }
    message = {
        "id": f"msg_{number}", "type": "message", "role": "assistant", "model": body["model"],
        "content": [], "stop_reason": None, "stop_sequence": None, "usage": usage,
    }  # fmt: skip
    emit("message_start", message=message)
    emit("ping")
    for index, (block, deltas) in enumerate(_blocks(say, number)):
        emit("content_block_start", index=index, content_block=block)
        for delta in deltas:
            emit("content_block_delta", index=index, delta=delta)
        emit("content_block_stop", index=index)
    stop = "tool_use" if say.calls else "end_turn"
    if say.finish or say.refusal:
        stop = "max_tokens" if say.finish == "length" else "refusal"
    last: Json = {"output_tokens": used.output}
    if used.reasoning:
        last["output_tokens_details"] = {"thinking_tokens": used.reasoning}
    emit("message_delta", delta={"stop_reason": stop, "stop_sequence": None}, usage=last)
    emit("message_stop")
    return out


def _blocks(say: Say, number: int) -> list[tuple[Json, list[Json]]]:
    made: list[tuple[Json, list[Json]]] = []
    if say.thinking:
        deltas: list[Json] = [
            {"type": "thinking_delta", "thinking": piece}
            for piece in pieces_of(say.thinking, say.pieces)
        ]
        deltas.append({"type": "signature_delta", "signature": f"sealed-{number}"})
        made.append(({"type": "thinking", "thinking": "", "signature": ""}, deltas))
    if text := say.text + say.refusal:
        deltas = [{"type": "text_delta", "text": piece} for piece in pieces_of(text, say.pieces)]
        made.append(({"type": "text", "text": ""}, deltas))
    for k, (name, arguments) in enumerate(say.calls):
        pieces = pieces_of(json_text(arguments), say.pieces)
        deltas = [{"type": "input_json_delta", "partial_json": piece} for piece in ["", *pieces]]
        use = {"type": "tool_use", "id": f"toolu_{number}_{k}", "name": name, "input": {}}
        made.append((use, deltas))
    return made


def error_frame(fail: Fail) -> Frame:
    return Frame(b"event: error\ndata: %b\n\n" % to_json(error_body(fail)))
