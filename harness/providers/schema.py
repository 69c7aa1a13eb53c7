"""Which JSON schemas a provider's strict mode takes."""

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
    """Whether every object in `schema` lists all its properties as required and allows no others,
    and nothing is used that strict mode refuses."""
    if any(key in _UNSUPPORTED for key in schema):
        return False
    if schema.get("type") == "object" or "properties" in schema:
        properties: Mapping[str, Any] = schema.get("properties") or {}
        if schema.get("additionalProperties") is not False:
            return False
        if set(schema.get("required") or ()) != set(properties):
            return False
        if not all(_ready(value) for value in properties.values()):
            return False
    elif not schema.keys() & {"type", "anyOf", "$ref", "enum", "const"}:
        return False  # anything goes: strict mode wants a type
    for key in ("$defs", "definitions"):
        shared: Mapping[str, Any] = schema.get(key) or {}
        if not all(_ready(value) for value in shared.values()):
            return False
    if "items" in schema and not _ready(schema["items"]):
        return False
    if schema.get("type") == "array" and "items" not in schema:
        return False
    return all(_ready(value) for value in cast(Sequence[Any], schema.get("anyOf") or ()))


def _ready(value: object) -> bool:
    return isinstance(value, Mapping) and strict_ready(cast(Mapping[str, Any], value))
