"""Split Markdown that arrives in pieces into blocks that are complete. Pure.

A complete block is printed once and scrolls away with the terminal; only the last one, which may
still change, is drawn again. How the text was cut into pieces makes no difference: lines decide.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

MOST_LINES = 200
MOST_CHARACTERS = 16_000
"""A longer block is cut: drawing an endless one again and again would take ever longer."""

FENCE = re.compile(r" {0,3}(`{3,}|~{3,})\s*([^\s`]*)[^`]*$")
LIST_ITEM = re.compile(r" {0,3}([-*+]|\d{1,9}[.)])(\s|$)")
HEADING = re.compile(r" {0,3}#{1,6}(\s|$)")


@dataclass(frozen=True)
class Block:
    """A part of the text that is shown by itself: Markdown, or the code of a fence."""

    kind: Literal["text", "code"]
    text: str
    language: str = ""
    continues: bool = False
    """It goes on with the block before it, which was cut because of its length."""


@dataclass
class BlockSplitter:
    """Takes pieces of Markdown; hands out blocks that are complete."""

    _lines: list[str] = field(default_factory=list[str])
    """The lines of the open block."""
    _rest: str = ""
    """The last line, as far as it is known."""
    _size: int = 0
    _fence: str | None = None
    """What opened the code that the lines belong to."""
    _language: str = ""
    _blank: bool = False
    """The line before was blank."""
    _cut: bool = False
    """The open block is the rest of one that was cut."""

    def feed(self, piece: str) -> list[Block]:
        """Take a piece; the blocks that are complete now."""
        found = list[Block]()
        *lines, self._rest = (self._rest + piece).split("\n")
        for line in lines:
            found += self._take_line(line.removesuffix("\r"))
        while len(self._rest) > MOST_CHARACTERS:
            head, self._rest = self._rest[:MOST_CHARACTERS], self._rest[MOST_CHARACTERS:]
            found += self._take_line(head)
            found += self._close(cut=True)
        return found

    def finish(self) -> list[Block]:
        """The blocks of the rest: the text has ended."""
        found = self._take_line(self._rest.removesuffix("\r")) if self._rest else []
        self._rest = ""
        found += self._close()
        self._fence, self._blank, self._cut = None, False, False
        return found

    @property
    def open(self) -> Block | None:
        """The last block as it is now."""
        lines = [*self._lines, self._rest] if self._rest else self._lines
        text = "\n".join(lines)
        return self._block(text) if text.strip() else None

    def _take_line(self, line: str) -> list[Block]:
        if self._fence is not None:
            return self._take_code(line)
        opening, found = FENCE.match(line), list[Block]()
        listed = bool(self._lines) and bool(LIST_ITEM.match(self._lines[0]))
        if opening and not (listed and line.startswith(" ")):
            found = self._close()
            self._fence, self._language = opening[1], opening[2]
            return found
        blank = not line.strip()
        if not blank and self._starts_block(line, listed=listed):
            found = self._close()
        if not blank or self._lines:
            self._add(line)
        self._blank = blank
        if HEADING.match(line):
            found += self._close()
        return found + self._limit()

    def _take_code(self, line: str) -> list[Block]:
        fence, bare = self._fence or "", line.strip()
        if (
            len(bare) >= len(fence)
            and set(bare) == {fence[0]}
            and len(line) - len(line.lstrip()) < 4
        ):
            found = self._close()
            self._fence, self._language, self._blank, self._cut = None, "", False, False
            return found
        self._add(line)
        return self._limit()

    def _starts_block(self, line: str, *, listed: bool) -> bool:
        """Whether a line after the open block cannot belong to it."""
        if not self._lines:
            return False
        if HEADING.match(line):
            return True
        if not self._blank or line.startswith((" ", "\t")):
            return False
        return not (listed and LIST_ITEM.match(line))

    def _add(self, line: str) -> None:
        self._lines.append(line)
        self._size += len(line) + 1

    def _limit(self) -> list[Block]:
        long = len(self._lines) >= MOST_LINES or self._size >= MOST_CHARACTERS
        return self._close(cut=True) if long else []

    def _close(self, *, cut: bool = False) -> list[Block]:
        """End the open block. One that is cut goes on with the next."""
        text = "\n".join(self._lines)
        if self._fence is None:
            text = text.rstrip()
        found = [self._block(text)] if text.strip() else []
        self._lines.clear()
        self._size, self._cut = 0, cut and (bool(found) or self._cut)
        return found

    def _block(self, text: str) -> Block:
        kind = "text" if self._fence is None else "code"
        return Block(kind, text, self._language if kind == "code" else "", self._cut)
