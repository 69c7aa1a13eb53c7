"""Gemini's generateContent as the fake server speaks it: what it refuses, and what it streams."""

from __future__ import annotations

import itertools
from typing import Any

from pydantic_core import from_json, to_json

from tests.fakes.steps import Fail, Frame, Say, pieces_of
from tests.fakes.wire_responses import NAME

Json = dict[str, Any]
FIELDS = frozenset(
    {
        "contents", "systemInstruction", "tools", "toolConfig", "generationConfig",
        "safetySettings", "cachedContent", "labels", "model",
    }
)  # fmt: skip
CONFIG = frozenset(
    {
        "temperature", "topP", "topK", "maxOutputTokens", "stopSequences", "responseMimeType",
        "responseJsonSchema", "responseSchema", "thinkingConfig", "seed", "candidateCount",
    }
)  # fmt: skip
PARTS = ("text", "inlineData", "fileData", "functionCall", "functionResponse")


def check(body: Json) -> Fail | None:
    """What the real API would answer 400 to."""
    if unknown := set(body) - FIELDS:
        return bad(f'Invalid JSON payload received. Unknown name "{unknown.pop()}"')
    config: Json = body.get("generationConfig") or {}
    if unknown := set(config) - CONFIG:
        return bad(f"Unknown name \"{unknown.pop()}\" at 'generation_config'")
    if config.get("responseJsonSchema") and config.get("responseMimeType") != "application/json":
        return bad("responseJsonSchema requires responseMimeType application/json")
    if not body.get("contents"):
        return bad("contents is not specified")
    return _check_tools(body) or _check_contents(body["contents"])


def bad(message: str) -> Fail:
    return Fail(400, message, type="INVALID_ARGUMENT")


def _check_tools(body: Json) -> Fail | None:
    for tool in body.get("tools") or ():
        for function in tool.get("functionDeclarations") or ():
            if not NAME.match(function.get("name") or ""):
                return bad("Invalid function name.")
            if set(function) - {"name", "description", "parameters", "parametersJsonSchema"}:
                return bad(f"Unknown name in function_declarations: {function}")
    return None


def _check_contents(contents: list[Json]) -> Fail | None:
    waiting: list[str] = []
    for content in contents:
        if content.get("role") not in ("user", "model") or not content.get("parts"):
            return bad("Please use a valid role: user, model, with parts.")
        for part in content["parts"]:
            kinds = [kind for kind in PARTS if kind in part]
            if len(kinds) != 1:
                return bad("required oneof field 'data' must have one initialized field")
        answers = [it["functionResponse"] for it in content["parts"] if "functionResponse" in it]
        if len(answers) != len(waiting) and (answers or waiting):
            return bad(
                "Please ensure that the number of function response parts is equal to the number "
                "of function call parts of the function call turn."
            )
        if any(not isinstance(each["response"], dict) for each in answers):
            return bad("Invalid value at 'function_response.response'")
        calls = [part["functionCall"] for part in content["parts"] if "functionCall" in part]
        if any(not isinstance(each["args"], dict) for each in calls):
            return bad("Invalid value at 'function_call.args'")
        waiting = [each["name"] for each in calls]
    return None


_ids = itertools.count(1)
FINISH = {"length": "MAX_TOKENS", "content_filter": "SAFETY", None: "STOP"}


def frames(say: Say, body: Json) -> list[Frame]:
    """The chunks of one answer. Each call is whole: arguments are never cut into pieces."""
    number = next(_ids)
    parts: list[Json] = [
        {"text": piece, "thought": True} for piece in pieces_of(say.thinking, say.pieces)
    ]
    parts += ({"text": piece} for piece in pieces_of(say.text + say.refusal, say.pieces))
    finish = "SAFETY" if say.refusal else FINISH[say.finish]
    for k, (name, given) in enumerate(say.calls):
        arguments = from_json(given or "{}") if isinstance(given, str) and _fits(given) else given
        if not isinstance(arguments, dict):
            finish = "MALFORMED_FUNCTION_CALL"
            continue
        call: Json = {"functionCall": {"id": f"fc{number}x{k}", "name": name, "args": arguments}}
        if say.thinking and k == 0:
            call["thoughtSignature"] = f"sealed-{number}"
        parts.append(call)
    out = [_frame(number, body, say, each) for each in [[], *([part] for part in parts)]]
    out.append(_frame(number, body, say, [], finish))
    return out


def _fits(text: str) -> bool:
    try:
        return not text or isinstance(from_json(text), dict)
    except ValueError:
        return False


def _frame(
    number: int, body: Json, say: Say, parts: list[Json], finish: str | None = None
) -> Frame:
    candidate: Json = {"content": {"role": "model", "parts": parts}, "index": 0}
    value: Json = {"candidates": [candidate], "modelVersion": body["model"]}
    value["responseId"] = f"req_{number}"
    if finish:
        candidate["finishReason"] = finish
        value["usageMetadata"] = _usage(say)
    return Frame(b"data: %b\r\n\r\n" % to_json(value), delta=bool(parts))


def _usage(say: Say) -> Json:
    used = say.used
    return {
        "promptTokenCount": used.input,
        "candidatesTokenCount": used.output - used.reasoning,
        "thoughtsTokenCount": used.reasoning,
        "cachedContentTokenCount": used.cached,
        "totalTokenCount": used.input + used.output,
    }


STATUSES = {
    400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED", 500: "INTERNAL", 503: "UNAVAILABLE", 504: "DEADLINE_EXCEEDED",
    529: "UNAVAILABLE",
}  # fmt: skip


def error_body(fail: Fail) -> Json:
    error: Json = {"code": fail.status, "message": fail.message}
    error["status"] = fail.type or STATUSES.get(fail.status, "UNKNOWN")
    if fail.code:
        kind = "type.googleapis.com/google.rpc.ErrorInfo"
        error["details"] = [{"@type": kind, "reason": fail.code}]
    return {"error": error}


def error_frame(fail: Fail) -> Frame:
    return Frame(b"data: %b\r\n\r\n" % to_json(error_body(fail)))
