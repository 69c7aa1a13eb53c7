"""What a person types, read without holding up the loop."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import threading
from collections.abc import Callable, Generator
from importlib import import_module

from harness.terminal.input.interrupts import interrupts


def at_terminal() -> bool:
    """Whether someone is there to be asked."""
    return sys.stdin.isatty() and sys.stdout.isatty()


async def read_line() -> str | None:
    """The next line of a terminal; None at its end. Can be cancelled: nothing is lost."""
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    typed = b""
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


async def prompt(text: str) -> str | None:
    """A line with editing and history; from a pipe, just a line. None at the end, and on Ctrl-C."""
    with interrupts() as counted:
        typing = asyncio.create_task(_elsewhere(lambda: input(text) if at_terminal() else _piped()))
        stop = asyncio.create_task(counted.reach(1))
        await asyncio.wait((typing, stop), return_when=asyncio.FIRST_COMPLETED)
        for task in (typing, stop):
            task.cancel()
        await asyncio.gather(typing, stop, return_exceptions=True)
    typed = None if typing.cancelled() else typing.result()
    return None if typed is None else typed.strip()


def _piped() -> str:
    line = sys.stdin.readline()
    if not line:
        raise EOFError
    return line


async def _elsewhere(read: Callable[[], str]) -> str | None:
    """In a thread that nobody waits for: a pool's would be joined at the end, and it may be
    blocked until someone types. readline is kept from leaving the terminal without echo."""
    loop = asyncio.get_running_loop()
    typed: asyncio.Future[str | None] = loop.create_future()

    def work() -> None:
        try:
            line = read()
        except (EOFError, OSError, ValueError):
            line = None
        with contextlib.suppress(RuntimeError):  # the loop has gone
            loop.call_soon_threadsafe(lambda: typed.done() or typed.set_result(line))

    with _kept_terminal():
        threading.Thread(target=work, daemon=True).start()
        return await typed


@contextlib.contextmanager
def _kept_terminal() -> Generator[None]:
    if not sys.stdin.isatty():
        yield
        return
    import termios

    import_module("readline")  # input() uses it

    before = termios.tcgetattr(0)
    try:
        yield
    finally:
        termios.tcsetattr(0, termios.TCSANOW, before)
