"""Mistral's form of Chat Completions. Pure."""

from __future__ import annotations

import re
from hashlib import blake2b
from typing import Any

from harness.contracts.model import ModelRequest
from harness.providers.adapter import Json, Where
from harness.providers.chat import chat_wire
from harness.providers.chat.chat_wire import ChatFold, Dialect
from harness.providers.received import note_hidden

DIALECT = Dialect(usage_option=False)
_ID = re.compile(r"[a-zA-Z0-9]{9}")
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def body_of(request: ModelRequest, where: Where) -> Json:
    """Build the body of POST /v1/chat/completions."""
    body = chat_wire.body_of(request, where, DIALECT)
    messages: list[Json] = []
    for message in body["messages"]:
        if message["role"] == "user" and messages and messages[-1]["role"] == "tool":
            # Mistral refuses a user's message right after a result.
            messages.append({"role": "assistant", "content": "OK."})
        messages.append(_convert_message(message))
    if messages and messages[-1]["role"] == "assistant":
        messages[-1]["prefix"] = True  # otherwise it refuses to go on from there
    body["messages"] = messages
    return body


def _convert_message(message: Json) -> Json:
    if message["role"] == "tool":
        return {**message, "tool_call_id": short_id(message["tool_call_id"])}
    if "tool_calls" in message:
        calls: list[Json] = message["tool_calls"]
        message = {**message, "tool_calls": [{**it, "id": short_id(it["id"])} for it in calls]}
    if thought := message.pop("thinking", None):
        said: list[Json] = [{"type": "thinking", "thinking": [{"type": "text", "text": thought}]}]
        if signature := message.pop("signature", None):
            said[0]["signature"] = signature
        if text := message["content"]:
            said.append({"type": "text", "text": text})
        message["content"] = said
    return message


def short_id(id: str) -> str:
    """Return the id of a call in Mistral's form, nine letters or digits: another provider may have
    made it."""
    if _ID.fullmatch(id):
        return id
    number = int.from_bytes(blake2b(id.encode("utf-8", "replace"), digest_size=8).digest(), "big")
    return "".join(_DIGITS[number // 36**place % 36] for place in range(9))


class MistralFold(ChatFold):
    """Folds the chunks of one completion, whose content can have thoughts beside text."""

    def _add_delta(self, delta: Json) -> bool:
        content: Any = delta.get("content")
        thought = False
        for part in content if isinstance(content, list) else ():  # pyright: ignore[reportUnknownVariableType]
            thought = self._add_thought(part) or thought  # pyright: ignore[reportUnknownArgumentType]
        return super()._add_delta(delta) or thought

    def _add_thought(self, part: Json) -> bool:
        if part.get("type") != "thinking":
            return False
        pieces = [each["text"] for each in part["thinking"] if each.get("text")]
        for piece in pieces:
            self._add_piece(self._thought.setdefault("thinking", []), piece)
            note_hidden(len(piece))
        if signature := part.get("signature"):
            self._thought.setdefault("thinking", [])
            self._add_piece(self._thought.setdefault("signature", []), signature)
        return bool(pieces)
