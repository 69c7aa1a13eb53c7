"""Helpers for translating to any wire protocol. Pure."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from pydantic_core import from_json, to_json

from harness.contracts.errors import ModelUnsuitable
from harness.contracts.message import FileRef, Image, ToolCall
from harness.contracts.tool import ToolSpec
from harness.providers import errors
from harness.providers.adapter import Json, Where

T = TypeVar("T")


class Memo(Generic[T]):
    """Caches translations of tools by identity: all calls of a run share a spec, so its tools are
    translated once per process instead of once per call."""

    def __init__(self, limit: int = 256) -> None:
        self._made: OrderedDict[tuple[int, ...], tuple[tuple[ToolSpec, ...], T]] = OrderedDict()
        self._limit = limit

    def get_or_make(
        self, tools: tuple[ToolSpec, ...], make: Callable[[tuple[ToolSpec, ...]], T]
    ) -> T:
        key = tuple(map(id, tools))
        known = self._made.get(key)
        if known is not None:  # the tools are referenced here, so their ids are not reused
            return known[1]
        made = make(tools)
        self._made[key] = (tools, made)
        if len(self._made) > self._limit:
            self._made.popitem(last=False)
        return made


def chat_tools(tools: tuple[ToolSpec, ...]) -> list[Json]:
    """The tools as Chat Completions and the protocols after it describe them."""
    return [
        {
            "type": "function",
            "function": {
                "name": tool.name,
                "description": tool.description,
                "parameters": tool.parameters,
            },
        }
        for tool in tools
    ]


def arguments_text(call: ToolCall) -> str:
    if isinstance(call.arguments, str):
        return call.arguments
    return to_json(call.arguments).decode()


def arguments_object(call: ToolCall) -> dict[str, Any]:
    """The arguments for a protocol that takes objects only; raw text that was none is wrapped."""
    given = call.arguments
    return given if isinstance(given, dict) else {"invalid_json": given}


def read_arguments(text: str, *, cut: bool = False) -> dict[str, Any] | str:
    """Parse arguments; returns the raw text if it is not a JSON object (such a call does not run).
    With `cut` the answer may have ended inside this call, so empty text is not an empty object."""
    if not text.strip():
        return text if cut else {}
    try:
        value: object = from_json(text)
    except ValueError:
        return text
    return value if isinstance(value, dict) else text  # pyright: ignore[reportUnknownVariableType]


def image_url(image: Image, where: Where) -> str:
    """Return the image's URL, or its data as a data URL."""
    if image.url is not None:
        return image.url
    if image.data is None:
        told = f"the content of image {image.artifact} was not loaded"
        raise errors.make_error(ModelUnsuitable, told, where)
    return f"data:{image.media_type or 'image/png'};base64,{image.data}"


def file_note(file: FileRef) -> str:
    """What a model is told of a file that it cannot see: a tool can read it."""
    kind = f", {file.media_type}" if file.media_type else ""
    size = f", {file.size} bytes" if file.size is not None else ""
    return f"[file {file.name}{kind}{size}, artifact {file.artifact}]"


_REASONS = re.compile(r"^(o\d|gpt-(5|6|7|8|9)|codex-|computer-use)(?!.*chat)")


def is_reasoning_model(model: str) -> bool:
    """Whether an OpenAI model thinks before it answers."""
    return _REASONS.match(model) is not None
