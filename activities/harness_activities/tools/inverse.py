"""The request that takes another one back: declared by the call, filled in from the answer.

`{response.id}` stands for a value of the JSON answer, `{response.items.0.id}` for one further in.
It is filled in as soon as there is an answer, so what an undo will send can be read beforehand.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Literal, cast
from urllib.parse import quote

from pydantic import Field

from harness.contracts.base import Word
from harness.contracts.errors import ToolError

Method = Literal["POST", "PUT", "PATCH", "DELETE"]

_HOLE = re.compile(r"\{response((?:\.[^.{}]+)*)\}")
_HEAD = re.compile(r"https?://[^/?#{}]+(?=[/?#]|$)", re.IGNORECASE)


class Request(Word):
    """The request that takes this one back."""

    method: Method
    url: str = Field(min_length=1, max_length=8_000)
    headers: dict[str, str] = {}
    body: Any = None


def check(inverse: Request) -> str | None:
    """The origin as the call writes it; None where the answer names the address."""
    head = _HEAD.match(inverse.url)
    if head is None and not _HOLE.match(inverse.url):
        raise ToolError(
            "failed",
            f"The undo's url {inverse.url!r} is not an address. Write out its host, or take the "
            "whole address from the answer.",
        )
    return head.group() if head else None


def fill(inverse: Request, answer: Any) -> Request:
    """`answer`: the JSON of the response; ToolError where it has no such value."""
    whole = _HOLE.match(inverse.url) is not None
    url = _text(inverse.url, answer, str if whole else _segment)
    if not whole and _dotted(url) != _dotted(inverse.url):
        raise ToolError("failed", "The answer's values would lead out of the undo's path.")
    headers = {name: _text(text, answer, str) for name, text in inverse.headers.items()}
    body = _filled(inverse.body, answer)
    return inverse.model_copy(update={"url": url, "headers": headers, "body": body})


def _segment(value: str) -> str:
    # Without its last part, an address often names the whole collection.
    if not value:
        raise ToolError("failed", "The undo's url would have an empty part from the answer.")
    return quote(value, safe="")


def _dotted(url: str) -> int:
    """How many parts of the path are `.` or `..`, which lead elsewhere."""
    path = re.split("[?#]", url, maxsplit=1)[0]
    return sum(part in (".", "..") for part in path.split("/"))


def _filled(value: Any, answer: Any) -> Any:
    if isinstance(value, str):
        hole = _HOLE.fullmatch(value)
        # Alone, it keeps its type: a number stays a number.
        return _at(answer, hole) if hole else _text(value, answer, str)
    if isinstance(value, dict):
        entries = cast("dict[str, Any]", value)
        return {key: _filled(each, answer) for key, each in entries.items()}
    if isinstance(value, list):
        return [_filled(each, answer) for each in cast("list[Any]", value)]
    return value


def _text(text: str, answer: Any, write: Callable[[str], str]) -> str:
    def written(hole: re.Match[str]) -> str:
        found = _at(answer, hole)
        if isinstance(found, bool) or not isinstance(found, str | int | float):
            raise ToolError("failed", f"{hole.group()} is not a text or number in the answer.")
        return write(str(found))

    return _HOLE.sub(written, text)


def _at(answer: Any, hole: re.Match[str]) -> Any:
    found = answer
    for step in hole.group(1).split(".")[1:]:
        if isinstance(found, Mapping) and step in found:
            found = cast("Mapping[str, Any]", found)[step]
        elif isinstance(found, list) and step.isascii() and step.isdigit():
            items = cast("list[Any]", found)
            found = items[int(step)] if int(step) < len(items) else None
        else:
            found = None
        if found is None:
            raise ToolError("failed", f"The answer has no {hole.group()[1:-1]}.")
    return found
