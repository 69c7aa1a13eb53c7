"""The request that undoes another one: declared by the call, filled in from the answer.

`{response.id}` is a value of the JSON answer, `{response.items.0.id}` a nested one. Placeholders
are filled in as soon as the answer arrives, so the undo can be inspected before it is sent.
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
"""Most values that one undo takes from the answer."""
MAX_VALUE = 2_000
"""Most characters of one of them inside a text."""
MAX_TAKEN = 100_000
"""Most characters of all of them."""
MAX_NAMED = 100
"""Most characters of a placeholder that an error quotes."""
MAX_DIGITS = 9
"""Most digits of an index into a list."""

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
    """The JSON of the answer, and how much may still be taken from it."""

    value: Any
    left: int = MAX_TAKEN

    def take_value(self, hole: re.Match[str]) -> Any:
        found = _value_at(self.value, hole)
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


def check_undo(inverse: Request) -> str | None:
    """Check an undo; returns its origin as declared, or None if the answer supplies the URL."""
    texts = (inverse.url, *inverse.headers.values(), *_texts_in(inverse.body))
    holes = sum(len(_HOLE.findall(text)) for text in texts)
    if holes > MAX_HOLES:
        raise ToolFailed(
            f"The undo takes {holes:,} values from the answer; the limit is {MAX_HOLES}. "
            "Remove some.",
        )
    head = _HEAD.match(inverse.url)
    if head is None and not _HOLE.match(inverse.url):
        raise ToolFailed(
            f"The undo's url {inverse.url!r} is not a valid address. Write out its host, or take "
            "the whole address from the answer.",
        )
    return head.group() if head else None


def fill_undo(inverse: Request, response: Any) -> Request:
    """Fill in an undo; `response` is the JSON of the answer. Raises ToolFailed if a value is
    missing."""
    answer = _Answer(response)
    whole = _HOLE.match(inverse.url) is not None
    url = _fill_text(inverse.url, answer, str if whole else _quote_segment)
    if len(url) > MAX_URL:
        raise ToolFailed(
            f"The undo's url would have {len(url):,} characters; the limit is {MAX_URL:,}."
        )
    if not whole and _count_dot_segments(url) != _count_dot_segments(inverse.url):
        raise ToolFailed("Values from the answer would change the path of the undo.")
    headers = {name: _fill_text(text, answer, str) for name, text in inverse.headers.items()}
    body = _fill_value(inverse.body, answer)
    return Request(method=inverse.method, url=url, headers=headers, body=body)


def _texts_in(value: Any) -> Iterator[str]:
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, str):
            yield each
        elif isinstance(each, dict):
            waiting += cast("dict[str, Any]", each).values()
        elif isinstance(each, list):
            waiting += cast("list[Any]", each)


def _quote_segment(value: str) -> str:
    # Without its last part, a URL often identifies the whole collection.
    if not value:
        raise ToolFailed("The undo's url would have an empty part from the answer.")
    return quote(value, safe="")


def _count_dot_segments(url: str) -> int:
    """Count the parts of the path that are `.` or `..`, which change the target."""
    path = re.split("[?#]", url, maxsplit=1)[0]
    return sum(part in (".", "..") for part in path.split("/"))


def _fill_value(value: Any, answer: _Answer) -> Any:
    if isinstance(value, str):
        hole = _HOLE.fullmatch(value)
        # A placeholder alone keeps its type: a number stays a number.
        return answer.take_value(hole) if hole else _fill_text(value, answer, str)
    if isinstance(value, dict):
        entries = cast("dict[str, Any]", value)
        return {key: _fill_value(each, answer) for key, each in entries.items()}
    if isinstance(value, list):
        return [_fill_value(each, answer) for each in cast("list[Any]", value)]
    return value


def _fill_text(text: str, answer: _Answer, write: Callable[[str], str]) -> str:
    def written(hole: re.Match[str]) -> str:
        found = answer.take_value(hole)
        if isinstance(found, bool) or not isinstance(found, str | int | float):
            raise ToolFailed(f"{_shorten_placeholder(hole)} is not a text or number in the answer.")
        value = str(found)
        if len(value) > MAX_VALUE:
            raise ToolFailed(
                f"{_shorten_placeholder(hole)} has {len(value):,} characters; the limit "
                f"is {MAX_VALUE:,}.",
            )
        return write(value)

    return _HOLE.sub(written, text)


def _value_at(answer: Any, hole: re.Match[str]) -> Any:
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
            raise ToolFailed(f"The answer has no {_shorten_placeholder(hole)[1:-1]}.")
    return found


def _shorten_placeholder(hole: re.Match[str]) -> str:
    text = hole.group()
    return text if len(text) <= MAX_NAMED else f"{text[:MAX_NAMED]}…}}"
