"""The rules by which offline/demo interprets a request. Pure and deterministic."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, cast

from harness.contracts.message import Message, ToolCall, ToolResult
from harness.contracts.tool import ToolSpec

WHO = "I am offline/demo, a small rule-based program and no language model."

_NUMBER = r"-?\d+(?:\.\d+)?"
_SUM = re.compile(
    rf"(?<![\w.])({_NUMBER})"
    rf"((?:\s*(?:\*\*|[-+*/%x×÷]|plus|minus|times|divided by)\s*\(?{_NUMBER}\)?)+)"
)
_WORDS = {"plus": "+", "minus": "-", "times": "*", "divided by": "/", "x": "*", "×": "*", "÷": "/"}
_PAIR = re.compile(rf"^({_NUMBER})([-+*/])({_NUMBER})$")
_VERBS = {
    "+": ("add", "sum", "plus"),
    "-": ("subtract", "minus", "sub"),
    "*": ("multiply", "times", "mul", "product"),
    "/": ("divide", "div"),
}
_DULL = re.compile(
    r"get|set|find|fetch|run|do|make|tool|call|use|the|an?|of|for|to|in|files?|ask|list|read"
    r"|write|search|now|echo|math|http|human"
)


@dataclass(frozen=True)
class Wish:
    """Something the text asks for that a tool can do; `at` is its position in the text."""

    at: int
    tool: str
    arguments: dict[str, Any]
    about: str


Rule = Callable[[str, dict[str, ToolSpec]], Iterator[Wish]]


def find_wishes(text: str, tools: dict[str, ToolSpec]) -> list[Wish]:
    """Find what `text` asks for, in the order of the text."""
    found = [wish for rule in RULES for wish in rule(text, tools)]
    if not found:
        found = list(_find_named_wishes(text, tools))
    return sorted(found, key=lambda wish: wish.at)


def _find_sum_wishes(text: str, tools: dict[str, ToolSpec]) -> Iterator[Wish]:
    for match in _SUM.finditer(text):
        sum_ = match.group(0).strip()
        for word, sign in _WORDS.items():
            sum_ = sum_.replace(word, sign)
        sum_ = sum_.replace(" ", "")
        pair = _PAIR.match(sum_)
        named = _verb_tool(pair.group(2), tools) if pair else None
        if pair and named:
            first, second = (key for key in _keys_of_type(named, "number", "integer"))
            values = {first: _parse_number(pair.group(1)), second: _parse_number(pair.group(3))}
            yield Wish(match.start(), named.name, values, sum_)
        elif "math" in tools:
            yield Wish(match.start(), "math", _one_argument(tools["math"], sum_), sum_)


def _verb_tool(sign: str, tools: dict[str, ToolSpec]) -> ToolSpec | None:
    for tool in tools.values():
        if set(tool.name.lower().split("_")) & set(_VERBS[sign]):
            keys = _keys_of_type(tool, "number", "integer")
            if len(keys) == 2 and _required(tool) <= set(keys):
                return tool
    return None


def _find_file_wishes(text: str, tools: dict[str, ToolSpec]) -> Iterator[Wish]:
    if tool := tools.get("write_file"):
        pattern = (
            r"\bwrite\s+(?:[\"'“](.+?)[\"'”]|(.+?))\s+(?:in)?to\s+(?:the\s+file\s+)?([\w./~-]+\w)"
        )
        for match in re.finditer(pattern, text, re.IGNORECASE | re.DOTALL):
            content = match.group(1) or match.group(2)
            values = dict(zip(_path_first(tool), (match.group(3), content), strict=False))
            yield Wish(match.start(), tool.name, values, match.group(3))
    if tool := tools.get("read_file"):
        pattern = (
            r"\b(?:read|show|open|cat)\s+(?:me\s+)?(?:the\s+)?(?:file\s+)?[\"'`]?([\w./~-]*\w)"
        )
        for match in re.finditer(pattern, text, re.IGNORECASE):
            yield Wish(
                match.start(), tool.name, _one_argument(tool, match.group(1)), match.group(1)
            )
    if tool := tools.get("list_files"):
        pattern = (
            r"\blist\s+(?:all\s+)?(?:the\s+)?(?:my\s+)?files(?:\s+(?:in|under)\s+([\w./~-]+))?"
        )
        for match in re.finditer(pattern, text, re.IGNORECASE):
            values = (
                _one_argument(tool, match.group(1))
                if match.group(1)
                else _needed_argument(tool, ".")
            )
            yield Wish(match.start(), tool.name, values, match.group(1) or "the folder")
    if tool := tools.get("search_files"):
        pattern = r"\bsearch\s+(?:the\s+)?(?:files\s+)?for\s+[\"'`]?([^\"'`.,;]+)"
        for match in re.finditer(pattern, text, re.IGNORECASE):
            yield Wish(
                match.start(),
                tool.name,
                _one_argument(tool, match.group(1).strip()),
                match.group(1),
            )


def _find_other_wishes(text: str, tools: dict[str, ToolSpec]) -> Iterator[Wish]:
    simple = (
        ("now", r"\bwhat(?:'s| is)?\s+(?:the\s+)?(?:time|date)\b|\bwhat day\b|\btime is it\b"),
        ("ask_human", r"\bask\s+(?:me|a human|a person|someone)\b[:,]?\s*(?P<rest>[^\n.]*)"),
        ("echo", r"\becho\s+(?P<rest>[^\n]+)"),
        ("http_get", r"\b(?:get|fetch|open)\s+(?P<rest>https?://[^\s\"'>]+)"),
    )
    for name, pattern in simple:
        tool = tools.get(name)
        match = re.search(pattern, text, re.IGNORECASE) if tool else None
        if tool and match:
            rest = (match.groupdict().get("rest") or "").strip(" \"'")
            values = (
                _one_argument(tool, rest or "How shall I go on?")
                if "rest" in match.groupdict()
                else {}
            )
            yield Wish(match.start(), name, values, rest or name)


def _find_spelled_out_wishes(text: str, tools: dict[str, ToolSpec]) -> Iterator[Wish]:
    """Match `NAME {"a": 1}` or `call NAME with {"a": 1}`: any tool, any arguments."""
    for match in re.finditer(r"\b([\w-]+)\s*(?:\bwith\b)?\s*(?=\{)", text):
        if match.group(1) not in tools:
            continue
        try:
            arguments, _ = json.JSONDecoder().raw_decode(text, match.end())
        except ValueError:
            continue
        yield Wish(match.start(), match.group(1), arguments, match.group(1))


def _find_named_wishes(text: str, tools: dict[str, ToolSpec]) -> Iterator[Wish]:
    """Match a user's tool whose name, or a distinctive word of it, occurs in the text."""
    lower = text.lower()
    for tool in tools.values():
        telling = [word for word in tool.name.lower().split("_") if not _DULL.fullmatch(word)]
        for word in (tool.name.lower(), *telling):
            match = re.search(rf"\b{re.escape(word)}", lower)
            if match:
                yield Wish(match.start(), tool.name, _from_text(tool, text), tool.name)
                break


