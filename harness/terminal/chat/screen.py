"""The screen of a chat: what was said scrolls away above; below it stand the answer as far as it
is known, a line to type in, and a line about the conversation.

prompt_toolkit draws the lower part. What is printed replaces it in one step, so that nothing is
seen twice and the line that a person types is never torn.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import sys
import textwrap
import time
from collections import deque
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager
from typing import Any, TextIO, cast

from prompt_toolkit.application import Application
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.completion import Completer
from prompt_toolkit.data_structures import Size
from prompt_toolkit.filters import Condition
from prompt_toolkit.formatted_text import ANSI, AnyFormattedText
from prompt_toolkit.history import History
from prompt_toolkit.layout import (
    BufferControl,
    ConditionalContainer,
    Dimension,
    Float,
    FloatContainer,
    FormattedTextControl,
    HSplit,
    Layout,
    VSplit,
    Window,
)
from prompt_toolkit.layout.menus import CompletionsMenu
from prompt_toolkit.output.color_depth import ColorDepth
from prompt_toolkit.output.vt100 import Vt100_Output

from harness.contracts.clean_text import clean_text
from harness.terminal.chat.keys import bind_keys

REDRAW_S = 0.04
"""Between two drawings, however fast text arrives."""
TICK_S = 0.5
"""How often times that pass are drawn."""
PRINT_S = 0.05
"""How long one step of printing may draw: what is left is printed in the next one."""
MENU_ROWS = 6
PROMPT = "› "
LEAST_LIVE_ROWS = 3

Draw = Callable[[bool], str]
"""Draws a text that is printed; as quickly as can be, if it is called with true."""


class Screen:
    """Prints above, draws below, and hands out what the person submits."""

    def __init__(
        self, *, history: History, completer: Completer, status: Callable[[int], str],
        on_interrupt: Callable[[], None], on_leave: Callable[[], None],
    ) -> None:  # fmt: skip
        self.submitted: asyncio.Queue[str] = asyncio.Queue()
        self.live: Callable[[], str] = str
        """Draws what stands between the scrolled text and the line that is typed."""
        self._status = status
        self._out = sys.stdout
        self._text = deque[str | Draw]()
        """Printed, but not drawn yet."""
        self._shown_live: ANSI | None = None
        self._rows = 0
        """Of the lower part; when it gets smaller, it is erased first."""
        self._dirty = asyncio.Event()
        self._question: asyncio.Future[str | None] | None = None
        self._prompt = PROMPT
        self._kept = ""
        """What was being typed when a question came up."""
        self._loop = asyncio.get_running_loop()
        self.buffer = Buffer(
            multiline=True, history=history, completer=completer, complete_while_typing=True,
            accept_handler=self._accept,
        )  # fmt: skip
        for changed in (self.buffer.on_completions_changed, self.buffer.on_text_changed):
            changed += self._changed
        keys = bind_keys(self.buffer, on_interrupt, on_leave)
        self._app: Application[None] = Application(
            layout=Layout(self._compose(), focused_element=self.buffer),
            key_bindings=keys,
            output=_make_output(self._out),
            color_depth=ColorDepth.DEPTH_1_BIT if os.environ.get("NO_COLOR") else None,
            erase_when_done=True,
            refresh_interval=TICK_S,
        )

    # --- printing

    def print(self, text: str) -> None:
        """Print text that may hold escape sequences of our own. From any thread."""
        self._text.append(text)
        self._loop.call_soon_threadsafe(self._dirty.set)

    def print_later(self, draw: Draw) -> None:
        """Print what `draw` returns, in its turn; keys are read between two such drawings."""
        self._text.append(draw)
        self._dirty.set()

    def _changed(self, _: Buffer) -> None:
        self._dirty.set()

    def redraw(self) -> None:
        """Draw the lower part again soon."""
        self._dirty.set()

    @property
    def columns(self) -> int:
        """The width of the terminal."""
        return max(10, self._app.output.get_size().columns)

    @property
    def rows(self) -> int:
        """How many rows the open answer may have."""
        return max(LEAST_LIVE_ROWS, self._app.output.get_size().rows - MENU_ROWS - 4)

    # --- questions

    @property
    def asking(self) -> bool:
        """Whether a question waits for its answer."""
        return self._question is not None

    async def ask(self, question: str, text: str = "") -> str | None:
        """The answer to a question, typed in place of a message; None if it is left."""
        self._question = self._loop.create_future()
        self._kept, self._prompt = self.buffer.text or self._kept, f"{question} "
        self._set_text(text)
        try:
            return await self._question
        finally:
            self._question, self._prompt = None, PROMPT
            self._set_text(self._kept)
            self._kept = ""

    def leave_question(self) -> None:
        """Leave the question without an answer."""
        if self._question is not None and not self._question.done():
            self._question.set_result(None)

    def restore(self, text: str) -> None:
        """Give a text back to the person, unless they type another one."""
        if self._question is not None:
            self._kept = self._kept or text
        elif not self.buffer.text:
            self._set_text(text)

    def _set_text(self, text: str) -> None:
        self.buffer.text = text
        self.buffer.cursor_position = len(text)
        self.redraw()

    def _accept(self, buffer: Buffer) -> bool:
        text = buffer.text
        if self._question is not None:
            if not self._question.done():
                self._question.set_result(text.strip())
            buffer.reset()
        else:
            self.submitted.put_nowait(text)
        return False

    # --- drawing

    @asynccontextmanager
    async def open(self) -> AsyncGenerator[None]:
        """Draw until the block ends. Anything else that prints meanwhile is printed above."""
        before = sys.stdout, sys.stderr
        printer: Any = _Printer(self)
        drawing = asyncio.create_task(self._app.run_async(handle_sigint=False))
        painting = asyncio.create_task(self._paint())
        sys.stdout = sys.stderr = printer
        try:
            with self._printing_logs(before[1]):
                yield
        finally:
            sys.stdout, sys.stderr = before
            painting.cancel()
            await asyncio.gather(painting, return_exceptions=True)
            with contextlib.suppress(Exception):
                self._app.exit()
            await asyncio.gather(drawing, return_exceptions=True)
            self._out.write(take_printed(self._text, PRINT_S, whole=True))
            self._out.flush()

    @contextlib.contextmanager
    def _printing_logs(self, stderr: TextIO) -> Generator[None]:
        """Print logs above too. Their texts are clean, their colours are their own."""
        handlers = [
            cast("logging.StreamHandler[Any]", each)
            for each in logging.getLogger().handlers
            if getattr(each, "stream", None) is stderr
        ]
        for handler in handlers:
            handler.setStream(Canvas(self.print))
        try:
            yield
        finally:
            for handler in handlers:
                handler.setStream(stderr)

    async def _paint(self) -> None:
        while True:
            await self._dirty.wait()
            self._dirty.clear()
            began = time.monotonic()
            live = self.live()
            menu = MENU_ROWS + 1 if self.buffer.complete_state is not None else 0
            rows = live.count("\n") + self.buffer.document.line_count + menu
            if self._app.is_running and (self._text or rows < self._rows):
                self._print_above()
            self._shown_live, self._rows = ANSI(live) if live else None, rows
            self._app.invalidate()
            # Drawing takes half of the time at most: keys are read in between.
            await asyncio.sleep(max(REDRAW_S, time.monotonic() - began))

    def _print_above(self) -> None:
        """Print in place of what is drawn. The next drawing begins below it."""
        text = take_printed(self._text, PRINT_S)
        if self._text:
            self._dirty.set()
        self._app.renderer.erase()
        if text:
            self._app.output.write_raw(text if text.endswith("\n") else f"{text}\n")
            self._app.output.flush()

    def _compose(self) -> FloatContainer:
        live = ConditionalContainer(
            Window(FormattedTextControl(lambda: self._shown_live), dont_extend_height=True),
            filter=Condition(lambda: self._shown_live is not None),
        )
        typed = Window(
            BufferControl(self.buffer),
            height=self._input_height,
            wrap_lines=True,
            dont_extend_height=True,
        )
        prompt = Window(
            FormattedTextControl(lambda: [("ansicyan bold", self._prompt_text())]),
            width=lambda: Dimension.exact(len(self._prompt_text())),
            dont_extend_width=True,
        )
        status = Window(
            FormattedTextControl(lambda: [("ansibrightblack", self._status(self.columns - 1))]),
            height=1,
        )
        body = HSplit([
            live,
            ConditionalContainer(
                Window(FormattedTextControl(self._long_prompt), dont_extend_height=True),
                filter=Condition(lambda: self._prompt != PROMPT),
            ),
            VSplit([prompt, typed]),
            status,
        ])  # fmt: skip
        menu = CompletionsMenu(max_height=MENU_ROWS, scroll_offset=1)
        return FloatContainer(body, floats=[Float(menu, xcursor=True, ycursor=True)])

    def _prompt_text(self) -> str:
        return PROMPT if self._prompt == PROMPT else "? "

    def _long_prompt(self) -> AnyFormattedText:
        lines = textwrap.wrap(self._prompt.strip(), self.columns - 1)
        return [("ansiyellow", "\n".join(lines))]

    def _input_height(self) -> Dimension:
        rows = MENU_ROWS + 1 if self.buffer.complete_state is not None else 1
        return Dimension(min=rows, max=12)


def take_printed(texts: deque[str | Draw], seconds: float, *, whole: bool = False) -> str:
    """Take texts in their order until drawing has taken so long; if the `whole`, draw the rest
    quickly."""
    began, taken = time.monotonic(), list[str]()
    while texts:
        late = bool(taken) and time.monotonic() - began > seconds
        if late and not whole:
            break
        text = texts.popleft()
        taken.append(text if isinstance(text, str) else text(late))
    return "".join(taken)


class _Printer:
    """Stands for stdout and stderr while the screen is drawn."""

    encoding = "utf-8"

    def __init__(self, screen: Screen) -> None:
        self._screen = screen

    def write(self, text: str) -> int:
        """Print text of whatever runs in this process, such as a tool that prints."""
        self._screen.print(clean_text(text))
        return len(text)

    def flush(self) -> None:
        """Nothing is held back."""

    def isatty(self) -> bool:
        """What prints here shall not style its text."""
        return False

    def fileno(self) -> int:
        """The terminal's; rich asks it for the size."""
        return 1


class Canvas:
    """A file for rich whose text the screen prints."""

    encoding = "utf-8"

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write

    def write(self, text: str) -> int:
        """Pass on what rich has drawn."""
        self._write(text)
        return len(text)

    def flush(self) -> None:
        """Nothing is held back."""

    def isatty(self) -> bool:
        """Rich may style the text."""
        return True

    def fileno(self) -> int:
        """The terminal's; rich asks it for the size."""
        return 1


def _make_output(out: TextIO) -> Vt100_Output:
    def size() -> Size:
        columns, rows = os.get_terminal_size(out.fileno())
        return Size(rows=rows or 24, columns=columns or 80)

    # Asking where the cursor is needs an answer, which some terminals never give.
    return Vt100_Output(out, size, term=os.environ.get("TERM"), enable_cpr=False)
