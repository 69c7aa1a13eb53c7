"""offline/demo: a rule-based model that needs no key, so that the first steps work anywhere.

It says what it is, streams like a real model, and uses the tools it is given.
"""

from __future__ import annotations

import asyncio
import re

from pydantic_core import to_json

from harness.config.settings import ProviderSettings
from harness.contracts.errors import ModelNotFound
from harness.contracts.message import Message, Part, Text, ToolCall, ToolResult
from harness.contracts.model import ModelReply, ModelRequest, Usage
from harness.providers import errors
from harness.providers.adapter import Sink, Where
from harness.providers.offline.output import fill_schema
from harness.providers.offline.rules import WHO, Wish, calls_before, find_wishes, results_since

PAUSE = 0.012
LONGEST = 1.5
"""Most seconds that a text takes to stream."""
ASKING = (None, "summary", "caller")
"""Origins of messages that say what is wanted."""


class Offline:
    """The offline model: it follows rules and calls no service."""

    def __init__(self, name: str, settings: ProviderSettings) -> None:
        """Accept what every adapter accepts; there is nothing to configure."""

    async def stream(self, request: ModelRequest, sink: Sink) -> ModelReply:
        if request.model != "demo":
            where = Where("offline", request.model)
            raise errors.make_error(ModelNotFound, "offline has one model: offline/demo", where)
        calls, text, pause = decide_reply(request)
        if text:
            await _stream_words(text, sink, pause)
        parts: list[Part] = [Text(text=text)] if text else []
        return ModelReply(
            message=Message(role="assistant", parts=(*parts, *calls)),
            usage=Usage(input=_count_tokens(request), output=len(text) // 4 + 12 * len(calls) + 1),
            finish="tool_calls" if calls else "stop",
            model="demo",
        )

    async def close(self) -> None:
        return


async def _stream_words(text: str, sink: Sink, pause: float) -> None:
    pieces = re.findall(r"\s*\S+\s*$|\s*\S+", text) or [text]
    if pause <= PAUSE:
        pause = min(pause, LONGEST / len(pieces))
    for piece in pieces:
        sink(piece)
        await asyncio.sleep(pause)


def decide_reply(request: ModelRequest) -> tuple[list[ToolCall], str, float]:
    """Decide on the calls to make or the text to say, and the pause between words."""
    messages = request.messages
    asked = max(
        (i for i, m in enumerate(messages) if m.role == "user" and m.origin in ASKING),
        default=0,
    )
    said = [m.text for m in messages[asked:] if m.role == "user" and m.origin != "mend"]
    text = "\n".join(said)
    tools = {tool.name: tool for tool in request.tools}
    results = results_since(messages, asked)
    wanted = find_wishes(text, tools)
    todo = wanted[len(results) :]
    if todo:
        together = re.search(r"\b(at once|in parallel|together)\b", text, re.IGNORECASE)
        chosen = todo if together else todo[:1]
        number = calls_before(messages)
        return (
            [
                ToolCall(id=f"call_{number + i}", name=wish.tool, arguments=wish.arguments)
                for i, wish in enumerate(chosen, 1)
            ],
            "",
            PAUSE,
        )
    answer = _answer_text(text, wanted, results, request)
    if request.output is not None:
        facts = [result.content for result in results]
        return [], to_json(fill_schema(request.output, text, answer, facts)).decode(), PAUSE
    return [], answer, 0.2 if re.search(r"\bslowly\b", text, re.IGNORECASE) else PAUSE


def _answer_text(
    text: str, wanted: list[Wish], results: list[ToolResult], request: ModelRequest
) -> str:
    if results:
        told = [
            _describe_result(wish, result) for wish, result in zip(wanted, results, strict=False)
        ]
        told += [
            f"{result.name}: {_shorten_text(result.content)}" for result in results[len(wanted) :]
        ]
        return "\n".join([*told, "(offline/demo: a rule-based program, no language model.)"])
    if match := re.search(r"\bcount (?:up )?to (\d+)", text, re.IGNORECASE):
        return " ".join(str(n) for n in range(1, min(int(match.group(1)), 10_000) + 1))
    if match := re.search(r"\b(?:echo|say)\s+(.+)", text, re.IGNORECASE | re.DOTALL):
        return match.group(1).strip().strip("\"'")
    return f"{WHO} {_help_text(request)}"


def _describe_result(wish: Wish, result: ToolResult) -> str:
    if result.error:
        return f"{result.name} could not do it ({wish.about}): {_shorten_text(result.content)}"
    if wish.about == wish.tool or wish.tool in ("echo", "now"):
        return f"{result.name} says: {_shorten_text(result.content)}"
    if re.match(r"^[-\d.+*/%()]+$", wish.about):
        return f"{wish.about} = {_shorten_text(result.content)}"
    return f"{result.name} ({wish.about}): {_shorten_text(result.content)}"


_EXAMPLES = {
    "math": "sums (2 + 3)",
    "add": "sums (2 + 3)",
    "read_file": "read FILE",
    "write_file": "write TEXT to FILE",
    "list_files": "list files",
    "search_files": "search for WORD",
    "now": "what time is it",
    "ask_human": "ask me QUESTION",
    "http_get": "get URL",
    "echo": "echo TEXT",
}


def _help_text(request: ModelRequest) -> str:
    known = [_EXAMPLES.get(tool.name, f"the word {tool.name}") for tool in request.tools]
    known += ['call TOOL with {"argument": ...}'] if request.tools else []
    known += ["count to N", "say TEXT"]
    shown = "; ".join(dict.fromkeys(known))
    return (
        f"I understand: {shown}. For real answers set OPENAI_API_KEY or ANTHROPIC_API_KEY and "
        "choose a model: `harness models` lists them."
    )


def _shorten_text(text: str, limit: int = 2000) -> str:
    return text if len(text) <= limit else f"{text[:limit]}… ({len(text)} characters)"


def _count_tokens(request: ModelRequest) -> int:
    size = len(request.instructions)
    for message in request.messages:
        for part in message.parts:
            if isinstance(part, Text):
                size += len(part.text)
            elif isinstance(part, ToolResult):
                size += len(part.content)
            else:
                size += 40
    return size // 4 + 1
