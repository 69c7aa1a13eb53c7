"""Mistral's chat API as the fake server speaks it."""

from __future__ import annotations

import re
from typing import Any

from pydantic_core import from_json, to_json

from tests.fakes import wire_chat
from tests.fakes.steps import Fail, Frame, Say
from tests.fakes.wire_responses import bad

Json = dict[str, Any]
ID = re.compile(r"[a-zA-Z0-9]{9}")
UNKNOWN = frozenset({"stream_options", "max_completion_tokens", "user", "logit_bias", "store"})


def check(body: Json) -> Fail | None:
    """What the real API would answer 400 or 422 to."""
    if unknown := UNKNOWN & set(body):
        detail = [{"type": "extra_forbidden", "loc": ["body", unknown.pop()], "msg": "Extra"}]
        return Fail(422, body=to_json({"detail": detail}))
    previous = ""
    for message in body.get("messages") or ():
        ids = [call["id"] for call in message.get("tool_calls") or ()]
        ids += [message["tool_call_id"]] if "tool_call_id" in message else []
        if wrong := next((each for each in ids if not ID.fullmatch(each)), None):
            return bad(f"Tool call id was {wrong} but must be a-z, A-Z, 0-9, with a length of 9.")
        if message["role"] == "user" and previous == "tool":
            return bad("Unexpected role 'user' after role 'tool'")
        previous = message["role"]
    if previous == "assistant" and not body["messages"][-1].get("prefix"):
        return bad("Expected last role User or Tool (or Assistant with prefix True) for serving")
    return wire_chat.check({**body, "messages": [_plain(each) for each in body["messages"]]})


def _plain(message: Json) -> Json:
    """A message without its thoughts, which wire_chat does not know."""
    content = message.get("content")
    if not isinstance(content, list) or message["role"] != "assistant":
        return message
    return {**message, "content": [part for part in content if part["type"] != "thinking"] or None}


def frames(say: Say, body: Json) -> list[Frame]:
    """The chunks of one completion: thoughts are typed parts, usage comes with the last chunk."""
    made = wire_chat.frames(say, {**body, "stream_options": {"include_usage": True}})
    usage = from_json(made.pop(-2).data.removeprefix(b"data: "))["usage"]
    return [_convert(frame, usage) for frame in made]


def _convert(frame: Frame, usage: Json) -> Frame:
    text = frame.data.removeprefix(b"data: ").strip()
    if text == b"[DONE]":
        return frame
    value = from_json(text)
    choice = value["choices"][0]
    if thought := choice["delta"].pop("reasoning_content", None):
        part = {"type": "thinking", "thinking": [{"type": "text", "text": thought}]}
        choice["delta"]["content"] = [part]
    for call in choice["delta"].get("tool_calls") or ():
        if "id" in call:
            number = re.sub(r"\D", "", call["id"])
            call["id"] = f"c{number.zfill(8)}"
    if choice["finish_reason"] == "length":
        choice["finish_reason"] = "model_length"
    if choice["finish_reason"]:
        value["usage"] = usage
    return Frame(b"data: %b\n\n" % to_json(value), frame.delta)


def error_body(fail: Fail) -> Json:
    kinds = {401: "authentication_error", 429: "rate_limit_error", 500: "internal_server_error"}
    return {
        "object": "error",
        "message": fail.message,
        "type": fail.type or kinds.get(fail.status, "invalid_request_error"),
        "param": None,
        "code": fail.code,
    }


def error_frame(fail: Fail) -> Frame:
    return Frame(b"data: %b\n\n" % to_json({"error": error_body(fail)}))
