"""Chat Completions, as defined by OpenAI and spoken by many others. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from harness.contracts.errors import ModelRefused, ProviderServerError
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
from harness.contracts.model import FinishReason, ModelReply, ModelRequest, Usage
from harness.providers import errors
from harness.providers.adapter import Json, Sink, Where
from harness.providers.figures import read_count, read_figures
from harness.providers.limits import PART, Room
from harness.providers.received import note_hidden
from harness.providers.schema import strict_ready
from harness.providers.stream import parse_object
from harness.providers.translate import (
    Memo,
    arguments_text,
    chat_tools,
    file_note,
    image_url,
    read_arguments,
)

_tools: Memo[list[Json]] = Memo()


@dataclass(frozen=True)
class Dialect:
    """How servers differ. The default suits most of them."""

    max_tokens: str = "max_tokens"
    usage_option: bool = True
    """Whether usage must be requested; Mistral answers 422 to that, and sends it anyway."""


def dialect_of(base_url: str) -> Dialect:
    if "api.openai.com" in base_url:
        return Dialect(max_tokens="max_completion_tokens")
    if "mistral.ai" in base_url:
        return Dialect(usage_option=False)
    return Dialect()


def body_of(request: ModelRequest, where: Where, dialect: Dialect) -> Json:
    """Build the body of POST /chat/completions."""
    body: Json = {
        "model": request.model,
        "messages": messages_of(request, where),
        "stream": True,
    }
    if dialect.usage_option:
        body["stream_options"] = {"include_usage": True}
    if request.tools:
        body["tools"] = _tools.get_or_make(request.tools, chat_tools)
    params = request.params
    if request.output is not None:
        strict = strict_ready(request.output)
        wanted = {"name": "output", "schema": request.output, "strict": strict}
        body["response_format"] = {"type": "json_schema", "json_schema": wanted}
    if params.reasoning_effort is not None:
        body["reasoning_effort"] = params.reasoning_effort
    if params.temperature is not None:
        body["temperature"] = params.temperature
    if params.top_p is not None:
        body["top_p"] = params.top_p
    if params.max_output_tokens is not None:
        body[dialect.max_tokens] = params.max_output_tokens
    if params.stop is not None:
        body["stop"] = list(params.stop)
    if params.extra:
        body |= params.extra
    return body


def messages_of(request: ModelRequest, where: Where) -> list[Json]:
    made: list[Json] = []
    if request.instructions:
        made.append({"role": "system", "content": request.instructions})
    for message in request.messages:
        if message.role == "user":
            made.append({"role": "user", "content": _user_content(message.parts, where)})
        elif message.role == "tool":
            made += (
                {"role": "tool", "tool_call_id": part.call, "content": part.content}
                for part in message.parts
                if isinstance(part, ToolResult)
            )
        elif said := _assistant_message(message.parts, where):
            made.append(said)
    return made


def _user_content(parts: tuple[Part, ...], where: Where) -> str | list[Json]:
    if len(parts) == 1 and isinstance(parts[0], Text):
        return parts[0].text
    content: list[Json] = []
    for part in parts:
        if isinstance(part, Text):
            content.append({"type": "text", "text": part.text})
        elif isinstance(part, Image):
            content.append({"type": "image_url", "image_url": {"url": image_url(part, where)}})
        elif isinstance(part, FileRef):
            content.append({"type": "text", "text": file_note(part)})
    return content


def _assistant_message(parts: tuple[Part, ...], where: Where) -> Json | None:
    text = "".join(part.text for part in parts if isinstance(part, Text))
    kept: Json = {}
    for part in parts:
        if isinstance(part, Reasoning) and part.opaque and part.provider == where.provider:
            kept |= part.opaque
    extras: Json = kept.pop("calls", {})
    calls = [_tool_call(part, extras) for part in parts if isinstance(part, ToolCall)]
    if not text and not calls:
        return None
    said: Json = {"role": "assistant", "content": text or None}
    if calls:
        # Reasoning is expected back between a call and its result; some reject it elsewhere.
        said |= {"tool_calls": calls, **kept}
    return said


def _tool_call(part: ToolCall, extras: Json) -> Json:
    call: Json = {
        "id": part.id,
        "type": "function",
        "function": {"name": part.name, "arguments": arguments_text(part)},
    }
    if part.id in extras:
        call["extra_content"] = extras[part.id]
    return call


@dataclass
class _Call:
    id: str
    name: str
    arguments: list[str]
    extra: Any = None


_LENGTH = ("length", "model_length", "max_tokens")
"""Finish reasons of an answer that reached its limit."""


class ChatFold:
    """Folds the chunks of one completion."""

    def __init__(self, sink: Sink, where: Where) -> None:
        self.done = False
        self.over = False
        self._sink = sink
        self._where = where
        self._id = "0"
        self._model = where.model
        self._room = Room(where)
        self._text: list[str] = []
        self._refusal: list[str] = []
        self._thought: dict[str, list[str]] = {}
        self._calls: list[_Call] = []
        self._at: dict[int, _Call] = {}
        self._finish: str | None = None
        self._usage: Json = {}

    def feed(self, event: bytes, data: bytes) -> bool:
        if data.startswith(b"[DONE]"):
            self.over = True
            return True
        value = parse_object(data)
        if value.get("error") or event == b"error":
            raise errors.error_of_event(value, self._where)
        self._read_metadata(value)
        moved = False
        for choice in value.get("choices") or ():
            moved = self._add_delta(choice.get("delta") or {}) or moved
            if reason := choice.get("finish_reason"):
                moved = moved or not self.done
                self._finish = reason
                self.done = True
        return moved

    def take(self, answer: Json) -> None:
        self._read_metadata(answer)
        choice = answer["choices"][0]
        self._add_delta(choice["message"])
        self._finish = choice["finish_reason"]
        self.done = bool(self._finish)

    def _read_metadata(self, value: Json) -> None:
        usage = read_figures(value.get("usage")) or read_figures(
            read_figures(value.get("x_groq")).get("usage")
        )
        self._usage = usage or self._usage
        self._id = value.get("id") or self._id
        self._model = value.get("model") or self._model

    def _add_delta(self, delta: Json) -> bool:
        """Add a delta; returns whether it has content."""
        pieces = _text_pieces(delta.get("content") or "")
        for piece in pieces:
            self._add_piece(self._text, piece)
            self._sink(piece)
        calls = delta.get("tool_calls") or ()
        for call in calls:
            self._add_call_delta(call)
        if refusal := delta.get("refusal"):
            self._add_piece(self._refusal, refusal)
        thought = False
        for field in ("reasoning_content", "reasoning"):
            if isinstance(said := delta.get(field), str) and said:
                self._add_piece(self._thought.setdefault(field, []), said)
                note_hidden(0 if thought else len(said))  # both fields have the same text
                thought = True
        return thought or bool(pieces or calls or refusal)

    def _add_piece(self, pieces: list[str], piece: str) -> None:
        self._room.take_characters(len(piece))
        pieces.append(piece)

    def _add_call_delta(self, delta: Json) -> None:
        index: int = delta.get("index") or 0
        function: Json = delta.get("function") or {}
        call = self._at.get(index)
        new_id = delta.get("id")
        # Some servers number every call 0: a new id with a name still is a new call.
        if call is None or (new_id and new_id != call.id and function.get("name")):
            made = new_id or f"call_{self._id}_{len(self._calls)}"
            call = self._at[index] = _Call(made, "", [])
            self._room.take_characters(PART)
            self._calls.append(call)
        if not call.name:
            call.name = function.get("name") or ""
        arguments = function.get("arguments")
        if isinstance(arguments, dict):  # Ollama's own habit
            arguments = arguments_text(ToolCall(id="", name="", arguments=arguments))  # pyright: ignore[reportUnknownArgumentType]
        if arguments:
            self._add_piece(call.arguments, arguments)
            note_hidden(len(arguments))
        call.extra = delta.get("extra_content") or call.extra

    def count(self) -> Usage:
        return usage_of(self._usage)

    def reply(self, request_id: str | None) -> ModelReply:
        if self._refusal or self._finish == "content_filter":
            told = "".join(self._refusal) or "stopped by the content filter"
            raise errors.make_error(ModelRefused, told, self._where)
        if self._finish == "error":
            raise errors.make_error(
                ProviderServerError, "the provider ended the answer with an error", self._where
            )
        parts = self._make_parts()
        finish: FinishReason = "tool_calls" if self._calls else "stop"
        if self._finish in _LENGTH:
            finish = "length"
        return ModelReply(
            message=Message(role="assistant", parts=tuple(parts)),
            usage=usage_of(self._usage),
            finish=finish,
            model=self._model,
            request_id=request_id or self._id,
        )

    def _make_parts(self) -> list[Part]:
        parts: list[Part] = []
        opaque: Json = {field: "".join(pieces) for field, pieces in self._thought.items()}
        shown = next(iter(opaque.values()), None)
        if extras := {call.id: call.extra for call in self._calls if call.extra}:
            opaque["calls"] = extras
        if opaque:
            parts.append(Reasoning(provider=self._where.provider, text=shown, opaque=opaque))
        if text := "".join(self._text):
            parts.append(Text(text=text))
        for call in self._calls:
            cut = self._finish in _LENGTH and call is self._calls[-1]
            arguments = read_arguments("".join(call.arguments), cut=cut)
            parts.append(ToolCall(id=call.id, name=call.name, arguments=arguments))
        return parts


def _text_pieces(content: str | list[Json]) -> list[str]:
    """Return the text pieces; Mistral's thinking models send typed parts instead of text."""
    if isinstance(content, str):
        return [content] if content else []
    return [part["text"] for part in content if part.get("type") == "text" and part.get("text")]


def usage_of(usage: Json) -> Usage:
    into, out = "prompt_tokens_details", "completion_tokens_details"
    return Usage(
        input=read_count(usage, "prompt_tokens") or 0,
        output=read_count(usage, "completion_tokens") or 0,
        cached=read_count(usage, into, "cached_tokens")
        or read_count(usage, "prompt_cache_hit_tokens"),
        cache_write=read_count(usage, into, "cache_write_tokens"),
        reasoning=read_count(usage, out, "reasoning_tokens"),
    )
