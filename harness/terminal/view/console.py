"""The console for people: colours only on a terminal, and never with NO_COLOR."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from typing import TextIO

from rich.console import Console, ConsoleOptions, RenderableType
from rich.padding import Padding
from rich.segment import Segment
from rich.text import Text
from rich.theme import Theme

from harness.contracts.clean_text import clean_text

THEME = Theme({"call": "cyan", "good": "green", "bad": "red", "ask": "yellow", "quiet": "dim"})

NARROW = 80
"""Columns below which tables become lists."""


class _Console(Console):
    def on_broken_pipe(self) -> None:
        # rich would exit with 1, which here means that a run failed.
        raise BrokenPipeError

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        """Clean all printed text; rich's own control codes are separate segments."""
        for segment in super().render(renderable, options):
            if segment.control or (segment.text.isascii() and segment.text.isprintable()):
                yield segment
            else:
                yield Segment(clean_text(segment.text), segment.style)


def make_console(
    out: TextIO | None = None, *, width: int | None = None, terminal: bool | None = None
) -> Console:
    """A console; `terminal`: whether `out` leads to one, if that cannot be asked."""
    return _Console(
        file=out or sys.stdout, theme=THEME, highlight=False, markup=False, emoji=False,
        width=width, force_terminal=terminal,
    )  # fmt: skip


def width_of(out: Console) -> int | None:
    """The visible columns; None if unknown, as in a file or a pipe."""
    known = out.is_terminal or os.environ.get("COLUMNS", "").isdigit()
    return out.width if known else None


def is_narrow(out: Console) -> bool:
    width = width_of(out)
    return width is not None and width < NARROW


def print_indented(out: Console, text: Text, indent: int) -> None:
    """Print text wrapped at words and indented."""
    out.print(Padding(text, (0, 0, 0, indent)), overflow="fold")
