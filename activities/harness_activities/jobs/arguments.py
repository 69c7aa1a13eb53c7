"""Describe what is wrong with the arguments of a tool call, so that a model can correct them."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any, cast

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

MAX_SHOWN = 5
MAX_WORDS = 300
MAX_VALUE = 80


def find_problems(content: bytes) -> bytes:
    """Convert {"schema", "arguments"} to [problems, whether nulls were dropped], as JSON."""
    try:
        asked = json.loads(content)
        schema = asked["schema"]
        found = check_arguments(Draft202012Validator(schema), schema, asked["arguments"])
    except RecursionError:
        found = ["they are nested too deeply"], False
    except ValueError as error:
        found = [cut_text(str(error))], False
    return json.dumps(found).encode()


def check_arguments(
    validator: Any, schema: Mapping[str, Any], arguments: Mapping[str, Any]
) -> tuple[list[str], bool]:
    problems = _list_problems(validator, arguments)
    if not problems:
        return [], False
    # Strict modes of providers send null for omitted arguments.
    return _list_problems(validator, without_nulls(schema, arguments)), True


def without_nulls(schema: Mapping[str, Any], arguments: Mapping[str, Any]) -> dict[str, Any]:
    needed = schema.get("required", ())
    return {name: value for name, value in arguments.items() if value is not None or name in needed}


def _list_problems(validator: Any, arguments: Mapping[str, Any]) -> list[str]:
    found: Iterable[ValidationError] = validator.iter_errors(arguments)
    return list(dict.fromkeys(_describe_problem(problem) for problem in islice(found, MAX_SHOWN)))


def _describe_problem(error: ValidationError) -> str:
    schema = cast("dict[str, Any]", error.schema)
    where = format_path(error.absolute_path)
    if error.validator == "additionalProperties":
        known: list[str] = list(schema.get("properties", {}))
        extra = [name for name in cast("dict[str, Any]", error.instance) if name not in known]
        near = difflib.get_close_matches(extra[0], known, n=1, cutoff=0.5) if extra else []
        meant = f"; did you mean {near[0]}?" if near else f"; known are: {', '.join(known)}"
        names = ", ".join(format_value(name) for name in extra[:MAX_SHOWN])
        return f"{where}: unknown {names}{meant}"
    if error.validator == "required":
        return f"{where}: {cut_text(error.message)}"
    shown = {key: value for key, value in schema.items() if key not in ("description", "default")}
    return f"{where}: {format_value(error.instance)} is wrong, expected {cut_text(as_json(shown))}"


def format_path(steps: Iterable[str | int]) -> str:
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps)
    return cut_text(text.removeprefix(".")) or "the object"


def as_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


def format_value(value: Any) -> str:
    return cut_text(as_json(value), MAX_VALUE)


def cut_text(text: str, limit: int = MAX_WORDS) -> str:
    return text if len(text) <= limit else f"{text[:limit]}..."
