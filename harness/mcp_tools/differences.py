"""Describe how what a server declares differs from what was approved."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Mapping

from harness.contracts.clean_text import clean_line
from harness.mcp_tools.declarations import MAX_DESCRIPTION, Declared

MAX_LINES = 40
"""Lines shown of one difference."""
MAX_TEXT = 4 * MAX_DESCRIPTION
"""Characters compared: the comparison takes quadratic time."""


def describe_differences(
    approved: Mapping[str, Declared], now: Mapping[str, Declared]
) -> list[str]:
    """List the differences, as lines that are safe to show."""
    lines: list[str] = []
    for name in sorted({*approved, *now}):
        before, after, shown = approved.get(name), now.get(name), clean_line(name)
        if before is None:
            lines.append(f"{shown} is new")
        elif after is None:
            lines.append(f"{shown} is gone")
        elif changes := before.find_changes(after):
            lines.append(f"{shown}: {' and '.join(changes)}")
            lines += _compare(before, after)
    return lines


def _compare(before: Declared, after: Declared) -> list[str]:
    found = [*difflib.ndiff(list(_lines_of(before)), list(_lines_of(after)))]
    lines = [f"  {line}" for line in found if line.startswith(("+ ", "- "))]
    more = len(lines) - MAX_LINES
    return [*lines[:MAX_LINES], f"  and {more} more lines"] if more > 0 else lines


def _lines_of(declared: Declared) -> Iterator[str]:
    text = declared.description[:MAX_TEXT]
    yield from (clean_line(line)[:MAX_DESCRIPTION] for line in text.split("\n")[:200])
    parameters = json.dumps(declared.parameters, indent=1, sort_keys=True)[:MAX_TEXT]
    yield from (clean_line(line) for line in parameters.split("\n")[:400])
    yield f"hints: {json.dumps(declared.hints, sort_keys=True)}"
