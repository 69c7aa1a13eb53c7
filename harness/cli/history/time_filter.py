"""Find past runs by a Temporal query and by start time."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from harness.cli.parser import UsageError

UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def query_conditions(query: str | None, since: str | None) -> list[str]:
    """Conditions in Temporal's query language."""
    parts = [f"({query})"] if query else []
    return [*parts, f"StartTime >= '{parse_since(since).isoformat()}'"] if since else parts


def parse_since(text: str) -> datetime:
    """The moment a duration such as 7d ago."""
    match = re.fullmatch(r"(\d+)([mhdw])", text)
    if match is None:
        raise UsageError(
            f"--since must be a duration, not {text!r}.", "Use one such as 30m, 12h, 7d or 2w."
        )
    return datetime.now(UTC) - timedelta(**{UNITS[match[2]]: int(match[1])})
