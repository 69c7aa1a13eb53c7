"""Find lines of a file."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator

MAX_SHOWN = 1_000


def find_lines(content: bytes, *, pattern: str, regex: bool, ignore_case: bool, most: int) -> bytes:
    """Return number and beginning of up to `most` matching lines, as JSON."""
    matches = _make_matcher(pattern, regex, ignore_case)
    found: list[tuple[int, str]] = []
    for number, line in enumerate(_iterate_lines(content), 1):
        if matches(line):
            found.append((number, line[:MAX_SHOWN]))
            if len(found) >= most:
                break
    return json.dumps(found).encode()


def _make_matcher(pattern: str, regex: bool, ignore_case: bool) -> Callable[[str], object]:
    if regex:
        try:
            return re.compile(pattern, re.IGNORECASE if ignore_case else 0).search
        except (re.error, RecursionError, OverflowError) as error:
            raise ValueError(f"The regular expression is wrong: {error}.") from None
    wanted = pattern.casefold() if ignore_case else pattern
    return lambda line: wanted in (line.casefold() if ignore_case else line)


def _iterate_lines(content: bytes) -> Iterator[str]:
    """Yield lines one at a time: a list of a million lines would take many times their bytes."""
    start = 0
    while start < len(content):
        end = content.find(b"\n", start)
        end = len(content) if end < 0 else end
        yield content[start:end].decode(errors="replace").removesuffix("\r")
        start = end + 1
