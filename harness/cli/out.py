"""The output of a command: JSON lines for programs, or text for people."""

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


# Meaningless in JSON outside of strings. A newline may separate objects.
_UNSEEN = re.compile(
    "[\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e0fff]"
)


class Out:
    """stdout is for results. With `json` it carries one object per line, and anything else printed
    there, such as by a user's tool, goes to stderr."""

    def __init__(self, *, json: bool, capability: str | None = None) -> None:
        self.json = json
        self.capability = capability
        """The capability whose command runs."""
        self._stdout: TextIO = _take_stdout() if json else sys.stdout
        self._console: Console | None = None

    def line(self, data: dict[str, Any]) -> None:
        """Write one JSON object.

        Args:
            data: The object.
        """
        self.raw(_json.dumps(data, ensure_ascii=False, default=str))

    def raw(self, text: str) -> None:
        """Write lines for people; with `json`, one object.

        Args:
            text: The lines, or the object as JSON.
        """
        self._write_line(_escape_json(text) if self.json else clean_text(text))

    def data(self, text: str) -> None:
        """Write a result that is JSON in both modes.

        Args:
            text: The result as JSON.
        """
        self._write_line(_escape_json(text))

    def _write_line(self, text: str) -> None:
        self._stdout.write(text + "\n")
        self._stdout.flush()

    @property
    def console(self) -> Console:
        """The console for people; rich takes 80 ms to load."""
        if self._console is None:
            from harness.terminal.view.console import make_console

            self._console = make_console(self._stdout)
        return self._console

    def note(self, text: str) -> None:
        """Write a note to stderr, for people only.

        Args:
            text: The note.
        """
        if not self.json:
            exit_codes.print_message(text)

    def error(self, info: dict[str, Any]) -> None:
        """Write an error with its fix.

        Args:
            info: `HarnessError.info` as JSON data.
        """
        if self.json:
            self.line({"error": info})
            return
        fix = info["fix"]
        exit_codes.print_message(f"harness: {info['message']}" + (f"\n  {fix}" if fix else ""))


def name_subject(what: str, message: str) -> str:
    """`message`, prefixed with `what` unless it already names it."""
    return message if what in message else f"{what}: {message}"


def _take_stdout() -> TextIO:
    kept = os.dup(1)
    os.dup2(2, 1)
    return exit_codes.open_guarded(kept)


def _escape_json(text: str) -> str:
    """Equivalent JSON without characters that a terminal would act on or hide."""
    if text.isascii() and text.isprintable():
        return text
    return _UNSEEN.sub(lambda found: _json.dumps(found[0])[1:-1], text)
