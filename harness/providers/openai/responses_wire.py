"""OpenAI Responses: convert requests to its JSON, and its events to replies. Pure."""

from __future__ import annotations

from typing import Any

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
    file_note,
    image_url,
    is_reasoning_model,
    read_arguments,
)

_tools: Memo[list[Json]] = Memo()


def body_of(request: ModelRequest, where: Where) -> Json:
    """Build the body of POST /responses."""
    body: Json = {
        "model": request.model,
        "input": items_of(request.messages, where),
        "stream": True,
        "store": False,
    }
    if request.instructions:
        body["instructions"] = request.instructions
    if request.tools:
        body["tools"] = _tools.get_or_make(request.tools, _tools_of)
    params = request.params
    if params.stop is not None:
        raise errors.make_error(ModelUnsuitable, "this API does not support stop sequences", where)
    effort = params.reasoning_effort
    if effort is not None:
        body["reasoning"] = {"effort": effort}  # a summary needs a verified organization
    if effort is not None or is_reasoning_model(request.model):
        body["include"] = ["reasoning.encrypted_content"]
    if params.temperature is not None:
        body["temperature"] = params.temperature
    if params.top_p is not None:
        body["top_p"] = params.top_p
    if params.max_output_tokens is not None:
        body["max_output_tokens"] = params.max_output_tokens
    if request.output is not None:
        body["text"] = {"format": _format_of(request.output)}
    if request.cache_key is not None:
        body["prompt_cache_key"] = request.cache_key[-64:]
    if params.extra:
        body |= params.extra
    return body


def _tools_of(tools: tuple[Any, ...]) -> list[Json]:
    return [
        {
            "type": "function",
            "name": tool.name,
            "description": tool.description,
            "parameters": tool.parameters,
            "strict": strict_ready(tool.parameters),
        }
        for tool in tools
    ]


def _format_of(schema: Json) -> Json:
    return {
        "type": "json_schema",
        "name": "output",
        "schema": schema,
        "strict": strict_ready(schema),
    }


def items_of(messages: tuple[Message, ...], where: Where) -> list[Json]:
    items: list[Json] = []
    for message in messages:
        if message.role == "user":
            items.append({"role": "user", "content": _user_content(message.parts, where)})
        elif message.role == "tool":
            items += (_result_item(part) for part in message.parts if isinstance(part, ToolResult))
        else:
            _add_assistant_items(message.parts, where, items)
    return items


def _user_content(parts: tuple[Part, ...], where: Where) -> str | list[Json]:
    if len(parts) == 1 and isinstance(parts[0], Text):
        return parts[0].text
    content: list[Json] = []
    for part in parts:
        if isinstance(part, Text):
            content.append({"type": "input_text", "text": part.text})
        elif isinstance(part, Image):
            url = image_url(part, where)
            content.append({"type": "input_image", "image_url": url, "detail": "auto"})
        elif isinstance(part, FileRef):
            content.append({"type": "input_text", "text": file_note(part)})
    return content


def _result_item(part: ToolResult) -> Json:
    return {"type": "function_call_output", "call_id": part.call, "output": part.content}


def _add_assistant_items(parts: tuple[Part, ...], where: Where, items: list[Json]) -> None:
    pending: Json | None = None  # reasoning must be followed by its result
    for part in parts:
        if isinstance(part, Reasoning):
            own = part.provider == where.provider and part.opaque is not None
            pending = part.opaque if own else None
            continue
        if pending is not None:
            items.append(pending)
            pending = None
        if isinstance(part, Text):
            items.append({"role": "assistant", "content": part.text})
        elif isinstance(part, ToolCall):
            items.append(
                {
                    "type": "function_call",
                    "call_id": part.id,
                    "name": part.name,
                    "arguments": arguments_text(part),
                }
            )


