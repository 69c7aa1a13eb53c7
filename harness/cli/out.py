"""What a command writes: JSON lines for programs, or words for people."""

from __future__ import annotations

import json as _json
import os
import sys
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from rich.console import Console


class Out:
    """stdout belongs to results. With `json` it is one object a line: what anything else prints
    there, such as a tool of the user's, goes to stderr."""

    def __init__(self, *, json: bool) -> None:
        self.json = json
        self._stdout: TextIO = _take_stdout() if json else sys.stdout
        self._console: Console | None = None

    def line(self, data: dict[str, Any]) -> None:
        """One JSON object."""
        self.raw(_json.dumps(data, ensure_ascii=False, default=str))

    def raw(self, text: str) -> None:
        self._stdout.write(text + "\n")
        self._stdout.flush()

    @property
    def console(self) -> Console:
        """For people; rich takes 80 ms to load."""
        if self._console is None:
            from harness.terminal.console import console

            self._console = console(self._stdout)
        return self._console

    def note(self, text: str) -> None:
        """Something beside the result: stderr, for people only."""
        if not self.json:
            sys.stderr.write(f"{text}\n")
            sys.stderr.flush()

    def error(self, info: dict[str, Any]) -> None:
        if self.json:
            self.line({"error": info})
            return
        fix = info["fix"]
        sys.stderr.write(f"harness: {info['message']}\n" + (f"  {fix}\n" if fix else ""))


def _take_stdout() -> TextIO:
    kept = os.dup(1)
    os.dup2(2, 1)
    return os.fdopen(kept, "w", encoding="utf-8", errors="backslashreplace")
