"""Parse a typed result: the final text as JSON, validated against the agent's schema."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from jsonschema.protocols import Validator
from jsonschema.validators import validator_for
from pydantic_core import from_json, to_json


def read_output(text: str, schema: dict[str, Any]) -> tuple[Any, str | None]:
    """Return the data, or an explanation for the model of why the text is invalid."""
    try:
        data = from_json(text)
    except ValueError as error:
        return None, f"Your answer must be JSON alone, but it cannot be read: {error}"
    errors = sorted(_make_validator(to_json(schema)).iter_errors(data), key=lambda e: list(e.path))
    if not errors:
        return data, None
    problems = "; ".join(
        f"{'.'.join(map(str, error.path)) or 'the whole'}: {error.message}" for error in errors[:5]
    )
    return None, f"Your answer does not fit the required schema. {problems}. Answer again."


@lru_cache(maxsize=64)
def _make_validator(schema: bytes) -> Validator:
    parsed = from_json(schema)
    return validator_for(parsed)(parsed)
