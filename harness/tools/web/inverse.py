"""The request that takes another one back: declared by the call, filled in from the answer.

`{response.id}` stands for a value of the JSON answer, `{response.items.0.id}` for one further in.
It is filled in as soon as there is an answer, so what an undo will send can be read beforehand.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast
from urllib.parse import quote

from pydantic import Field

from harness.contracts.base import Word
from harness.contracts.errors import ToolFailed

Method = Literal["POST", "PUT", "PATCH", "DELETE"]

MAX_URL = 8_000
MAX_HOLES = 20
"""Values that one undo takes from the answer."""
MAX_VALUE = 2_000
"""Characters of one of them inside a text."""
MAX_TAKEN = 100_000
"""Characters of all of them."""
MAX_NAMED = 100
"""Characters of a placeholder that an error repeats."""
MAX_DIGITS = 9
"""Of a number that counts the items of a list."""

_HOLE = re.compile(r"\{response((?:\.[^.{}]+)*)\}")
_HEAD = re.compile(r"https?://[^/?#{}]+(?=[/?#]|$)", re.IGNORECASE)


class Request(Word):
    """The request that takes this one back."""

    method: Method
    url: str = Field(min_length=1, max_length=MAX_URL)
    headers: dict[str, str] = {}
    body: Any = None


@dataclass
class _Answer:
    """The JSON of the response, and how much may still be taken from it."""

    value: Any
    left: int = MAX_TAKEN

    def take(self, hole: re.Match[str]) -> Any:
        found = _at(self.value, hole)
        waiting = [found]
        while waiting:
            each = waiting.pop()
            self.left -= 1
            if isinstance(each, str | dict | list):
                self.left -= len(cast("str | dict[str, Any] | list[Any]", each))
            if self.left < 0:
                raise ToolFailed(
                    f"The undo would take more than {MAX_TAKEN:,} characters from the answer.",
                )
            if isinstance(each, dict):
                waiting += cast("dict[str, Any]", each)
                waiting += cast("dict[str, Any]", each).values()
            elif isinstance(each, list):
                waiting += cast("list[Any]", each)
        return found


def check(inverse: Request) -> str | None:
    """The origin as the call writes it; None where the answer names the address."""
    texts = (inverse.url, *inverse.headers.values(), *_texts(inverse.body))
    holes = sum(len(_HOLE.findall(text)) for text in texts)
    if holes > MAX_HOLES:
        raise ToolFailed(
            f"The undo takes {holes:,} values from the answer; the most is {MAX_HOLES}. "
            "Leave some out.",
        )
    head = _HEAD.match(inverse.url)
    if head is None and not _HOLE.match(inverse.url):
        raise ToolFailed(
            f"The undo's url {inverse.url!r} is not an address. Write out its host, or take the "
            "whole address from the answer.",
        )
    return head.group() if head else None


def fill(inverse: Request, response: Any) -> Request:
    """`response`: the JSON of the answer; ToolError where it has no such value."""
    answer = _Answer(response)
    whole = _HOLE.match(inverse.url) is not None
    url = _text(inverse.url, answer, str if whole else _segment)
    if len(url) > MAX_URL:
        raise ToolFailed(
            f"The undo's url would have {len(url):,} characters; the most is {MAX_URL:,}."
        )
    if not whole and _dotted(url) != _dotted(inverse.url):
        raise ToolFailed("The answer's values would lead out of the undo's path.")
    headers = {name: _text(text, answer, str) for name, text in inverse.headers.items()}
    body = _filled(inverse.body, answer)
    return Request(method=inverse.method, url=url, headers=headers, body=body)


def _texts(value: Any) -> Iterator[str]:
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, str):
            yield each
        elif isinstance(each, dict):
            waiting += cast("dict[str, Any]", each).values()
        elif isinstance(each, list):
            waiting += cast("list[Any]", each)


def _segment(value: str) -> str:
    # Without its last part, an address often names the whole collection.
    if not value:
        raise ToolFailed("The undo's url would have an empty part from the answer.")
    return quote(value, safe="")


def _dotted(url: str) -> int:
    """How many parts of the path are `.` or `..`, which lead elsewhere."""
    path = re.split("[?#]", url, maxsplit=1)[0]
    return sum(part in (".", "..") for part in path.split("/"))


def _filled(value: Any, answer: _Answer) -> Any:
    if isinstance(value, str):
        hole = _HOLE.fullmatch(value)
        # Alone, it keeps its type: a number stays a number.
        return answer.take(hole) if hole else _text(value, answer, str)
    if isinstance(value, dict):
        entries = cast("dict[str, Any]", value)
        return {key: _filled(each, answer) for key, each in entries.items()}
    if isinstance(value, list):
        return [_filled(each, answer) for each in cast("list[Any]", value)]
    return value


def _text(text: str, answer: _Answer, write: Callable[[str], str]) -> str:
    def written(hole: re.Match[str]) -> str:
        found = answer.take(hole)
        if isinstance(found, bool) or not isinstance(found, str | int | float):
            raise ToolFailed(f"{_named(hole)} is not a text or number in the answer.")
        value = str(found)
        if len(value) > MAX_VALUE:
            raise ToolFailed(
                f"{_named(hole)} has {len(value):,} characters in the answer; the most is "
                f"{MAX_VALUE:,}.",
            )
        return write(value)

    return _HOLE.sub(written, text)


def _at(answer: Any, hole: re.Match[str]) -> Any:
    found = answer
    for step in hole.group(1).split(".")[1:]:
        if isinstance(found, Mapping) and step in found:
            found = cast("Mapping[str, Any]", found)[step]
        elif isinstance(found, list) and step.isascii() and step.isdigit():
            items = cast("list[Any]", found)
            index = int(step) if len(step) <= MAX_DIGITS else len(items)
            found = items[index] if index < len(items) else None
        else:
            found = None
        if found is None:
            raise ToolFailed(f"The answer has no {_named(hole)[1:-1]}.")
    return found


def _named(hole: re.Match[str]) -> str:
    text = hole.group()
    return text if len(text) <= MAX_NAMED else f"{text[:MAX_NAMED]}…}}"
