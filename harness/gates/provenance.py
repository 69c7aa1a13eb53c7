"""Find which arguments of tool calls come from untrusted content only. Deterministic: it compares
texts, and asks no model.

A value counts as named if the user, the instructions or the settings hold it, or if a trusted tool
returned it before untrusted content did.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from harness.contracts.gate import Derived
from harness.contracts.message import Message, ToolCall, ToolResult
from harness.gates.texts import Prepared, PreparedTexts
from harness.gates.values import Value, list_values

MOST_SCANNED = 30_000_000
"""Characters compared for one reply; values beyond count as derived."""
MOST_SOURCES = 8
REREADS = "read_result"
"""The tool that reads the rest of an earlier result."""
UNTRUSTED_MARK = "(untrusted, "
"""How memories that come from untrusted content are marked where a model reads them."""
VOUCHING = (None, "hint", "instructions")
"""Origins of messages whose author may name values."""


@dataclass(frozen=True, slots=True)
class Source:
    """What a tool returned, or what stands for it."""

    call: str
    text: Prepared
    place: int
    untrusted: bool


@dataclass
class Sources:
    """The texts that a reply was written from."""

    vouching: list[Prepared] = field(default_factory=list)
    results: list[Source] = field(default_factory=list)
    scanned: int = 0

    @property
    def has_untrusted(self) -> bool:
        """Whether anything in the conversation may be written by anyone."""
        return any(each.untrusted for each in self.results)


class Provenance:
    """Traces arguments through conversations; texts are prepared once."""

    def __init__(self, allow: Iterable[str] = ()) -> None:
        self._texts = PreparedTexts()
        self._allow = tuple(allow)

    def trace_calls(
        self, messages: Sequence[Message], instructions: str, calls: Sequence[ToolCall]
    ) -> list[tuple[Derived, ...]]:
        """Return the derived arguments of each call; nothing if all content is trusted."""
        if not calls or not holds_untrusted(messages):
            return [() for _ in calls]
        sources = self._read_sources(messages, instructions)
        return [_trace_call(sources, call) for call in calls]

    def _read_sources(self, messages: Sequence[Message], instructions: str) -> Sources:
        sources = Sources()
        for text in (instructions, *self._allow):
            sources.vouching.append(self._texts.get(text))
        reads_untrusted = False
        for place, message in enumerate(messages):
            if message.role == "user" and message.origin in VOUCHING:
                sources.vouching.append(self._texts.get(message.text))
            elif message.role == "user" and is_untrusted_message(message):
                text = self._texts.get(message.text)
                sources.results.append(Source(message.origin or "", text, place, True))
            elif message.origin == "caller":  # as the result of a trusted tool
                text = self._texts.get(message.text)
                sources.results.append(Source(message.origin, text, place, False))
            for part in message.parts:
                if isinstance(part, ToolResult):
                    bad = is_untrusted(part) or (part.name == REREADS and reads_untrusted)
                    reads_untrusted = reads_untrusted or bad
                    text = self._texts.get(part.content)
                    sources.results.append(Source(part.call, text, place, bad))
        return sources


def is_untrusted(result: ToolResult) -> bool:
    """Whether anyone may have written the result."""
    return result.untrusted is not None or UNTRUSTED_MARK in result.content


def is_untrusted_message(message: Message) -> bool:
    """Whether a message that no person wrote repeats what anyone may have written."""
    if message.origin == "summary" or message.taint == "untrusted":
        return True
    return UNTRUSTED_MARK in message.text


def holds_untrusted(messages: Sequence[Message]) -> bool:
    """Whether anything in the conversation may be written by anyone."""
    for message in messages:
        if message.role == "user" and message.origin not in VOUCHING:
            if is_untrusted_message(message):
                return True
        elif message.role == "tool":
            for part in message.parts:
                if isinstance(part, ToolResult) and is_untrusted(part):
                    return True
    return False


def _trace_call(sources: Sources, call: ToolCall) -> tuple[Derived, ...]:
    values = list_values(call.arguments)
    if values is None:
        return (Derived(argument="*", kind="id", calls=()),)
    found = [derived for value in values if (derived := _trace_value(sources, value))]
    return tuple(found)


def _trace_value(sources: Sources, value: Value) -> Derived | None:
    if sources.scanned > MOST_SCANNED:
        return Derived(argument=value.argument, kind=value.kind, calls=())
    if any(_holds(sources, text, value) for text in sources.vouching):
        return None
    calls: dict[str, None] = {}
    instructed = True
    for source in sources.results:
        spots = _find_spots(sources, source.text, value)
        if spots is None:
            continue
        if not source.untrusted:
            if not calls:
                return None  # a trusted tool named it first
            continue
        calls[source.call] = None
        instructed = instructed and _are_ordered(source.text, spots)
    if not calls and (not value.whole or value.kind not in ("email", "url", "id")):
        return None
    sources_of = tuple(calls)[:MOST_SOURCES]
    ordered = True if calls and instructed else None
    return Derived(argument=value.argument, kind=value.kind, calls=sources_of, instructed=ordered)


def _holds(sources: Sources, text: Prepared, value: Value) -> bool:
    return _find_spots(sources, text, value) is not None


def _find_spots(sources: Sources, text: Prepared, value: Value) -> list[int] | None:
    """Where the text holds the value; empty if it was taken apart, None if it is not there."""
    for needle in value.needles:
        sources.scanned += len(text.plain)
        if spots := _find_words(text.plain, needle):
            return spots
    if value.squeezed:
        sources.scanned += len(text.squeezed)
        if value.squeezed in text.squeezed:
            return []
    return None


MOST_SPOTS = 20


def _find_words(text: str, needle: str) -> list[int]:
    """Where the needle stands as whole words."""
    spots: list[int] = []
    at = text.find(needle)
    while at >= 0 and len(spots) < MOST_SPOTS:
        end = at + len(needle)
        before, after = text[at - 1 : at], text[end : end + 1]
        if not (before.isalnum() and needle[0].isalnum()) and not (
            after.isalnum() and needle[-1].isalnum()
        ):
            spots.append(at)
        at = text.find(needle, at + 1)
    return spots


def _are_ordered(text: Prepared, spots: Sequence[int]) -> bool:
    if not spots:
        return bool(text.orders)
    return all(any(start <= spot < end for start, end in text.orders) for spot in spots)
