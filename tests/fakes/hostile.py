"""Hostile values for the arguments of a tool, made from its JSON schema."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from jsonschema import Draft202012Validator

LARGE = 1_900_000
"""Characters: as much as a message of the engine can carry."""


def nested(depth: int) -> Any:
    value: Any = 0
    for _ in range(depth):
        value = {"a": [value]}
    return value


ANY: dict[str, Callable[[], Any]] = {
    "long": lambda: "x" * LARGE,
    "wide": lambda: [{"a": n} for n in range(100_000)],
    "deep": lambda: nested(400),
}
"""For every parameter."""
OPEN: dict[str, Callable[[], Any]] = {
    "lines": lambda: "\n" * LARGE,
    "brackets": lambda: "[!" * (LARGE // 4),
    "half a character": lambda: "\ud800" * 100_000,
    "too deep": lambda: nested(5_000),
    "names": lambda: {f"{n}": None for n in range(5_000)},
    "texts": lambda: {f"{n}": "x" * 1_000 for n in range(1_000)},
    "number": lambda: 10**4_000,
}
"""For one that takes objects or anything."""


def hostile_values(schema: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Values for one parameter: too large, of a wrong kind, and the largest that it takes."""
    kinds = {each.get("type") for each in schema.get("anyOf", (schema,))} - {"null"}
    for name, make in {**ANY, **({} if kinds <= _CLOSED else OPEN)}.items():
        yield name, make()
    if "string" in kinds:
        limit = max(each.get("maxLength", 0) for each in schema.get("anyOf", (schema,)))
        for text in ("\0", "\ud800", "../" * 20, "[!" * (limit // 2), "\n" * limit):
            yield f"{text[:3]!r} of {len(text)}", text
    if kinds & {"integer", "number"}:
        yield "number", 10**4_000
        yield from ((name, schema[name]) for name in ("minimum", "maximum") if name in schema)
    if "array" in kinds:
        limit = schema.get("maxItems", 1_000)
        yield "texts", ["x" * (LARGE // limit)] * limit
        yield "numbers", [10**400] * limit


_CLOSED = {"string", "integer", "number", "boolean", "array"}


def fits(schema: Mapping[str, Any], value: Any) -> bool:
    return bool(Draft202012Validator(schema).is_valid(value))
