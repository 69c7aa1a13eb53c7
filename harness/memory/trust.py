"""Judge how far a memory can be trusted, from the conversation that it was written in. Pure.

A model that has read a web page may write what the page wants. So nothing that a model says about a
memory's origin counts: only what the conversation holds does.
"""

from __future__ import annotations

from collections.abc import Sequence

from harness.contracts.memory import Trust
from harness.contracts.message import FileRef, Image, Message, ToolResult

OWN_TOOLS = frozenset({"remember", "forget_memory", "recall", "ask_human", "math", "now"})
"""Tools whose results hold nothing of others; what `recall` finds untrusted is marked."""
UNTRUSTED_MARK = "(untrusted, "
"""How an untrusted memory is marked where a model reads it."""
SHORTEST = 12
"""Characters from which on a text counts as the person's own words if they said it literally."""


def judge_trust(messages: Sequence[Message], text: str) -> Trust:
    """Judge a memory with this text, written after these messages."""
    if was_said(messages, text):
        return "said"
    return "untrusted" if has_read_others(messages) else "inferred"


def judge_ending(messages: Sequence[Message], text: str) -> Trust:
    """Judge up to which trust a call with this text, made after these messages, may end memories.
    Even the person's own words do not end one if content of others may have chosen it."""
    return "untrusted" if has_read_others(messages) else judge_trust(messages, text)


def was_said(messages: Sequence[Message], text: str) -> bool:
    """Whether the person said exactly this."""
    wanted = _plain(text)
    return len(wanted) >= SHORTEST and any(
        wanted in _plain(each.text) for each in messages if is_person(each)
    )


def has_read_others(messages: Sequence[Message]) -> bool:
    """Whether the conversation holds content of others: results of tools, files, memories that come
    from such content, summaries, what an agent wrote that had read such content."""
    return any(_holds_others(each) for each in messages)


def is_person(message: Message) -> bool:
    """Whether a person wrote the message."""
    return message.role == "user" and message.origin in (None, "hint")


def _holds_others(message: Message) -> bool:
    if message.origin == "memories":
        return UNTRUSTED_MARK in message.text
    if message.origin == "summary" or message.taint is not None:
        return True  # it may repeat what was read before
    return any(
        isinstance(part, FileRef | Image) or (isinstance(part, ToolResult) and not _is_own(part))
        for part in message.parts
    )


def _is_own(result: ToolResult) -> bool:
    return result.name in OWN_TOOLS and UNTRUSTED_MARK not in result.content


def _plain(text: str) -> str:
    return " ".join(text.casefold().split()).rstrip(".!")