RULES: tuple[Rule, ...] = (
    _find_spelled_out_wishes,
    _find_sum_wishes,
    _find_file_wishes,
    _find_other_wishes,
)


def _from_text(tool: ToolSpec, text: str) -> dict[str, Any]:
    """Take arguments from the text: numbers, and quoted or named strings."""
    numbers = iter([_parse_number(found) for found in re.findall(_NUMBER, text)])
    named = re.findall(r"[\"'“`]([^\"'”`]+)[\"'”`]", text)
    named += re.findall(
        r"\b(?:in|of|for|at|to|named|called)\s+([A-Z][\w-]*(?:\s[A-Z][\w-]*)*)", text
    )
    strings = iter(named)
    values: dict[str, Any] = {}
    required = _required(tool)
    for key, schema in _properties(tool).items():
        kind = schema.get("type")
        if kind in ("number", "integer"):
            value = next(numbers, 1 if key in required else None)
            values[key] = int(value) if kind == "integer" and value is not None else value
        elif kind == "string":
            default = schema["enum"][0] if schema.get("enum") else text.strip()
            values[key] = next(strings, default if key in required else None)
        elif key in required:
            others: dict[str, Any] = {"boolean": True, "array": [], "object": {}}
            values[key] = others.get(str(kind))
    return {key: value for key, value in values.items() if value is not None}


def _properties(tool: ToolSpec) -> dict[str, dict[str, Any]]:
    return cast("dict[str, dict[str, Any]]", tool.parameters.get("properties") or {})


def _required(tool: ToolSpec) -> set[str]:
    return set(cast("list[str]", tool.parameters.get("required") or []))


def _keys_of_type(tool: ToolSpec, *types: str) -> list[str]:
    return [key for key, schema in _properties(tool).items() if schema.get("type") in types]


def _one_argument(tool: ToolSpec, value: str) -> dict[str, Any]:
    """Pass `value` as the tool's main argument: its first required string."""
    required = _required(tool)
    keys = _keys_of_type(tool, "string") or list(_properties(tool))
    best = next((key for key in keys if key in required), keys[0] if keys else None)
    return {best: value} if best else {}


def _needed_argument(tool: ToolSpec, value: str) -> dict[str, Any]:
    return _one_argument(tool, value) if _required(tool) else {}


def _path_first(tool: ToolSpec) -> list[str]:
    keys = _keys_of_type(tool, "string")
    return sorted(keys, key=lambda key: key not in ("path", "file", "name"))


def _parse_number(text: str) -> int | float:
    return float(text) if "." in text else int(text)


def results_since(messages: tuple[Message, ...], start: int) -> list[ToolResult]:
    return [
        part
        for message in messages[start:]
        for part in message.parts
        if isinstance(part, ToolResult)
    ]


def calls_before(messages: tuple[Message, ...]) -> int:
    return sum(isinstance(part, ToolCall) for message in messages for part in message.parts)
