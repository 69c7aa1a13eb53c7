"""Replace values by placeholders before a model reads them, and put them back afterwards.

Nothing is stored: the conversation holds the values, and numbering them in its order gives each the
same placeholder in every call of a run. So beginnings of prompts stay the same for providers'
caches, and whoever may not read the conversation cannot resolve a placeholder.
"""

from __future__ import annotations

import json
import re
from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import Any, cast

from harness.commons.redact import Found, find_values
from harness.contracts.message import Message, Part, Text, ToolCall, ToolResult
from harness.contracts.model import ModelRequest
from harness.gates.settings import RedactSettings
from harness.interceptors import ModelCall

KEPT = 4_000_000
"""Characters of texts whose values a process remembers."""
LONGEST = 48
"""Characters of a placeholder, at most."""
_PLACEHOLDER = re.compile(r"⟦[a-z][a-z0-9]{0,31}-[0-9]{1,9}⟧")
_BEGUN = re.compile(r"⟦[a-z0-9-]{0,42}$")


class Masking:
    """Finds what to mask, for all runs of a process."""

    def __init__(self, settings: RedactSettings) -> None:
        patterns = {name: re.compile(each) for name, each in settings.patterns.items()}
        self._kinds = frozenset(settings.model)
        self._patterns = {**patterns, "literal": _PLACEHOLDER}
        self._on = bool(settings.model or patterns)
        self._known: OrderedDict[str, list[Found]] = OrderedDict()
        self._size = 0

    def find_masks(self, call: ModelCall) -> Masks | None:
        """Number the values of a conversation; None if there is nothing to mask."""
        if not self._on:
            return None
        masks = Masks(self.find)
        masks.add(call.request.instructions)
        for message in call.transcript or call.request.messages:
            for text in _texts_of(message):
                masks.add(text)
        for message in call.request.messages:  # what only this request holds, such as a summary
            for text in _texts_of(message):
                masks.add(text)
        return masks if masks.values else None

    def find(self, text: str) -> list[Found]:
        """Find the values in a text."""
        known = self._known.get(text)
        if known is None:
            known = self._known[text] = find_values(text, self._kinds, self._patterns)
            self._size += len(text)
            while self._size > KEPT and len(self._known) > 1:
                self._size -= len(self._known.popitem(last=False)[0])
        return known


class Masks:
    """The placeholders of one conversation."""

    def __init__(self, find: Callable[[str], list[Found]]) -> None:
        self._find = find
        self._placeholders: dict[str, str] = {}
        self._counts: dict[str, int] = {}
        self.values: dict[str, str] = {}
        """By placeholder."""

    def add(self, text: str) -> None:
        """Number the values of a text that have no number yet."""
        for found in self._find(text):
            value = text[found.start : found.end]
            if value not in self._placeholders:
                count = self._counts[found.kind] = self._counts.get(found.kind, 0) + 1
                placeholder = f"⟦{found.kind}-{count}⟧"
                self._placeholders[value] = placeholder
                self.values[placeholder] = value

    def mask(self, text: str) -> str:
        """Replace the values in a text."""
        parts: list[str] = []
        at = 0
        for found in self._find(text):
            put = self._placeholders.get(text[found.start : found.end])
            if put is not None:
                parts += (text[at : found.start], put)
                at = found.end
        return "".join((*parts, text[at:])) if parts else text

    def unmask(self, text: str) -> str:
        """Put the values back. Unknown placeholders stay."""
        if "⟦" not in text:
            return text
        return _PLACEHOLDER.sub(lambda match: self.values.get(match[0], match[0]), text)

    def mask_request(self, request: ModelRequest) -> ModelRequest:
        """Replace the values in all that a provider reads."""
        messages = tuple(map_message(each, self.mask) for each in request.messages)
        return request.model_copy(
            update={"instructions": self.mask(request.instructions), "messages": messages}
        )

    def unmask_message(self, message: Message, *, json: bool) -> Message:
        """Put the values back into texts and arguments; into strings of JSON with its escapes."""
        return map_message(message, self._unmask_json if json else self.unmask, self.unmask)

    def open_sink(self, sink: Callable[[str], None]) -> UnmaskedSink:
        """Put the values back into text as it arrives."""
        return UnmaskedSink(sink, self.unmask)

    def _unmask_json(self, text: str) -> str:
        return _PLACEHOLDER.sub(
            lambda match: json.dumps(self.values.get(match[0], match[0]), ensure_ascii=False)[1:-1],
            text,
        )


class UnmaskedSink:
    """Passes text on, and holds back what may be the beginning of a placeholder."""

    def __init__(self, sink: Callable[[str], None], unmask: Callable[[str], str]) -> None:
        self._sink = sink
        self._unmask = unmask
        self._held = ""

    def write(self, piece: str) -> None:
        """Pass on the next piece of text."""
        text = self._held + piece
        begun = _BEGUN.search(text, max(0, len(text) - LONGEST))
        cut = begun.start() if begun else len(text)
        self._held = text[cut:]
        if cut:
            self._sink(self._unmask(text[:cut]))

    def close(self) -> None:
        """Pass on what was held back."""
        if self._held:
            self._sink(self._held)
            self._held = ""


def map_message(
    message: Message,
    change: Callable[[str], str],
    change_arguments: Callable[[str], str] | None = None,
) -> Message:
    """Change the texts of a message, but not its reasoning, which only its provider reads."""
    inside = change_arguments or change

    def map_part(part: Part) -> Part:
        if isinstance(part, Text):
            return _changed(part, "text", change(part.text))
        if isinstance(part, ToolResult):
            return _changed(part, "content", change(part.content))
        if isinstance(part, ToolCall):
            return _changed(part, "arguments", map_strings(part.arguments, inside))
        return part

    return message.model_copy(update={"parts": tuple(map_part(each) for each in message.parts)})


def map_strings(value: Any, change: Callable[[str], str]) -> Any:
    """Change all strings of a JSON value, also the names in it."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        return [map_strings(each, change) for each in cast("list[Any]", value)]
    if isinstance(value, dict):
        items = cast("dict[str, Any]", value).items()
        return {change(name): map_strings(each, change) for name, each in items}
    return value


def _changed(part: Any, field: str, to: Any) -> Any:
    return part if getattr(part, field) == to else part.model_copy(update={field: to})


def _texts_of(message: Message) -> Iterator[str]:
    for part in message.parts:
        if isinstance(part, Text):
            yield part.text
        elif isinstance(part, ToolResult):
            yield part.content
        elif isinstance(part, ToolCall):
            yield from _strings_of(part.arguments)


def _strings_of(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for each in cast("list[Any]", value):
            yield from _strings_of(each)
    elif isinstance(value, dict):
        for name, each in cast("dict[str, Any]", value).items():
            yield name
            yield from _strings_of(each)
