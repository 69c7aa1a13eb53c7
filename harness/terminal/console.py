"""Where people's output goes: colours on a terminal only, and never when NO_COLOR is set."""

from __future__ import annotations

import sys
from typing import TextIO

from rich.console import Console
from rich.theme import Theme

THEME = Theme({"call": "cyan", "good": "green", "bad": "red", "ask": "yellow", "quiet": "dim"})


class _Console(Console):
    def on_broken_pipe(self) -> None:
        # rich would end the process with 1, which here says that a run has failed.
        raise BrokenPipeError


def console(out: TextIO | None = None) -> Console:
    return _Console(file=out or sys.stdout, theme=THEME, highlight=False, markup=False)
