"""Where people's output goes: colours on a terminal only, and never when NO_COLOR is set."""

from __future__ import annotations

import sys
from typing import TextIO

from rich.console import Console
from rich.theme import Theme

THEME = Theme({"call": "cyan", "good": "green", "bad": "red", "ask": "yellow", "quiet": "dim"})


def console(out: TextIO | None = None) -> Console:
    return Console(file=out or sys.stdout, theme=THEME, highlight=False, markup=False)
