"""The variables of a prompt template: how they are declared, and which values fit. Pure."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Sequence
from typing import Annotated, Literal, cast

from pydantic import Field, StrictBool, StrictFloat, StrictInt, StrictStr, StringConstraints

from harness.contracts.base import Word
from harness.contracts.prompt import Value

MAX_VARIABLES = 50
MAX_CHOICES = 100
MAX_ITEMS = 100
MAX_LENGTH = 100_000
DEFAULT_LENGTH = 10_000
MAX_INTEGER = 2**53 - 1
"""Larger ones do not survive JSON in every language."""
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")

Type = Literal["string", "integer", "number", "boolean", "strings", "enum"]
Choice = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=200)]

MEANINGS: dict[Type, str] = {
    "string": "a text",
    "integer": "an integer",
    "number": "a number",
    "boolean": "true or false",
    "strings": "a list of texts",
    "enum": "one of its choices",
}


class Variable(Word):
    """The declaration of a variable."""

    type: Type = "string"
    description: Annotated[str, StringConstraints(strict=True, max_length=500)] | None = None
    default: StrictBool | StrictInt | StrictFloat | StrictStr | tuple[StrictStr, ...] | None = None
    """Without one, the variable is required."""
    max_length: int | None = Field(default=None, strict=True, ge=1, le=MAX_LENGTH)
    """Characters of a text, or of each text of a list."""
    choices: tuple[Choice, ...] | None = Field(default=None, min_length=1, max_length=MAX_CHOICES)

    @property
    def required(self) -> bool:
        return self.default is None

    @property
    def meaning(self) -> str:
        """What a value is, for people."""
        if self.type == "enum":
            return f"one of {', '.join(self.choices or ())}"
        return MEANINGS[self.type]


class Unfit(Exception):
    """Why a value or a declaration does not fit; the caller adds which variable it is."""


def check_declaration(variable: Variable) -> None:
    """Raise Unfit if the parts of a declaration contradict each other."""
    if (variable.type == "enum") is not (variable.choices is not None):
        raise Unfit("choices belong to the type enum, and an enum needs them")
    for choice in variable.choices or ():
        check_text(choice)
    if variable.max_length is not None and variable.type not in ("string", "strings"):
        raise Unfit("only a string and strings have a max_length")
    if variable.default is not None:
        try:
            fit_value(variable, variable.default)
        except Unfit as error:
            raise Unfit(f"its default does not fit: {error}") from None


def check_text(text: str) -> str:
    """The text with newlines as `\\n`; Unfit if it has control characters or half a character."""
    text = text.replace("\r\n", "\n")
    if found := _CONTROL.search(text):
        raise Unfit(f"the character U+{ord(found[0]):04X} is not allowed in a prompt")
    return text


def fit_value(variable: Variable, value: object) -> Value:
    """The value as it is pinned; Unfit if it is not of the variable's type."""
    fitted = _FIT[variable.type](variable, value)
    if fitted is None:
        raise Unfit(f"{_shorten(value)} is not {variable.meaning}")
    return fitted


def write_value(value: Value) -> str:
    """A value as the prompt has it: a text as it is, everything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def read_words(variable: Variable, words: Sequence[str]) -> object:
    """The value that a command line gives: one word, or several for a list."""
    if variable.type == "strings":
        return tuple(words)
    if len(words) > 1:
        raise Unfit(f"it is {variable.meaning}, and is given {len(words)} times")
    word = words[0]
    match variable.type:
        case "boolean":
            return {"true": True, "false": False}.get(word, word)
        case "integer" | "number":
            return _read_number(word)
        case _:
            return word


def _read_number(word: str) -> object:
    try:
        found = cast("object", json.loads(word)) if len(word) <= 40 else word
    except ValueError:
        return word
    return found if isinstance(found, int | float) else word


def _fit_string(variable: Variable, value: object) -> Value | None:
    if not isinstance(value, str):
        return None
    most = variable.max_length or DEFAULT_LENGTH
    if len(value) > most:
        raise Unfit(f"it has {len(value):,} characters, of {most:,} at most")
    return check_text(value)


def _fit_integer(variable: Variable, value: object) -> Value | None:  # noqa: ARG001
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    if abs(value) > MAX_INTEGER:
        raise Unfit(f"it exceeds {MAX_INTEGER:,}")
    return value


def _fit_number(variable: Variable, value: object) -> Value | None:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return _fit_integer(variable, value)


def _fit_boolean(variable: Variable, value: object) -> Value | None:  # noqa: ARG001
    return value if isinstance(value, bool) else None


def _fit_strings(variable: Variable, value: object) -> Value | None:
    if isinstance(value, str) or not isinstance(value, Sequence):
        return None
    items = cast("Sequence[object]", value)
    if len(items) > MAX_ITEMS:
        raise Unfit(f"it has {len(items)} items, of {MAX_ITEMS} at most")
    fitted = [_fit_string(variable, each) for each in items]
    texts = tuple(each for each in fitted if isinstance(each, str))
    return texts if len(texts) == len(items) else None


def _fit_enum(variable: Variable, value: object) -> Value | None:
    return value if isinstance(value, str) and value in (variable.choices or ()) else None


_FIT: dict[Type, Callable[[Variable, object], Value | None]] = {
    "string": _fit_string,
    "integer": _fit_integer,
    "number": _fit_number,
    "boolean": _fit_boolean,
    "strings": _fit_strings,
    "enum": _fit_enum,
}


def _shorten(value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return "that number" if abs(value) > MAX_INTEGER else repr(value)
    if isinstance(value, str | float | bool):
        return repr(value[:40] if isinstance(value, str) else value)
    return f"a {type(value).__name__}"
