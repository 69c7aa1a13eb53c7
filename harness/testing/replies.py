"""Replies of test models: text, tool calls, values of the output type, errors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from pydantic import BaseModel
from pydantic_core import to_json, to_jsonable_python

from harness.contracts.message import Message, Part, Text, ToolCall
from harness.contracts.model import FinishReason, ModelReply, ModelRequest, Usage


@dataclass(frozen=True)
class Call:
    """A tool call, made by `call`."""

    name: str
    arguments: dict[str, Any] = field(default_factory=dict[str, Any])


def call(name: str, /, **arguments: Any) -> Call:
    """Make a reply that calls a tool: `call("book", day="Mon")`. A list makes several calls.

    Args:
        name: The tool's name.
        arguments: Its arguments.

    Returns:
        The reply.
    """
    return Call(name, arguments)


@dataclass(frozen=True, kw_only=True)
class Reply:
    """A complete reply, for when a text or calls alone are not enough."""

    text: str = ""
    """The text of the reply."""
    calls: tuple[Call, ...] = ()
    """Tool calls in the reply."""
    usage: Usage | None = None
    """The tokens that the provider reports. Default: estimated from the text."""
    cut_off: bool = False
    """Whether the answer ends at the model's output limit."""


Answer = str | Call | list[Call] | Reply | BaseModel | Mapping[str, Any] | Exception
"""A text; one call or a list of calls; a complete reply; a value of the output type (a pydantic
model, or a JSON object); an error to raise, such as `RateLimited("Slow down.")`."""


def build_reply(answer: Answer, request: ModelRequest) -> ModelReply:
    """Turn an answer into a provider's reply; raise it if it is an error."""
    if isinstance(answer, Exception):
        raise answer
    reply = _normalize_answer(answer, request)
    before = sum(len(message.calls) for message in request.messages)
    calls = [
        ToolCall(id=f"call_{before + number}", name=each.name, arguments=_to_plain(each.arguments))
        for number, each in enumerate(reply.calls, 1)
    ]
    parts: list[Part] = [Text(text=reply.text)] if reply.text else []
    finish: FinishReason = "tool_calls" if calls else "length" if reply.cut_off else "stop"
    return ModelReply(
        message=Message(role="assistant", parts=(*parts, *calls)),
        usage=reply.usage or Usage(),
        finish=finish,
        model=request.model,
    )


def is_answer(value: object) -> bool:
    """Whether `value` has one of the types of `Answer`."""
    if isinstance(value, ToolCall | Message):  # parts of a conversation, not of an answer
        return False
    if isinstance(value, list):
        return all(isinstance(each, Call) for each in cast("list[object]", value))
    return isinstance(value, str | Call | Reply | BaseModel | Mapping | Exception)


def _normalize_answer(answer: Any, request: ModelRequest) -> Reply:
    match answer:
        case Reply():
            return answer
        case str():
            return Reply(text=answer)
        case Call():
            return Reply(calls=(answer,))
        case list():
            return Reply(calls=tuple(cast("list[Call]", answer)))
        case _:
            return Reply(text=_encode_output(answer, request))


def _encode_output(value: Any, request: ModelRequest) -> str:
    """Write JSON as the request's schema requires: an output type that is not a single model is
    wrapped as `{"value": ...}`."""
    data = _to_plain(value)
    properties = (request.output or {}).get("properties", {})
    if list(properties) == ["value"] and isinstance(value, BaseModel):
        data = {"value": data}
    return to_json(data).decode()


def _to_plain(value: Any) -> Any:
    return to_jsonable_python(value, by_alias=True)
