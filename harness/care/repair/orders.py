"""A gate of the agent that repairs: a change that would be made automatically needs a person once
something that the run has read gives orders."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence

from harness.care.repair.context import use_repair
from harness.care.subjects.registry import find_subject
from harness.contracts.message import Message, Text, ToolResult
from harness.gates.texts import prepare
from harness.history.recording import read_history, read_messages
from harness.interceptors import AskPerson, Decision, ToolUse

_SHOWN = re.compile(r"<U\+([0-9A-F]{4,6})>|\\u([0-9a-fA-F]{4})")
"""A character as summaries show it, or as JSON writes it."""
_BREAKS = re.compile(r"\\[nrt]|\x1b\[[0-9;?]*[A-Za-z]")
"""Newlines as they are shown, and what moves the cursor of a terminal."""
_TOOLS = re.compile(r"\b(?:propose_change|propose_revert|deploy_change|restart_subject)\b")
"""Who writes these into a log means the agent."""
GUARDED = ("deploy_change", "restart_subject")


async def ask_after_orders(use: ToolUse) -> Decision:
    """Ask about a change of a subject with `changes = "automatic"`. The others are asked about
    anyway, or refused."""
    subject = use.arguments.get("subject")
    if use.tool not in GUARDED or not isinstance(subject, str):
        return None
    async with use_repair() as repair:
        stored = await find_subject(repair.connection, subject)
        if stored.subject.changes != "automatic":
            return None
        run = await read_history(repair.connection, use.caller.run)
        found = find_orders(await read_messages(repair.connection, run))
    if not found:
        return None
    return AskPerson(
        f"{', '.join(found)} showed text that gives orders, such as a log line written to steer "
        f"the agent; {subject} is changed automatically otherwise"
    )


def find_orders(messages: Sequence[Message]) -> list[str]:
    """Where the run has read text that gives a model orders: the names of tools, or the ticket.
    Results that are trusted count too: what one tool read, another repeats."""
    found = dict[str, None]()
    for message in messages:
        for part in message.parts:
            if isinstance(part, Text) and message.taint and _holds_orders(part.text):
                found["the ticket"] = None
            is_outside = isinstance(part, ToolResult) and (part.untrusted or not part.error)
            if isinstance(part, ToolResult) and is_outside and _holds_orders(part.content):
                found[part.name] = None
    return list(found)


def _holds_orders(text: str) -> bool:
    readable = _BREAKS.sub(" ", _SHOWN.sub(_restore, text))
    return bool(_TOOLS.search(readable)) or any(prepare(each).orders for each in {text, readable})


def _restore(shown: re.Match[str]) -> str:
    code = int(shown[1] or shown[2], 16)
    return chr(code) if code <= sys.maxunicode else ""
