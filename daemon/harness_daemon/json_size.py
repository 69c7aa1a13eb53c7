"""Counts the values and keys of JSON while it arrives, without parsing it. The parser would hold
the event loop for a second with a body of ten megabytes that is all brackets."""

from __future__ import annotations

import re

_TEXT = re.compile(rb'[^"\\]*+(?:\\.[^"\\]*+)*+', re.DOTALL)
"""The inside of a string, up to its closing quote or a backslash that ends the block."""
_VALUES = (b",", b"[", b"{")


class JsonSize:
    """What the blocks of one body hold so far."""

    def __init__(self) -> None:
        self.values = 0
        """An upper bound: texts, and all that a comma or a bracket begins."""
        self.keys = 0
        self._in_text = False
        self._escaped = False

    def add(self, block: bytes, most_values: int) -> None:
        """Count a block; stops early once there are more than `most_values`."""
        at = 0
        while at < len(block) and self.values <= most_values:
            at = self._pass_text(block, at) if self._in_text else self._pass_marks(block, at)

    def _pass_marks(self, block: bytes, at: int) -> int:
        quote = block.find(b'"', at)
        end = len(block) if quote < 0 else quote
        self.values += sum(block.count(mark, at, end) for mark in _VALUES)
        self.keys += block.count(b":", at, end)
        if quote < 0:
            return end
        self.values += 1
        self._in_text = True
        return quote + 1

    def _pass_text(self, block: bytes, at: int) -> int:
        if self._escaped:
            self._escaped = False
            return at + 1
        found = _TEXT.match(block, at)
        end = found.end() if found else at
        if end == len(block):
            return end
        if block[end] == ord("\\"):  # the last byte: what it escapes is in the next block
            self._escaped = True
        else:
            self._in_text = False
        return end + 1
