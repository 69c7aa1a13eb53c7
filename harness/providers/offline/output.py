"""Fill a JSON schema for offline/demo: with the values at hand, or with simple ones. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

_FORMATS = {
    "date": "2000-01-01",
    "time": "00:00:00Z",
    "date-time": "2000-01-01T00:00:00Z",
    "email": "demo@example.org",
    "uri": "https://example.org/",
    "uuid": "00000000-0000-4000-8000-000000000000",
    "duration": "PT0S",
}


@dataclass
class _Filler:
    root: Mapping[str, Any]
    numbers: list[float]
    text: str

    def make_value(self, schema: Mapping[str, Any], depth: int = 0) -> Any:
        if "$ref" in schema:
            return self.make_value(self._resolve_ref(schema["$ref"]), depth + 1)
        if "const" in schema:
            return schema["const"]
        if schema.get("enum"):
            return schema["enum"][0]
        for key in ("anyOf", "oneOf", "allOf"):
            if schema.get(key):
                return self.make_value(self._choose_option(schema[key], depth), depth + 1)
        kind = schema.get("type")
        if isinstance(kind, list):
            kinds = cast("list[str]", kind)
            kind = next((name for name in kinds if name != "null"), "null")
        if kind == "object" or "properties" in schema:
            return self._make_object(schema, depth)
        if kind == "array":
            count = int(schema.get("minItems") or 0)
            return [self.make_value(schema.get("items") or {}, depth + 1) for _ in range(count)]
        if kind in ("number", "integer"):
            return self._make_number(schema, whole=kind == "integer")
        if kind == "boolean":
            return True
        return None if kind == "null" else self._make_string(schema)

    def _choose_option(self, options: list[Mapping[str, Any]], depth: int) -> Mapping[str, Any]:
        """Choose the first option that is not null; null at depth, since types may be recursive."""
        null = next((option for option in options if option.get("type") == "null"), None)
        if depth > 6 and null is not None:
            return null
        return next((option for option in options if option is not null), options[0])

    def _resolve_ref(self, ref: str) -> Mapping[str, Any]:
        place: Any = self.root
        for step in ref.removeprefix("#/").split("/"):
            place = place.get(step, {}) if step else place
        return cast(Mapping[str, Any], place)

    def _make_object(self, schema: Mapping[str, Any], depth: int) -> dict[str, Any]:
        properties = cast(Mapping[str, Mapping[str, Any]], schema.get("properties") or {})
        required = set(cast("list[str]", schema.get("required") or []))
        return {
            key: self.make_value(of, depth + 1)
            for key, of in properties.items()
            if key in required or depth < 3
        }

    def _make_number(self, schema: Mapping[str, Any], *, whole: bool) -> float:
        low = schema.get("minimum", schema.get("exclusiveMinimum"))
        high = schema.get("maximum", schema.get("exclusiveMaximum"))
        value = self.numbers.pop() if len(self.numbers) > 1 else (self.numbers or [0])[0]
        if low is not None and value <= low:
            value = low + ("exclusiveMinimum" in schema)
        if high is not None and value >= high:
            value = high - ("exclusiveMaximum" in schema)
        return int(value) if whole or float(value).is_integer() else value

    def _make_string(self, schema: Mapping[str, Any]) -> str:
        if schema.get("format") in _FORMATS:
            return _FORMATS[schema["format"]]
        text = self.text.ljust(int(schema.get("minLength") or 0), ".")
        longest = schema.get("maxLength")
        return text if longest is None else text[: int(longest)]


def fill_schema(schema: Mapping[str, Any], asked: str, answer: str, facts: list[str]) -> Any:
    """Make a value that fits `schema`: numbers are the last ones found or asked about, strings are
    the answer."""
    found = [n for text in (asked, *facts) for n in re.findall(r"-?\d+(?:\.\d+)?", text)]
    numbers = [float(n) if "." in n else int(n) for n in found[-8:]]
    text = facts[-1] if facts and len(facts[-1]) < 200 else answer.partition("\n")[0]
    return _Filler(schema, numbers, text).make_value(schema)
