"""Anthropic Messages: convert requests to its JSON, and its events to replies. Pure."""

from __future__ import annotations

import re

from harness.contracts.errors import ModelRefused, ModelUnsuitable
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
from harness.contracts.tool import ToolSpec
from harness.providers import errors
from harness.providers.adapter import Json, Sink, Where
from harness.providers.figures import read_count, read_figures
from harness.providers.limits import PART, Room
from harness.providers.received import note_hidden
from harness.providers.stream import parse_object
from harness.providers.translate import Memo, arguments_object, file_note, read_arguments

MAX_TOKENS = 32_000
"""The API requires a limit; every model since Claude 4 accepts this one."""
BUDGETS = {"minimal": 1024, "low": 2048, "medium": 8192, "high": 24_000}
MARK: Json = {"type": "ephemeral"}

_tools: Memo[list[Json]] = Memo()
_VERSION = re.compile(r"claude-(?:[a-z]+-)?(\d)(?:-(\d))?(?!\d)")
_ID = re.compile(r"[^a-zA-Z0-9_-]")


def body_of(request: ModelRequest, where: Where, schema: Json | None) -> Json:
    """Build the body of POST /v1/messages; `schema` is the output's, in the API's form.

    The prompt is marked for caching at its end and after its constant parts: instructions and
    tools.
    """
    params = request.params
    body: Json = {
        "model": request.model,
        "max_tokens": params.max_output_tokens or MAX_TOKENS,
        "messages": turns_of(request.messages, where),
        "stream": True,
    }
    if request.instructions:
        block = {"type": "text", "text": request.instructions, "cache_control": MARK}
        body["system"] = [block]
    tools = request.tools
    if tools:
        body["tools"] = _tools.get_or_make(tools, _tools_of)
    elif named := _declare_called_tools(request.messages):
        # Calls in the conversation need their tools declared, even if no more may be made.
        body["tools"] = named
        body["tool_choice"] = {"type": "none"}
    if schema is not None:
        body["output_config"] = {"format": {"type": "json_schema", "schema": schema}}
    if params.reasoning_effort is not None:
        _add_thinking(body, request.model, params.reasoning_effort)
    if params.temperature is not None:
        body["temperature"] = params.temperature
    if params.top_p is not None:
        body["top_p"] = params.top_p
    if params.stop is not None:
        body["stop_sequences"] = list(params.stop)
    if params.extra:
        body |= params.extra
    return body


def _add_thinking(body: Json, model: str, effort: str) -> None:
    """Configure thinking: models since 4.6 take an effort, older ones a token budget."""
    version = _VERSION.match(model)
    if version and (int(version[1]), int(version[2] or 0)) < (4, 6):
        budget = BUDGETS[effort]
        body["thinking"] = {"type": "enabled", "budget_tokens": budget}
        body["max_tokens"] = max(body["max_tokens"], budget + 4096)
        return
    body["thinking"] = {"type": "adaptive", "display": "summarized"}
    level = "low" if effort == "minimal" else effort
    body["output_config"] = {**body.get("output_config", {}), "effort": level}


def _tools_of(tools: tuple[ToolSpec, ...]) -> list[Json]:
    made: list[Json] = [
        {"name": tool.name, "description": tool.description, "input_schema": tool.parameters}
        for tool in tools
    ]
    made[-1]["cache_control"] = MARK
    return made


def _declare_called_tools(messages: tuple[Message, ...]) -> list[Json]:
    names = {call.name for message in messages for call in message.calls}
    schema = {"type": "object"}
    return [{"name": name, "input_schema": schema} for name in sorted(names)]


def turns_of(messages: tuple[Message, ...], where: Where) -> list[Json]:
    """Convert messages to alternating turns; results come first in the turn after the calls."""
    turns: list[Json] = []
    for message in messages:
        role = "assistant" if message.role == "assistant" else "user"
        blocks = (
            _assistant_blocks(message.parts, where)
            if role == "assistant"
            else _user_blocks(message, where)
        )
        if not blocks:
            continue
        if turns and turns[-1]["role"] == role:
            turns[-1]["content"] += blocks
        else:
            turns.append({"role": role, "content": blocks})
    if turns and turns[-1]["role"] == "user":
        last = turns[-1]["content"]
        last[-1] = {**last[-1], "cache_control": MARK}
    return turns


def _user_blocks(message: Message, where: Where) -> list[Json]:
    blocks: list[Json] = []
    for part in message.parts:
        if isinstance(part, Text):
            if part.text.strip():
                blocks.append({"type": "text", "text": part.text})
        elif isinstance(part, ToolResult):
            block: Json = {"type": "tool_result", "tool_use_id": _clean_id(part.call)}
            if part.content.strip():
                block["content"] = part.content
            if part.error:
                block["is_error"] = True
            blocks.append(block)
        elif isinstance(part, Image):
            blocks.append({"type": "image", "source": _image_source(part, where)})
        elif isinstance(part, FileRef):
            blocks.append({"type": "text", "text": file_note(part)})
    return blocks


def _image_source(image: Image, where: Where) -> Json:
    if image.url is not None:
        return {"type": "url", "url": image.url}
    if image.data is None:
        told = f"the content of image {image.artifact} was not loaded"
        raise errors.make_error(ModelUnsuitable, told, where)
    kind = image.media_type or "image/png"
    return {"type": "base64", "media_type": kind, "data": image.data}


