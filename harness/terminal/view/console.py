"""Where people's output goes: colours on a terminal only, and never when NO_COLOR is set."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TextIO

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.theme import Theme

from harness.contracts.clean_text import clean_text

THEME = Theme({"call": "cyan", "good": "green", "bad": "red", "ask": "yellow", "quiet": "dim"})


class _Console(Console):
    def on_broken_pipe(self) -> None:
        # rich would end the process with 1, which here says that a run has failed.
        raise BrokenPipeError

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        """All that is printed passes here; rich's own control codes are kept apart from text."""
        for segment in super().render(renderable, options):
            if segment.control or (segment.text.isascii() and segment.text.isprintable()):
                yield segment
            else:
                yield Segment(clean_text(segment.text), segment.style)


def console(out: TextIO | None = None) -> Console:
    return _Console(file=out or sys.stdout, theme=THEME, highlight=False, markup=False)
