"""Describe how what a server declares differs from what was approved."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from difflib import SequenceMatcher

from harness.contracts.clean_text import clean_line
from harness.mcp_tools.declarations import MAX_DESCRIPTION, Declared
from harness.mcp_tools.schema_check import MAX_SCHEMA


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
    """All lines that differ, of all that models read: what is left out could be approved unseen."""
    old, new = list(_lines_of(before)), list(_lines_of(after))
    lines: list[str] = []
    for kind, old_from, old_to, new_from, new_to in SequenceMatcher(None, old, new).get_opcodes():
        if kind != "equal":
            lines += [f"  - {line}" for line in old[old_from:old_to]]
            lines += [f"  + {line}" for line in new[new_from:new_to]]
    return lines


def _lines_of(declared: Declared) -> Iterator[str]:
    yield from map(clean_line, declared.description[:MAX_DESCRIPTION].split("\n"))
    parameters = json.dumps(declared.parameters, indent=1, sort_keys=True)
    if len(json.dumps(declared.parameters)) > MAX_SCHEMA:
        digest = hashlib.sha256(parameters.encode()).hexdigest()
        yield f"parameters that are too large to be used, SHA-256 {digest}"
    else:
        yield from map(clean_line, parameters.split("\n"))
    yield f"hints: {json.dumps(declared.hints, sort_keys=True)}"
