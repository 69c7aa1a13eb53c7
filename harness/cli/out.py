"""What a command writes: JSON lines for programs, or words for people."""

from __future__ import annotations

import json as _json
import os
import re
import sys
from typing import TYPE_CHECKING, Any, TextIO

from harness.contracts.clean_text import clean_text
from harness.terminal import exit_codes

if TYPE_CHECKING:
    from rich.console import Console


# None of them has a meaning in JSON outside of texts. A newline may separate objects.
_UNSEEN = re.compile(
    "[\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e0fff]"
)


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
        """Lines for people; with `json`, one object."""
        self._write(_escape(text) if self.json else clean_text(text))

    def data(self, text: str) -> None:
        """JSON that is itself the result, with `json` or without."""
        self._write(_escape(text))

    def _write(self, text: str) -> None:
        self._stdout.write(text + "\n")
        self._stdout.flush()

    @property
    def console(self) -> Console:
        """For people; rich takes 80 ms to load."""
        if self._console is None:
            from harness.terminal.view.console import console

            self._console = console(self._stdout)
        return self._console

    def note(self, text: str) -> None:
        """Something beside the result: stderr, for people only."""
        if not self.json:
            exit_codes.tell(text)

    def error(self, info: dict[str, Any]) -> None:
        if self.json:
            self.line({"error": info})
            return
        fix = info["fix"]
        exit_codes.tell(f"harness: {info['message']}" + (f"\n  {fix}" if fix else ""))


def naming(what: str, message: str) -> str:
    """`message` with what it is about in front, where it does not name that itself."""
    return message if what in message else f"{what}: {message}"


def _take_stdout() -> TextIO:
    kept = os.dup(1)
    os.dup2(2, 1)
    return exit_codes.guarded(kept)


def _escape(text: str) -> str:
    """JSON that means the same, without what could act on a terminal or hide in it."""
    if text.isascii() and text.isprintable():
        return text
    return _UNSEEN.sub(lambda found: _json.dumps(found[0])[1:-1], text)
