"""Read what a person types without blocking the event loop."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import threading
from collections.abc import Sequence
from typing import NamedTuple

from harness.terminal.input.interrupts import Interrupts, count_interrupts
from harness.terminal.input.line_editor import edit_line, take_ahead


def at_terminal() -> bool:
    """Whether a person can be asked."""
    return sys.stdin.isatty() and sys.stdout.isatty()


async def read_line() -> str | None:
    """The next line of a terminal; None at its end. Cancelling it loses no input."""
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    typed = take_ahead()
    loop.add_reader(0, ready.set)
    try:
        while not typed.endswith(b"\n"):
            await ready.wait()
            ready.clear()
            piece = os.read(0, 4096)  # a terminal hands out whole lines
            if not piece:
                return None
            typed += piece
    finally:
        loop.remove_reader(0)
    return typed.decode(errors="replace").strip()


class Typed(NamedTuple):
    line: str | None
    """None at the end of input, or on Ctrl-C."""
    interrupted: bool = False


async def read_answer(text: str) -> str | None:
    """A line; None at the end of input, and on Ctrl-C."""
    with count_interrupts() as counted:
        return (await type_line(text, counted)).line


async def type_line(text: str, counted: Interrupts, history: Sequence[str] = ()) -> Typed:
    """A line with editing and history; from a pipe, just a line."""
    reading = edit_line(text, history=history) if at_terminal() else _read_piped()
    typing = asyncio.create_task(reading)
    stop = asyncio.create_task(counted.wait_for_count(1))
    await asyncio.wait((typing, stop), return_when=asyncio.FIRST_COMPLETED)
    for task in (typing, stop):
        task.cancel()
    await asyncio.gather(typing, stop, return_exceptions=True)
    if typing.cancelled():
        return Typed(None, interrupted=True)
    line = typing.result()
    return Typed(None if line is None else line.strip())


async def _read_piped() -> str | None:
    """A line from a pipe, read in a daemon thread: it may block forever, and a pool's thread would
    be joined at exit."""
    loop = asyncio.get_running_loop()
    typed: asyncio.Future[str | None] = loop.create_future()

    def read_piped_line() -> None:
        try:
            line = sys.stdin.readline() or None
        except (OSError, ValueError):
            line = None
        with contextlib.suppress(RuntimeError):  # the loop is closed
            loop.call_soon_threadsafe(lambda: typed.done() or typed.set_result(line))

    threading.Thread(target=read_piped_line, daemon=True).start()
    return await typed
