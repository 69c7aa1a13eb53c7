"""Make what the API takes from the words of a command."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from harness.care.mistakes import explain_mistake
from harness.cli.history.time_filter import parse_duration
from harness.cli.parser import UsageError

Body = TypeVar("Body", bound=BaseModel)
_SECONDS = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,6})?)s?")
WORDS: Mapping[str, str] = {
    "query": "QUERY", "name": "NAME", "subject": "SUBJECT", "invariant": "INVARIANT",
    "threshold": "THRESHOLD", "operator": "OPERATOR", "text": "TEXT", "title": "TITLE",
    "priority": "PRIORITY", "assignee": "WHO", "link": "TICKET", "unlink": "TICKET",
    "content": "FILE",
    "seconds": "--since", "compare_at": "--compare", "for_seconds": "--for",
    "keep_seconds": "--keep", "window_seconds": "--window", "no_data": "--no-data",
}  # fmt: skip
"""What commands call the fields of the API; others are options of the same name."""
DURATIONS = ("seconds", "compare_at", "for_seconds", "keep_seconds", "window_seconds")
"""Fields whose words are times such as 6h."""


def make_body(
    model: type[Body], fields: Mapping[str, Any], command: str, words: Mapping[str, str] = WORDS
) -> Body:
    """Check the words of a command.

    Args:
        model: What the API takes.
        fields: Its fields, as the command has them.
        command: The command, whose help an error names.
        words: What this command calls fields, where it has names of its own.

    Raises:
        UsageError: They are not what the API takes.
    """
    try:
        return model.model_validate(fields)
    except ValidationError as error:
        of_time = error.errors(include_url=False, include_input=False)[0]["loc"][:1]
        show = _show_time if of_time and of_time[0] in DURATIONS else "{:g}".format
        reason = explain_mistake(error, lambda loc: _name_word(loc, {**WORDS, **words}), show)
        raise UsageError(
            f"{reason[0].upper()}{reason[1:]}.", f"See `harness {command} --help`."
        ) from None


def read_seconds(option: str, text: str) -> float:
    """The value of an option such as 90s, 5m or 1h; a number alone is seconds.

    Raises:
        UsageError: It is not one.
    """
    if match := _SECONDS.fullmatch(text):
        return float(match[1])
    try:
        return parse_duration(option, text).total_seconds()
    except UsageError as error:
        fix = "Use one such as 90s, 5m or 1h; a number alone is seconds."
        raise UsageError(error.message, fix) from None


def _name_word(place: tuple[int | str, ...], words: Mapping[str, str]) -> str:
    if not place:
        return ""
    field = str(place[0])
    return words.get(field, f"--{field.replace('_', '-')}")


def _show_time(seconds: float) -> str:
    return f"{seconds / 86_400:g}d" if seconds >= 86_400 else f"{seconds:g}s"
