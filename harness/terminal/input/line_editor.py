"""Edit a line at the terminal, starting from a given text; can be cancelled.

`input()` cannot: its thread would keep reading input meant for the next question.
"""

from __future__ import annotations

import asyncio
import codecs
import contextlib
import os
import re
import sys
from collections.abc import Generator, Sequence
from shutil import get_terminal_size

from rich.cells import cell_len, chop_cells

from harness.contracts.clean_text import clean_line

KEY = re.compile(r"\x1b\[[0-9;]*[A-Za-z~]|\x1bO[A-Za-z]|\x1b[^\[O]|[^\x1b]", re.DOTALL)
LONGEST_KEY = 16
"""Characters of one; longer sequences that match no key are dropped."""
ENDS = {"\r", "\n"}
LEAVE = "\x04"

_ahead = bytearray()
"""Input typed after the last line that was read; it belongs to the next line."""


class Line:
    """The text, the cursor in it, and what keys do to them."""

    def __init__(self, text: str = "", history: Sequence[str] = ()) -> None:
        self.text, self.at = text, len(text)
        self._lines = [*history, text]
        self._place = len(self._lines) - 1

    def press_key(self, key: str) -> None:
        if (to := self._cursor_target(key)) is not None:
            self.at = min(max(0, to), len(self.text))
        elif key.isprintable():
            self.text = self.text[: self.at] + key + self.text[self.at :]
            self.at += len(key)
        else:
            self._change_text(key)

    def _cursor_target(self, key: str) -> int | None:
        """The position that a key moves the cursor to."""
        match key:
            case "\x1b[D" | "\x1bOD" | "\x02":
                return self.at - 1
            case "\x1b[C" | "\x1bOC" | "\x06":
                return self.at + 1
            case "\x1b[H" | "\x1bOH" | "\x1b[1~" | "\x01":
                return 0
            case "\x1b[F" | "\x1bOF" | "\x1b[4~" | "\x05":
                return len(self.text)
            case _:
                return None

    def _change_text(self, key: str) -> None:
        match key:
            case "\x7f" | "\x08":
                self._delete_range(self.at - 1, self.at)
            case "\x1b[3~" | "\x04":
                self._delete_range(self.at, self.at + 1)
            case "\x15":
                self._delete_range(0, self.at)
            case "\x0b":
                self._delete_range(self.at, len(self.text))
            case "\x17":
                self._delete_range(len(self.text[: self.at].rstrip().rpartition(" ")[0]), self.at)
            case "\x1b[A" | "\x1bOA":
                self._recall_line(-1)
            case "\x1b[B" | "\x1bOB":
                self._recall_line(1)
            case _:
                pass

    def visible_part(self, room: int) -> tuple[str, int]:
        """The part around the cursor that fits into `room` columns, and the cursor's column."""
        before, after = clean_line(self.text[: self.at]), clean_line(self.text[self.at :])
        left = before
        if cell_len(before) >= room:
            left = "…" + _last_cells(before[-room:], room - 2)
        rest = chop_cells(after, max(1, room - cell_len(left)))
        return left + (rest[0] if rest else ""), cell_len(left)

    def _delete_range(self, start: int, end: int) -> None:
        start = max(0, start)
        self.text = self.text[:start] + self.text[end:]
        self.at = min(start, len(self.text))

    def _recall_line(self, step: int) -> None:
        self._lines[self._place] = self.text
        self._place = min(max(0, self._place + step), len(self._lines) - 1)
        self.text = self._lines[self._place]
        self.at = len(self.text)


async def edit_line(prompt: str, text: str = "", history: Sequence[str] = ()) -> str | None:
    """The line after Enter; None for Ctrl-D on an empty line, or at the end of input."""
    line, typed = Line(text, history), codecs.getincrementaldecoder("utf-8")("replace")
    keys = ""
    with _end_line(), _single_keys(), _watch_input() as ready:
        _draw_line(prompt, line)
        while True:
            if not _ahead:
                await ready.wait()
                ready.clear()
                piece = os.read(0, 4096)
                if not piece:
                    return None
                _ahead.extend(piece)
            while _ahead:
                keys += typed.decode(bytes([_ahead.pop(0)]))
                if (found := KEY.fullmatch(keys)) is None:
                    keys = keys if len(keys) < LONGEST_KEY else ""
                    continue
                keys = ""
                if found[0] in ENDS or (found[0] == LEAVE and not line.text):
                    return None if found[0] == LEAVE else line.text
                line.press_key(found[0])
            _draw_line(prompt, line)


def take_ahead() -> bytes:
    """Take the input typed after the last line, up to the end of the next one."""
    end = _ahead.find(b"\n") + 1 or len(_ahead)
    taken = bytes(_ahead[:end])
    del _ahead[:end]
    return taken


def drop_ahead() -> None:
    """Drop the input typed so far: it was not meant for the question that follows."""
    import termios

    _ahead.clear()
    with contextlib.suppress(termios.error):
        termios.tcflush(0, termios.TCIFLUSH)


@contextlib.contextmanager
def _end_line() -> Generator[None]:
    """End the line, also if the question was withdrawn."""
    try:
        yield
    finally:
        sys.stdout.write("\n")
        sys.stdout.flush()


def _last_cells(text: str, room: int) -> str:
    while cell_len(text) > room:
        text = text[1:]
    return text


def _draw_line(prompt: str, line: Line) -> None:
    room = max(10, get_terminal_size().columns - cell_len(prompt) - 1)
    shown, column = line.visible_part(room)
    back = f"\r\x1b[{cell_len(prompt) + column}C" if cell_len(prompt) + column else "\r"
    sys.stdout.write(f"\r{prompt}{shown}\x1b[K{back}")
    sys.stdout.flush()


@contextlib.contextmanager
def _watch_input() -> Generator[asyncio.Event]:
    loop, ready = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(0, ready.set)
    try:
        yield ready
    finally:
        loop.remove_reader(0)


@contextlib.contextmanager
def _single_keys() -> Generator[None]:
    """Deliver each key at once, without echo; Ctrl-C stays a signal."""
    import termios

    before = termios.tcgetattr(0)
    now = [*before]
    now[3] &= ~(termios.ICANON | termios.ECHO)
    termios.tcsetattr(0, termios.TCSADRAIN, now)
    try:
        yield
    finally:
        termios.tcsetattr(0, termios.TCSADRAIN, before)
