"""Clean final answers: no terminal escapes, no invisible text, no addresses that carry data away.

Pure. An image is loaded, and a link may be followed, by what shows the answer: an address that the
model composed can hold what it read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, cast

from harness.contracts.gate import GateVerdict
from harness.contracts.message import Message, Part, Text, ToolResult
from harness.contracts.model import ModelReply
from harness.gates.markup import Markup
from harness.gates.settings import Profile
from harness.interceptors import ModelCall

NAME = "clean_answer"

_ESCAPES = re.compile(
    r"\x1b(?:\[[0-?]{0,64}[ -/]{0,8}[@-~]|\][^\x07\x1b]{0,2048}(?:\x07|\x1b\\)"
    r"|[PX^_][^\x1b]{0,2048}\x1b\\|[@-Z\\^_])"
)
_HIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e"
    "\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e0fff]"
)


def clean_reply(
    call: ModelCall, reply: ModelReply, profile: Profile, verdicts: list[GateVerdict]
) -> ModelReply:
    """Clean the texts of a final answer; under `watch`, only record what would be cleaned."""
    text = reply.message.text
    known = _KnownAddresses(call)
    if call.request.output is not None:
        cleaned, what = _clean_json(text, known)
    else:
        cleaned, what = clean_answer(text, known)
    if not what:
        return reply
    watch = profile == "watch"
    reason = f"{'standard would remove' if watch else 'removed'} {', '.join(what)}"
    verdict = "note" if watch else "change"
    verdicts.append(GateVerdict(gate=NAME, place="model_reply", verdict=verdict, reason=reason))
    return (
        reply
        if watch
        else reply.model_copy(update={"message": _replace_text(reply.message, cleaned)})
    )


def clean_answer(text: str, is_known: Callable[[str], bool]) -> tuple[str, list[str]]:
    """Return the answer without what does harm where it is shown, and what was removed.

    Args:
        text: The answer, as Markdown.
        is_known: Whether the conversation holds an address literally: it then carries nothing new.
    """
    what: dict[str, None] = {}
    markup = Markup(is_known, what)

    def drop(kind: str) -> str:
        what[kind] = None
        return ""

    if not (text.isascii() and text.isprintable()):
        text = _ESCAPES.sub(lambda _: drop("terminal escapes"), text)
        text = _HIDDEN.sub(lambda _: drop("invisible characters"), text)
    return markup.clean(text), list(what)


class _KnownAddresses:
    def __init__(self, call: ModelCall) -> None:
        self._call = call

    def __call__(self, url: str) -> bool:
        call = self._call
        messages = call.transcript or call.request.messages
        return url in call.request.instructions or any(
            url in _content(part) for message in messages for part in message.parts
            if message.role != "assistant"
        )  # fmt: skip


def _content(part: Part) -> str:
    if isinstance(part, Text):
        return part.text
    return part.content if isinstance(part, ToolResult) else ""


def _clean_json(text: str, is_known: Callable[[str], bool]) -> tuple[str, list[str]]:
    """Clean the texts in a typed answer."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return text, []  # the run asks for a valid one
    what: dict[str, None] = {}

    def clean(value: Any) -> Any:
        if isinstance(value, str):
            cleaned, removed = clean_answer(value, is_known)
            what.update(dict.fromkeys(removed))
            return cleaned
        if isinstance(value, list):
            return [clean(each) for each in cast("list[Any]", value)]
        if isinstance(value, dict):
            return {name: clean(each) for name, each in cast("dict[str, Any]", value).items()}
        return value

    cleaned = clean(data)
    return (json.dumps(cleaned, ensure_ascii=False) if what else text), list(what)


def _replace_text(message: Message, text: str) -> Message:
    """Put the cleaned text in place of the message's pieces of text."""
    parts: list[Part] = []
    put = False
    for part in message.parts:
        if not isinstance(part, Text):
            parts.append(part)
        elif not put:
            parts.append(Text(text=text))
            put = True
    return message.model_copy(update={"parts": tuple(parts)})
