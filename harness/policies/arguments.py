"""Find the values of a call's arguments that a rule is about. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, cast

ANYWHERE = "**"
"""The path of every text and number in the arguments, at any depth, and of every key."""
MOST_VALUES = 20_000
"""Values that one condition looks at; a rule cannot tell about more."""
_STEP = re.compile(r"""\.?([A-Za-z_][\w-]*)|\[(\*|\d{1,6})\]|\["([^"\\]{1,200})"\]""")

Step = str | int | None
"""A key, an index, or None for all elements."""


class TooManyValues(Exception):
    """The arguments have more values than a condition looks at."""


def parse_path(text: str) -> tuple[Step, ...]:
    """Read a path such as `to[*].address`; raises ValueError if it is malformed."""
    steps: list[Step] = []
    at = 0
    while at < len(text):
        found = _STEP.match(text, at)
        if found is None:
            raise ValueError(
                f"{text[:80]!r} is not a path to an argument; write amount, to[0], to[*].address, "
                f'["odd key"] or {ANYWHERE}'
            )
        name, index, quoted = found.groups()
        if index is not None:
            steps.append(None if index == "*" else int(index))
        else:
            steps.append(name if name is not None else quoted)
        at = found.end()
    if not steps or not isinstance(steps[0], str):
        raise ValueError(f"{text[:80]!r} does not begin with the name of an argument")
    return tuple(steps)


def find_values(path: str, arguments: dict[str, Any]) -> list[Any]:
    """List the values at a path. Raises TooManyValues."""
    found: list[Any] = []
    source = _list_leaves(arguments) if path == ANYWHERE else _walk(arguments, parse_path(path))
    for each in source:
        found.append(each)
        if len(found) > MOST_VALUES:
            raise TooManyValues
    return found


def _walk(value: Any, steps: tuple[Step, ...]) -> Iterator[Any]:
    level = [value]
    for step in steps:
        following: list[Any] = []
        for each in level:
            following.extend(_enter(each, step))
            if len(following) > MOST_VALUES:
                raise TooManyValues
        level = following
    yield from level


def _enter(value: Any, step: Step) -> list[Any]:
    if isinstance(step, str):
        found = cast("dict[str, Any]", value) if isinstance(value, dict) else {}
        return [found[step]] if step in found else []
    items = cast("list[Any]", value) if isinstance(value, list) else []
    return items if step is None else items[step : step + 1]


def _list_leaves(value: Any) -> Iterator[Any]:
    """Without recursion: arguments may be nested deeply."""
    stack: list[Any] = [value]
    while stack:
        each = stack.pop()
        if isinstance(each, dict):
            inner = cast("dict[str, Any]", each)
            if each is not value:
                yield from inner
            stack.extend(inner.values())
        elif isinstance(each, list):
            stack.extend(cast("list[Any]", each))
        else:
            yield each
        if len(stack) > MOST_VALUES:
            raise TooManyValues
