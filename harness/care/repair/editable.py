"""Which files the patterns of `editable` name. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase

ANY = "**"


ATTRIBUTES = ".gitattributes"
"""Says how git writes other files to the disk, so that they differ from what was approved."""


def is_editable(path: str, patterns: Iterable[str]) -> bool:
    """Whether one of the patterns names this file, and agents may edit it at all."""
    parts = path.split("/")
    if parts[-1].lower() == ATTRIBUTES:
        return False
    return any(_is_named(parts, pattern.split("/")) for pattern in patterns)


def _is_named(parts: list[str], pattern: list[str]) -> bool:
    """`*` stays in its folder; `**` is any number of folders, and at the end all that is in one."""
    ends = {0}  # where in the path what was read of the pattern may end
    for number, word in enumerate(pattern, 1):
        if word == ANY:
            least = min(ends, default=len(parts)) + (number == len(pattern))
            ends = set(range(least, len(parts) + 1))
        else:
            ends = {end + 1 for end in ends if end < len(parts) and fnmatchcase(parts[end], word)}
    return len(parts) in ends
