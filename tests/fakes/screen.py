"""A command at a terminal whose screen is known, as a person sees it."""

from __future__ import annotations

import fcntl
import os
import struct
import termios
import time
from collections.abc import Callable
from pathlib import Path

import pyte

from tests.fakes.command import GUARD_S, Project, Terminal, harness_command

ROWS = 40


class Screen(Terminal):
    """A terminal of some size; `text` is what scrolled away and what stands on it."""

    def __init__(self, project: Project | Path, *words: str, columns: int = 80) -> None:
        folder = project.folder if isinstance(project, Project) else project
        self._screen = pyte.HistoryScreen(columns, ROWS, history=10_000)
        self._stream = pyte.Stream(self._screen)
        self._fed = 0
        super().__init__(harness_command(*words), folder)
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, columns, 0, 0))

    @property
    def text(self) -> str:
        """The lines without spaces at their ends."""
        self._stream.feed(self.seen[self._fed :])
        self._fed = len(self.seen)
        lines = [
            "".join(line[column].data for column in range(self._screen.columns))
            for line in self._screen.history.top
        ]
        return "\n".join(line.rstrip() for line in [*lines, *self._screen.display]).rstrip()

    @property
    def status(self) -> str:
        """The last line."""
        return self.text.rpartition("\n")[2]

    def shows(self, words: str, times: int = 1) -> None:
        """Read until the words are shown, so often."""
        self._read_until(lambda: self.text.count(words) >= times, f"without {words!r}")

    def idles(self) -> None:
        """Read until no answer runs and the person may type in an empty line."""
        self._read_until(self._is_idle, "while it answers")

    def _read_until(self, found: Callable[[], bool], missing: str) -> None:
        end = time.monotonic() + GUARD_S  # times that pass are drawn, so it is never silent
        while not found():
            if time.monotonic() > end or not self._read():
                raise AssertionError(f"ended {missing}:\n{self.text}")

    def _is_idle(self) -> bool:
        """Between two drawings, the lower part may be missing."""
        *_, typed, status = ["", *self.text.split("\n")]
        return typed == "›" and not status.startswith(("answering", "decide", "waiting"))

    def enter(self, text: str) -> None:
        """Type a line."""
        self.type(f"{text}\r")

    def leave(self) -> int:
        """Press Ctrl-D; the exit code."""
        self.type("\x04")
        return self.end()

    def kill(self) -> None:
        """Pull the plug of the command."""
        os.kill(self.pid, 9)
        self.end()
