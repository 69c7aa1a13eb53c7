"""Shows the runs of a chat: Markdown as it streams, a card for each tool call, and what happens
otherwise in the words of `RunView`."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

from rich.cells import cell_len, set_cell_size
from rich.console import Console

from harness.contracts import event as e
from harness.contracts.clean_text import clean_line
from harness.contracts.event import Event
from harness.terminal.chat.blocks import Block, BlockSplitter
from harness.terminal.chat.markdown import draw_block, print_blocks, print_wrapped
from harness.terminal.chat.screen import Canvas, Screen
from harness.terminal.input.attend import PRESSED
from harness.terminal.view.console import make_console
from harness.terminal.view.live import RunView
from harness.terminal.view.text import clean_shown, format_call, format_duration, one_line

RESULT_LINES = 3
RESULT_LINE = 200
"""Characters of a line of a result."""
SHOW_ELAPSED_S = 1.0


@dataclass
class _Call:
    """A tool call that runs."""

    title: str
    since: float
    progress: str = ""


class ChatView(RunView):
    """The view of one run of a chat."""

    def __init__(self, screen: Screen, hints: Container[str] = ()) -> None:
        super().__init__(make_screen_console(screen.print), brief=True)
        self._hints = hints
        """Those that this person has sent, and so has seen."""
        self._screen = screen
        self._blocks = BlockSplitter()
        self._text = list[str]()
        """Of the current reply, in the pieces in which it was streamed."""
        self._drawn: tuple[Block, int, list[str]] | None = None
        """The open block as it was drawn last, and for which width."""
        self._first = True
        """No block of the current reply has been printed."""
        self._gap = False
        """An empty line belongs before the next text."""
        self._calls: dict[str, _Call] = {}
        self._since: float | None = None
        """When the model began to work on the reply that is open."""
        self._rules: dict[type[Any], Callable[[Any], None]] = {
            e.ModelCalled: self._model_called,
            e.OutputDelta: self._output_delta,
            e.OutputReset: self._output_reset,
            e.ModelReplied: self._model_replied,
            e.ModelFailed: self._model_failed,
            e.ToolCallRequested: self._tool_requested,
            e.ToolCallStarted: self._tool_started,
            e.ToolProgress: self._tool_progress,
            e.ToolCallFinished: self._tool_finished,
            e.HintReceived: self._hint_received,
            e.AbortRequested: self._abort_requested,
            e.RunEnded: self._run_ended,
        }
        screen.live = self.draw_live

    def show(self, event: Event) -> None:
        rule = self._rules.get(type(event))
        if rule is None:
            super().show(event)
        else:
            rule(event)
        self._screen.redraw()

    def draw_live(self) -> str:
        """The open block and what runs now, at most as many rows as there is room for."""
        width, rows = self._screen.columns, self._screen.rows
        lines = [line for call in self._calls.values() for line in self._card(call, width)]
        if self._since is not None and not self._text:
            lines.append(_dim(f"· thinking {_elapsed(self._since)}".rstrip(), width))
        text = self._draw_open(width)
        return "\n".join([*text, *lines][-rows:])

    @property
    def untouched(self) -> bool:
        """Whether nothing has been printed since the question, or since a reply began."""
        return self._first and not self._gap

    def interject(self) -> None:
        """Something else was printed: an empty line belongs before the next text."""
        self._gap = True

    # --- text

    def _model_called(self, event: e.ModelCalled) -> None:
        super().show(event)
        self._begin_reply()
        self._since = event.at

    def _output_delta(self, event: e.OutputDelta) -> None:
        self._text.append(event.text)
        self._print_blocks(self._blocks.feed(event.text))

    def _output_reset(self, event: e.OutputReset) -> None:
        shown = bool(self._text)
        self._begin_reply()
        if shown:
            super().show(event)
            self.note("  (discarded: the model is restarting this answer)")

    def _model_replied(self, event: e.ModelReplied) -> None:
        self._show_reasoning(event)
        text, streamed = event.message.text, "".join(self._text)
        if text.startswith(streamed):  # the reply is the truth; what streamed may lack its end
            self._print_blocks(self._blocks.feed(text[len(streamed) :]))
        else:
            self._print_blocks(self._blocks.finish())
            self._begin_reply()
            self._print_blocks(self._blocks.feed(text))
        self._print_blocks(self._blocks.finish())
        self._begin_reply()
        self._since = None
        super().show(event)

    def _model_failed(self, event: e.ModelFailed) -> None:
        self._print_blocks(self._blocks.finish())
        self._begin_reply()
        self._since = None
        super().show(event)

    def _begin_reply(self) -> None:
        self._blocks, self._text, self._first = BlockSplitter(), [], True

    def _print_blocks(self, blocks: Sequence[Block]) -> None:
        if blocks:
            print_blocks_later(self._screen, blocks, first=self.untouched)
            self._first = self._gap = False

    def _draw_open(self, width: int) -> list[str]:
        block = self._blocks.open
        if block is None:
            return []
        if self._drawn is None or self._drawn[:2] != (block, width):
            drawn = _draw(width, lambda console: console.print(draw_block(block), end=""))
            self._drawn = block, width, drawn.rstrip("\n").split("\n")
        lines = self._drawn[2]
        return lines if self.untouched or block.continues else ["", *lines]

    def _show_reasoning(self, event: e.ModelReplied) -> None:
        texts = [p.text for p in event.message.parts if p.type == "reasoning" and p.text]
        if texts:
            self._print_line(f"· thought: {one_line(' '.join(texts), 100)}", "quiet")

    # --- tools

    def _tool_requested(self, event: e.ToolCallRequested) -> None:
        self._calls[event.call.id] = _Call(
            format_call(event.call.name, event.call.arguments), event.at
        )

    def _tool_started(self, event: e.ToolCallStarted) -> None:
        title = format_call(event.name, event.arguments) + (" (edited)" if event.edited else "")
        self._calls[event.call_id] = _Call(title, event.at)

    def _tool_progress(self, event: e.ToolProgress) -> None:
        if event.call_id in self._calls:
            self._calls[event.call_id].progress = one_line(event.text, 100)

    def _tool_finished(self, event: e.ToolCallFinished) -> None:
        call = self._calls.pop(event.call_id, None)
        title = call.title if call else f"{clean_line(event.name)}()"
        facts = [format_duration(event.ms / 1000)] if event.ms is not None and event.ms >= 1 else []
        if event.attempts > 1:
            facts.append(f"{event.attempts} attempts")
        if event.attempts == 0:
            facts.append("not run")
        mark, style = ("●", "good") if event.ok else ("✗", "bad")
        width = max(20, self._screen.columns - 2)
        self.console.print(f"{mark} ", style=style, end="")
        self.console.print(_clip(title, width), style="call", soft_wrap=True)
        lines = event.content.strip().split("\n")
        for place, line in enumerate(lines[:RESULT_LINES]):
            lead = "  └ " if place == 0 else "    "
            self._print_line(lead + _clip(clean_line(line[:RESULT_LINE]), width - 2), "quiet")
        more = len(lines) - RESULT_LINES
        if more > 0:
            facts.insert(0, f"{more:,} more {'line' if more == 1 else 'lines'}")
        if facts:
            self._print_line(f"    {' · '.join(facts)}", "quiet")
        self._gap = True

    def _card(self, call: _Call, width: int) -> list[str]:
        elapsed = _elapsed(call.since)
        title = _clip(call.title, max(10, width - len(elapsed) - 4))
        lines = [_colour("36", f"○ {title}") + _dim(f" {elapsed}", width)]
        return [*lines, _dim(f"  └ {call.progress}", width)] if call.progress else lines

    def _hint_received(self, event: e.HintReceived) -> None:
        if event.text not in self._hints:
            super().show(event)

    def _abort_requested(self, event: e.AbortRequested) -> None:
        if event.reason != PRESSED:  # which is announced where it is pressed
            super().show(event)

    # --- printing

    def _print_state(self, state: str, style: str, facts: str) -> None:
        self._print_line(state, style)
        self._print_line(facts, "quiet")

    def _print_line(self, text: str, style: str = "") -> None:
        """Lines wrap at words, and go on where they began."""
        for line in clean_shown(text).split("\n"):
            print_wrapped(self.console, line, style)

    # --- the end

    def _run_ended(self, event: e.RunEnded) -> None:
        self._calls.clear()
        self._print_blocks(self._blocks.finish())
        self._begin_reply()
        self._since = None
        super().show(event)


def make_screen_console(write: Callable[[str], None]) -> Console:
    """A console whose text the screen prints; as wide as the terminal."""
    return make_console(cast("Any", Canvas(write)), terminal=True)


def print_blocks_later(screen: Screen, blocks: Sequence[Block], *, first: bool) -> None:
    """Print blocks as `print_blocks` does, one at a time, between which keys are read."""
    for block in blocks:
        screen.print_later(partial(_draw_printed, screen, block, first))
        first = False


def _draw_printed(screen: Screen, block: Block, first: bool, hurried: bool) -> str:
    return _draw(
        screen.columns,
        lambda console: print_blocks(console, [block], first=first, plain=hurried),
    )


def _draw(width: int, print_to: Callable[[Console], None]) -> str:
    """What rich draws, with escape sequences of its own."""
    out = io.StringIO()
    print_to(make_console(out, width=width, terminal=True))
    return out.getvalue()


def _elapsed(since: float) -> str:
    seconds = time.time() - since
    return f"{int(seconds)} s" if seconds >= SHOW_ELAPSED_S else ""


def _clip(text: str, width: int) -> str:
    return text if cell_len(text) <= width else f"{set_cell_size(text, width - 1)}…"


def _dim(text: str, width: int) -> str:
    return _colour("2", _clip(text, width))


def _colour(code: str, text: str) -> str:
    return f"\x1b[{code}m{text}\x1b[0m"
