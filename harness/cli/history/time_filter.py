"""Find past runs by start time."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from harness.cli.parser import UsageError
from harness.runs.filter import RunFilter

UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def read_since(text: str | None) -> RunFilter:
    """The runs that started since then; all of them without it."""
    return RunFilter(since=parse_since(text) if text else None)


def parse_since(text: str) -> datetime:
    """The moment a duration such as 7d ago."""
    now = datetime.now(UTC)
    try:
        return now - parse_duration("--since", text)
    except OverflowError:  # before the year 1
        raise _not_a_duration("--since", text) from None


def parse_duration(option: str, text: str) -> timedelta:
    """Parse the value of an option, such as 30m or 7d."""
    match = re.fullmatch(r"([0-9]{1,9})([mhdw])", text)
    if match is None:
        raise _not_a_duration(option, text)
    try:
        return timedelta(**{UNITS[match[2]]: int(match[1])})
    except OverflowError:
        raise _not_a_duration(option, text) from None


def _not_a_duration(option: str, text: str) -> UsageError:
    return UsageError(
        f"{option} must be a duration, not {text!r}.", "Use one such as 30m, 12h, 7d or 2w."
    )
