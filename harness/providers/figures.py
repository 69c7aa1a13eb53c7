"""Read usage figures of providers, ignoring malformed ones."""

from __future__ import annotations

from typing import Any, cast

Json = dict[str, Any]


def read_figures(value: Any) -> Json:
    """Return an object of figures; empty if `value` is anything else. The answer is paid for either
    way, so malformed usage is not an error."""
    return cast("Json", value) if isinstance(value, dict) else {}


def read_count(usage: Json, *path: str) -> int | None:
    """Return the positive integer under `path`; None if there is none."""
    value: Any = usage
    for name in path:
        value = read_figures(value).get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None
