"""Split Markdown that arrives in pieces into blocks that are complete. Pure.

A complete block is printed once and scrolls away with the terminal; only the last one, which may
still change, is drawn again. How the text was cut into pieces makes no difference: lines decide.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

from harness.terminal.chat.bounds import MOST_CHARACTERS, MOST_LINES

FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
LIST_ITEM = re.compile(r" {0,3}([-*+]|\d{1,9}[.)])(\s|$)")
HEADING = re.compile(r" {0,3}#{1,6}(\s|$)")


@dataclass(frozen=True)
class Block:
    """A part of the text that is drawn on its own: Markdown, or the code inside a fence."""

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
            last = self._take_heads(line, found)
            found += self._take_line(last.removesuffix("\r"))
        self._rest = self._take_heads(self._rest, found)
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

    @property
    def _most(self) -> int:
        return MOST_CHARACTERS["text" if self._fence is None else "code"]

    def _take_heads(self, line: str, found: list[Block]) -> str:
        """Cut a line that is too long, where words end; what is left of it."""
        at = 0
        while len(line) - at > (most := self._most):
            end = line.rfind(" ", at + most // 2, at + most) + 1 or at + most
            found += self._take_line(line[at:end])
            found += self._close(cut=True)
            at = end
        return line[at:]

    def _take_line(self, line: str) -> list[Block]:
        if self._fence is not None:
            return self._take_code(line)
        opening, found = _find_fence(line), list[Block]()
        listed = bool(self._lines) and bool(LIST_ITEM.match(self._lines[0]))
        if opening and not (listed and line.startswith(" ")):
            found = self._close()
            self._fence, self._language = opening
            return found
        blank = not line.strip()
        if not blank and self._starts_block(line, listed=listed):
            found = self._close()
        if not blank or self._lines:
            found += self._add(line)
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
        return self._add(line) + self._limit()

    def _starts_block(self, line: str, *, listed: bool) -> bool:
        """Whether a line after the open block cannot belong to it."""
        if not self._lines:
            return False
        if HEADING.match(line):
            return True
        if not self._blank or line.startswith((" ", "\t")):
            return False
        return not (listed and LIST_ITEM.match(line))

    def _add(self, line: str) -> list[Block]:
        found = list[Block]()
        while self._lines and self._size + len(line) > self._most:
            found += self._cut_open()
        self._lines.append(line)
        self._size += len(line) + 1
        return found

    def _limit(self) -> list[Block]:
        long = len(self._lines) >= MOST_LINES or self._size >= self._most
        return self._cut_open() if long else []

    def _cut_open(self) -> list[Block]:
        """Close the open block because of its length. The last item of a list stays open with all
        that is in it, which would be something else without it."""
        kept = self._lines[self._last_item() :]
        if len(kept) == len(self._lines) or sum(map(len, kept)) > self._most // 2:
            kept = []
        del self._lines[len(self._lines) - len(kept) :]
        found = self._close(cut=True)
        self._lines += kept
        self._size = sum(len(line) + 1 for line in kept)
        return found

    def _last_item(self) -> int:
        """Where the last item of the open list begins; 0 if it has one item, or is no list."""
        if self._fence is not None or not LIST_ITEM.match(self._lines[0]):
            return 0
        outer = len(self._lines[0]) - len(self._lines[0].lstrip())
        for place in range(len(self._lines) - 1, MOST_LINES // 2, -1):
            line = self._lines[place]
            if LIST_ITEM.match(line) and len(line) - len(line.lstrip()) <= outer:
                return place
        return 0

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


def _find_fence(line: str) -> tuple[str, str] | None:
    """What opens code, and the code's language. Without backtracking: it is asked of each line."""
    opening = FENCE.match(line)
    if opening is None or "`" in (about := line[opening.end() :]):
        return None
    return opening[1], next(iter(about.split(maxsplit=1)), "")
