"""Decide which JSON schemas a provider's strict mode accepts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

_UNSUPPORTED = frozenset(
    {
        "allOf", "not", "oneOf", "dependentRequired", "dependentSchemas", "if", "then", "else",
        "patternProperties", "unevaluatedProperties", "propertyNames", "minProperties",
        "maxProperties", "prefixItems", "contains", "uniqueItems", "default",
    }
)  # fmt: skip


def strict_ready(schema: Mapping[str, Any]) -> bool:
    """Whether every object in `schema` requires all its properties and allows no others, and no
    keyword is used that strict mode rejects."""
    if any(key in _UNSUPPORTED for key in schema):
        return False
    if schema.get("type") == "object" or "properties" in schema:
        properties: Mapping[str, Any] = schema.get("properties") or {}
        if schema.get("additionalProperties") is not False:
            return False
        if set(schema.get("required") or ()) != set(properties):
            return False
        if not all(_is_strict_ready(value) for value in properties.values()):
            return False
    elif not schema.keys() & {"type", "anyOf", "$ref", "enum", "const"}:
        return False  # any value is valid: strict mode requires a type
    for key in ("$defs", "definitions"):
        shared: Mapping[str, Any] = schema.get(key) or {}
        if not all(_is_strict_ready(value) for value in shared.values()):
            return False
    if "items" in schema and not _is_strict_ready(schema["items"]):
        return False
    if schema.get("type") == "array" and "items" not in schema:
        return False
    return all(_is_strict_ready(value) for value in cast(Sequence[Any], schema.get("anyOf") or ()))


def _is_strict_ready(value: object) -> bool:
    return isinstance(value, Mapping) and strict_ready(cast(Mapping[str, Any], value))
