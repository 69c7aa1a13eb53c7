"""Parse TOML of any origin in bounded time."""

from __future__ import annotations

import re
import tomllib
from typing import Any

MOST_DOTS = 1000
"""In one line, or fewer in each of several: tomllib's time grows with the square of a key's parts,
and takes a minute for 50,000 of them."""
MOST_DEEP = 50
"""Dots in the header of a table: each key below it costs as many steps."""
_NO_KEYS = re.compile(r""" "(?:[^"\\\n]|\\.)*"? | '[^'\n]*'? | \#.* """, re.VERBOSE)
"""Strings and comments. One that does not end matches too, or the search would be quadratic."""


def parse_toml(text: str) -> dict[str, Any]:
    """Parse a text; raises ValueError or RecursionError if it is not TOML, or takes too long."""
    if _is_costly(text):
        raise ValueError("its keys have too many parts")
    return tomllib.loads(text)


def _is_costly(text: str) -> bool:
    """Whether dotted keys would take long to parse. Lines end only where TOML ends them: a quoted
    key may contain other separators. Dots in strings do not count, unless strings may span lines:
    then it is unknown what is quoted, and all dots count."""
    if '"""' not in text and "'''" not in text:
        text = _NO_KEYS.sub("", text)
    lines = [(line.lstrip(), line.count(".")) for line in text.split("\n")]
    if any(dots > MOST_DEEP and line.startswith("[") for line, dots in lines):
        return True
    return sum(dots * dots for _, dots in lines) > MOST_DOTS**2
