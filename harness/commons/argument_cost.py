"""Decide whether arguments are cheap to check; if not, only a child process with limits may."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, cast

MAX_VALUES = 300
MAX_TEXT = 16_000
MAX_DEPTH = 32
"""At 10 µs per value, a check within these limits takes a few milliseconds."""

_COSTLY = frozenset(
    {
        "pattern", "patternProperties", "propertyNames", "uniqueItems", "contains", "not", "if",
        "dependentSchemas", "unevaluatedItems", "unevaluatedProperties", "$dynamicRef", "format",
    }
)  # fmt: skip
_MAPS = ("properties", "$defs", "definitions")
_LISTS = ("anyOf", "oneOf", "allOf", "prefixItems")
_SINGLE = ("items", "additionalProperties")
_CHOICES = ("anyOf", "oneOf", "allOf")


def is_plain(schema: Mapping[str, Any]) -> bool:
    """Whether the cost of a check is proportional to the arguments: no regular expression, nothing
    quadratic, and no recursion that checks a value in two ways at each level."""
    nodes = list(_iterate_nodes(schema))
    if any(_COSTLY & node.keys() for node in nodes):
        return False
    return not any("$ref" in node for node in nodes) or all(
        _count_ways(node) <= 1 for node in nodes
    )


def are_small(arguments: Mapping[str, Any]) -> bool:
    values = text = 0
    waiting: list[tuple[Any, int]] = [(arguments, 0)]
    while waiting:
        value, depth = waiting.pop()
        if isinstance(value, Mapping):
            each = cast("Mapping[str, Any]", value)
            values += len(each)
            text += sum(map(len, each)) if values <= MAX_VALUES else 0
            inner: list[Any] = list(each.values()) if values <= MAX_VALUES else []
        elif isinstance(value, list | tuple):
            items = cast("list[Any]", value)
            values += len(items)
            inner = list(items) if values <= MAX_VALUES else []
        else:
            text += _size_of(value)
            continue
        if values > MAX_VALUES or text > MAX_TEXT or depth > MAX_DEPTH:
            return False
        waiting += [(one, depth + 1) for one in inner]
    return text <= MAX_TEXT


def _size_of(value: Any) -> int:
    if isinstance(value, str):
        return len(value)
    return value.bit_length() if isinstance(value, int) else 0


def _count_ways(schema: Mapping[str, Any]) -> int:
    """Count how often a check with this schema descends into the same value."""
    below = any(name in schema for name in ("properties", "prefixItems", *_SINGLE))
    choices = [each for name in _CHOICES for each in schema.get(name, ())]
    return below + ("$ref" in schema) + sum(_goes_down(each) for each in choices)


def _goes_down(schema: Any) -> bool:
    return isinstance(schema, Mapping) and _count_ways(cast("Mapping[str, Any]", schema)) > 0


def _iterate_nodes(schema: Any) -> Iterator[Mapping[str, Any]]:
    if not isinstance(schema, Mapping):
        return
    node = cast("Mapping[str, Any]", schema)
    yield node
    for name in _MAPS:
        for each in node.get(name, {}).values():
            yield from _iterate_nodes(each)
    for name in _LISTS:
        for each in node.get(name, ()):
            yield from _iterate_nodes(each)
    for name in _SINGLE:
        yield from _iterate_nodes(node.get(name))
