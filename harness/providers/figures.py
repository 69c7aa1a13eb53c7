"""What providers say about usage, as far as it can be counted with."""

from __future__ import annotations

from typing import Any, cast

Json = dict[str, Any]


def figures(value: Any) -> Json:
    """An object of figures; nothing where it is something else. An answer is paid for whether or
    not its bill can be read, so a malformed one is no failure."""
    return cast("Json", value) if isinstance(value, dict) else {}


def count(usage: Json, *path: str) -> int | None:
    """The whole number under `path`, or None where there is none above 0."""
    value: Any = usage
    for name in path:
        value = figures(value).get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None