class ResponsesFold:
    """Folds the events of one response."""

    def __init__(self, sink: Sink, where: Where) -> None:
        self.done = self.over = False
        self._sink = sink
        self._where = where
        self._room = Room(where)
        self._items: list[tuple[int, Json]] = []
        self._last: Json = {}

    def feed(self, event: bytes, data: bytes) -> bool:
        # The name avoids parsing most events; some compatible servers omit it.
        if event and event not in _WANTED:
            if event in _HIDDEN:
                note_hidden(len(parse_object(data).get("delta") or ""))
            return event.endswith(_PROGRESS)
        value = parse_object(data)
        kind = value.get("type") or event.decode()
        if kind == "response.output_text.delta":
            self._room.take_characters(len(value["delta"]))
            self._sink(value["delta"])
        elif kind == "response.output_item.done":
            self._room.take_characters(len(data) + PART)
            self._items.append((value.get("output_index", len(self._items)), value["item"]))
        elif kind in ("response.completed", "response.incomplete"):
            self._last = value["response"]
            self.done = self.over = True
        elif kind == "response.failed":
            self._last = value["response"]
            raise errors.error_of_event(self._last.get("error") or {}, self._where)
        elif kind == "error" or "error" in value:
            raise errors.error_of_event(value, self._where)
        return kind.encode().endswith(_PROGRESS)

    def take(self, answer: Json) -> None:
        if answer.get("status") not in ("completed", "incomplete"):
            return
        self._last, self.done = answer, True
        for part in self._make_parts(answer["output"]):
            if isinstance(part, Text):
                self._sink(part.text)

    def count(self) -> Usage:
        return usage_of(read_figures(self._last.get("usage")))

    def reply(self, request_id: str | None) -> ModelReply:
        response = self._last
        items = [item for _, item in sorted(self._items, key=lambda pair: pair[0])]
        incomplete = response.get("status") == "incomplete"
        parts = self._make_parts(items or response.get("output") or [], cut=incomplete)
        finish: FinishReason = "stop"
        if incomplete:
            details: Json = response.get("incomplete_details") or {}
            if details.get("reason") == "content_filter":
                raise errors.make_error(ModelRefused, "stopped by the content filter", self._where)
            finish = "length"
        elif any(isinstance(part, ToolCall) for part in parts):
            finish = "tool_calls"
        return ModelReply.model_construct(
            message=Message.model_construct(role="assistant", parts=parts, origin=None),
            usage=usage_of(read_figures(response.get("usage"))),
            finish=finish,
            model=response.get("model") or self._where.model,
            request_id=request_id,
        )

    def _make_parts(self, items: list[Json], *, cut: bool = False) -> tuple[Part, ...]:
        parts: list[Part] = []
        for item in items:
            kind = item["type"]
            if kind == "function_call":
                open_ = cut and (item is items[-1] or item.get("status") == "incomplete")
                arguments = read_arguments(item["arguments"], cut=open_)
                parts.append(ToolCall(id=item["call_id"], name=item["name"], arguments=arguments))
            elif kind == "message":
                parts += self._read_texts(item["content"])
            elif kind == "reasoning":
                parts.append(self._read_reasoning(item))
        return tuple(parts)

    def _read_texts(self, content: list[Json]) -> list[Text]:
        refusals = [part["refusal"] for part in content if part["type"] == "refusal"]
        if refusals:
            raise errors.make_error(ModelRefused, " ".join(refusals), self._where)
        return [Text(text=part["text"]) for part in content if part.get("text")]

    def _read_reasoning(self, item: Json) -> Reasoning:
        shown = "\n\n".join(part["text"] for part in item.get("summary") or ())
        opaque = item if item.get("encrypted_content") else None
        return Reasoning(provider=self._where.provider, text=shown or None, opaque=opaque)


_WANTED = frozenset(
    {
        b"response.output_text.delta",
        b"response.output_item.done",
        b"response.completed",
        b"response.incomplete",
        b"response.failed",
        b"error",
    }
)
_HIDDEN = frozenset(
    {
        b"response.function_call_arguments.delta",
        b"response.reasoning_summary_text.delta",
        b"response.reasoning_text.delta",
    }
)
_PROGRESS = (b".delta", b".added", b".done", b".created", b".completed", b".incomplete")
"""Ends of the names of events that say something new. A server that is alive but does nothing goes
on sending `response.in_progress` and `keepalive`."""


def usage_of(usage: Json) -> Usage:
    into, out = "input_tokens_details", "output_tokens_details"
    return Usage(
        input=read_count(usage, "input_tokens") or 0,
        output=read_count(usage, "output_tokens") or 0,
        cached=read_count(usage, into, "cached_tokens"),
        cache_write=read_count(usage, into, "cache_write_tokens"),
        reasoning=read_count(usage, out, "reasoning_tokens"),
    )