def _assistant_blocks(parts: tuple[Part, ...], where: Where) -> list[Json]:
    blocks: list[Json] = []
    for part in parts:
        if isinstance(part, Text):
            if part.text.strip():
                blocks.append({"type": "text", "text": part.text})
        elif isinstance(part, ToolCall):
            values = arguments_object(part)
            use = {"type": "tool_use", "id": _clean_id(part.id), "name": part.name, "input": values}
            blocks.append(use)
        elif isinstance(part, Reasoning) and part.opaque and part.provider == where.provider:
            blocks.append(part.opaque)
    while blocks and blocks[-1]["type"] in ("thinking", "redacted_thinking"):
        blocks.pop()  # a turn must not end with a thought
    return blocks


def _clean_id(value: str) -> str:
    return _ID.sub("_", value)  # another provider may have made it


class MessagesFold:
    """Folds the events of one message."""

    def __init__(self, sink: Sink, where: Where) -> None:
        self.done = False
        self.over = False
        self._sink = sink
        self._where = where
        self._room = Room(where)
        self._blocks: list[tuple[Json, list[str]]] = []
        self._signatures: list[list[str]] = []
        self._usage: Json = {}
        self._model = where.model
        self._stop: str | None = None

    def feed(self, event: bytes, data: bytes) -> bool:
        if event == b"ping" or event == b"content_block_stop":
            return False
        value = parse_object(data)
        kind = value.get("type")
        if kind == "content_block_delta":
            self._add_delta(value["index"], value["delta"])
        elif kind == "content_block_start":
            self._start_block(value["content_block"], len(data))
        elif kind == "message_start":
            message = value["message"]
            self._model = message.get("model") or self._model
            self._usage = dict(read_figures(message.get("usage")))
        elif kind == "message_delta":
            self._stop = value["delta"].get("stop_reason") or self._stop
            usage = read_figures(value.get("usage"))
            self._usage |= {key: said for key, said in usage.items() if said is not None}
        elif kind == "message_stop":
            self.done = self.over = True
        elif kind == "error":
            raise errors.error_of_event(value, self._where)
        else:
            return False
        return True

    def take(self, answer: Json) -> None:
        self._stop = answer["stop_reason"]
        self._model = answer.get("model") or self._model
        self._usage = dict(read_figures(answer.get("usage")))
        for block in answer["content"]:
            self._start_block(block, 0)
            if block["type"] == "text":
                self._sink(block["text"])
        self.done = answer["type"] == "message"

    def _start_block(self, block: Json, size: int) -> None:
        self._room.take_characters(size + PART)
        self._blocks.append((block, [block.get("text") or block.get("thinking") or ""]))
        self._signatures.append([block.get("signature") or ""])

    def _add_delta(self, index: int, delta: Json) -> None:
        _, pieces = self._blocks[index]
        kind = delta["type"]
        if kind == "signature_delta":
            self._add_piece(self._signatures[index], delta["signature"])
        elif kind == "text_delta":
            self._add_piece(pieces, delta["text"])
            self._sink(delta["text"])
        elif kind == "input_json_delta":
            self._add_piece(pieces, delta["partial_json"])
            note_hidden(len(delta["partial_json"]))
        elif kind == "thinking_delta":
            self._add_piece(pieces, delta["thinking"])
            note_hidden(len(delta["thinking"]))

    def _add_piece(self, pieces: list[str], piece: str) -> None:
        self._room.take_characters(len(piece))
        pieces.append(piece)

    def count(self) -> Usage:
        usage = usage_of(self._usage)
        # The first event has a placeholder; the event with the reason has the final figure.
        return usage if self._stop else usage.model_copy(update={"output": 0})

    def reply(self, request_id: str | None) -> ModelReply:
        last = len(self._blocks) - 1
        parts = tuple(
            part
            for place, (block, pieces) in enumerate(self._blocks)
            if (part := self._make_part(place, block, "".join(pieces), whole=place < last))
            is not None
        )
        if self._stop == "refusal":
            text = "".join(part.text for part in parts if isinstance(part, Text))
            raise errors.make_error(
                ModelRefused, text or "the model declined to answer", self._where
            )
        return ModelReply(
            message=Message(role="assistant", parts=parts),
            usage=usage_of(self._usage),
            finish=self._finish,
            model=self._model,
            request_id=request_id,
        )

    def _make_part(self, place: int, block: Json, text: str, *, whole: bool) -> Part | None:
        kind, provider = block["type"], self._where.provider
        if kind == "text":
            return Text(text=text) if text else None
        if kind == "tool_use":
            cut = self._finish == "length" and not whole
            values = block.get("input") if not text else None
            arguments = values or read_arguments(text, cut=cut)
            return ToolCall(id=block["id"], name=block["name"], arguments=arguments)
        if kind == "thinking":
            signed = "".join(self._signatures[place])
            opaque = {"type": "thinking", "thinking": text, "signature": signed} if signed else None
            return Reasoning(provider=provider, text=text or None, opaque=opaque)
        if kind == "redacted_thinking":
            return Reasoning(provider=provider, opaque=block)
        return None

    @property
    def _finish(self) -> FinishReason:
        return _FINISH.get(self._stop or "", "stop")


_FINISH: dict[str, FinishReason] = {
    "tool_use": "tool_calls",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
}


def usage_of(usage: Json) -> Usage:
    """Read the usage. The API counts cached tokens separately; here they are part of the input."""
    read = read_count(usage, "cache_read_input_tokens")
    written = read_count(usage, "cache_creation_input_tokens")
    return Usage(
        input=(read_count(usage, "input_tokens") or 0) + (read or 0) + (written or 0),
        output=read_count(usage, "output_tokens") or 0,
        cached=read,
        cache_write=written,
        reasoning=read_count(usage, "output_tokens_details", "thinking_tokens"),
    )


__all__ = ["MessagesFold", "body_of", "turns_of", "usage_of"]
