"""The arguments of a call as text to read before deciding: all of them, or how much is left out and
where to read the rest. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from harness.contracts.clean_text import clean_line
from harness.contracts.verdicts import Asked, short_digest

LINES = 20
WIDTH = 100
"""Columns after which a line is folded: a long line hides what follows it."""
INDENT = "      "


def argument_lines(asked: Asked, width: int = WIDTH) -> list[str]:
    """Every character of the arguments, in lines of at most `width`; unprintable ones are marked.
    Each line of a multi-line text starts with a bar, so that it cannot pass for an argument."""
    arguments = asked.arguments
    if isinstance(arguments, str):
        return list(_value_lines("arguments", arguments, width))
    return [
        line for name, each in (arguments or {}).items() for line in _value_lines(name, each, width)
    ]


def argument_block(asked: Asked, how: str, *, lines: int | None = LINES) -> list[str]:
    """The first `lines` of them, what is left out, and `how` to read the rest; None: all."""
    if asked.tool is None:
        return []
    found = argument_lines(asked)
    size = len(json.dumps(asked.arguments, ensure_ascii=False))
    facts = f"{size:,} characters, digest {short_digest(asked)}"
    if lines is None or len(found) <= lines:
        return [*(f"{INDENT}{line}" for line in found), f"{INDENT}({facts})"]
    left = f"{len(found) - lines:,} of {len(found):,} lines are not shown: {how}"
    return [*(f"{INDENT}{line}" for line in found[:lines]), f"{INDENT}… {left} ({facts})"]


def _value_lines(name: str, value: Any, width: int) -> Iterator[str]:
    label = clean_line(name)
    if isinstance(value, str) and "\n" in value:
        lines = value.split("\n")
        yield from _fold_line(f"{label}: {len(value):,} characters in {len(lines):,} lines", width)
        for line in lines:
            for piece in _fold_line(clean_line(line), width):
                yield f"│ {piece}"
        return
    text = json.dumps(value, ensure_ascii=False, default=str)
    yield from _fold_line(f"{label} = {clean_line(text)}", width)


def _fold_line(text: str, width: int) -> Sequence[str]:
    return [text[at : at + width] for at in range(0, len(text), width)] or [""]
