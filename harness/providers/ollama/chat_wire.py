"""Ollama's chat: convert requests to its JSON, and its lines to replies. Pure."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from harness.contracts.errors import ModelUnsuitable, ProviderProtocolMismatch
from harness.contracts.message import (
    FileRef,
    Image,
    Message,
    Part,
    Reasoning,
    Text,
    ToolCall,
    ToolResult,
)
from harness.contracts.model import FinishReason, ModelParams, ModelReply, ModelRequest, Usage
from harness.providers import errors
from harness.providers.adapter import Json, Sink, Where
from harness.providers.figures import read_count
from harness.providers.limits import PART, Room
from harness.providers.received import note_hidden
from harness.providers.stream import parse_object
from harness.providers.translate import Memo, arguments_object, chat_tools, file_note

_tools: Memo[list[Json]] = Memo()


def body_of(request: ModelRequest, where: Where) -> Json:
    """Build the body of POST /api/chat."""
    body: Json = {
        "model": request.model,
        "messages": messages_of(request, where),
        "stream": True,
    }
    if request.tools:
        body["tools"] = _tools.get_or_make(request.tools, chat_tools)
    if request.output is not None:
        body["format"] = request.output
    params = request.params
    if options := _options_of(params):
        body["options"] = options
    if (effort := params.reasoning_effort) is not None:
        body["think"] = "low" if effort == "minimal" else effort
    if params.extra:
        body |= params.extra
    return body


def _options_of(params: ModelParams) -> Json:
    named = {
        "temperature": params.temperature,
        "top_p": params.top_p,
        "num_predict": params.max_output_tokens,
        "stop": None if params.stop is None else list(params.stop),
    }
    return {key: value for key, value in named.items() if value is not None}


def messages_of(request: ModelRequest, where: Where) -> list[Json]:
    made: list[Json] = []
    if request.instructions:
        made.append({"role": "system", "content": request.instructions})
    for message in request.messages:
        if message.role == "user":
            made.append(_user_message(message.parts, where))
        elif message.role == "tool":
            made += (
                {
                    "role": "tool",
                    "tool_name": part.name,
                    "tool_call_id": part.call,
                    "content": part.content,
                }
                for part in message.parts
                if isinstance(part, ToolResult)
            )
        elif said := _assistant_message(message.parts, where):
            made.append(said)
    return made


def _user_message(parts: tuple[Part, ...], where: Where) -> Json:
    texts: list[str] = []
    images: list[str] = []
    for part in parts:
        if isinstance(part, Text):
            texts.append(part.text)
        elif isinstance(part, FileRef):
            texts.append(file_note(part))
        elif isinstance(part, Image):
            images.append(_image_data(part, where))
    said: Json = {"role": "user", "content": "\n".join(texts)}
    return {**said, "images": images} if images else said


def _image_data(image: Image, where: Where) -> str:
    if image.data is not None:
        return image.data
    told = (
        f"Ollama reads the data of images and no address: {image.url}"
        if image.url is not None
        else f"the content of image {image.artifact} was not loaded"
    )
    raise errors.make_error(ModelUnsuitable, told, where)


def _assistant_message(parts: tuple[Part, ...], where: Where) -> Json | None:
    said: Json = {
        "role": "assistant",
        "content": "".join(part.text for part in parts if isinstance(part, Text)),
    }
    calls = [_tool_call(part) for part in parts if isinstance(part, ToolCall)]
    if calls:
        said["tool_calls"] = calls
        for part in parts:  # expected back between a call and its result
            if isinstance(part, Reasoning) and part.opaque and part.provider == where.provider:
                said |= part.opaque
    return said if said["content"] or calls else None


def _tool_call(part: ToolCall) -> Json:
    return {"id": part.id, "function": {"name": part.name, "arguments": arguments_object(part)}}


class OllamaFold:
    """Folds the lines of one answer."""

    def __init__(self, sink: Sink, where: Where) -> None:
        self.done = False
        self.over = False
        self._sink = sink
        self._where = where
        self._room = Room(where)
        self._begun = False
        self._text: list[str] = []
        self._thought: list[str] = []
        self._calls: list[ToolCall] = []
        self._last: Json = {}

    def feed(self, event: bytes, data: bytes) -> bool:
        del event  # lines have no names
        value = parse_object(data)
        if value.get("error"):
            raise errors.error_of_event(value, self._where)
        if not self._begun and "message" not in value:
            told = f"not an answer of Ollama's chat API: {data[:200].decode('utf-8', 'replace')}"
            raise errors.make_error(ProviderProtocolMismatch, told, self._where)
        self._begun = True
        moved = self._add_message(value.get("message") or {})
        if value.get("done"):
            self._last = value
            self.done = self.over = True
            moved = True
        return moved

    def take(self, answer: Json) -> None:
        """A whole answer is a line like the others."""

    def _add_message(self, message: Json) -> bool:
        text, thought = message.get("content") or "", message.get("thinking") or ""
        if not isinstance(text, str) or not isinstance(thought, str):
            raise TypeError("the content of a message is not text")
        self._room.take_characters(len(text) + len(thought))
        if text:
            self._text.append(text)
            self._sink(text)
        if thought:
            self._thought.append(thought)
            note_hidden(len(thought))
        calls: list[Json] = message.get("tool_calls") or []
        for call in calls:
            self._add_call(call)
        return bool(text or thought or calls)

    def _add_call(self, call: Json) -> None:
        function: Json = call["function"]
        arguments: Any = function.get("arguments") or {}
        if not isinstance(arguments, dict):
            raise ValueError("the arguments of a call are not an object")
        size = len(str(arguments))  # pyright: ignore[reportUnknownArgumentType]
        self._room.take_characters(size + PART)
        note_hidden(size)
        id = call.get("id") or f"call_{uuid4().hex[:12]}"  # older servers name none
        self._calls.append(ToolCall(id=id, name=function["name"], arguments=arguments))  # pyright: ignore[reportUnknownArgumentType]

    def count(self) -> Usage:
        return Usage(
            input=read_count(self._last, "prompt_eval_count") or 0,
            output=read_count(self._last, "eval_count") or 0,
        )

    def reply(self, request_id: str | None) -> ModelReply:
        parts: list[Part] = []
        if thought := "".join(self._thought):
            opaque = {"thinking": thought}
            parts.append(Reasoning(provider=self._where.provider, text=thought, opaque=opaque))
        if text := "".join(self._text):
            parts.append(Text(text=text))
        parts += self._calls
        finish: FinishReason = "tool_calls" if self._calls else "stop"
        if self._last.get("done_reason") == "length":
            finish = "length"
        return ModelReply(
            message=Message(role="assistant", parts=tuple(parts)),
            usage=self.count(),
            finish=finish,
            model=self._last.get("model") or self._where.model,
            request_id=request_id,
        )
