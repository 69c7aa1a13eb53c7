"""Ctrl-C, counted: the first detaches, the second aborts."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Generator
from contextlib import contextmanager

GRACE_S = 2.0
"""How long after the first Ctrl-C a second one still aborts."""

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupts:
    def __init__(self) -> None:
        self.count = 0
        self._more = asyncio.Event()

    async def wait_for_count(self, number: int) -> None:
        while self.count < number:
            self._more.clear()
            await self._more.wait()

    def take_count(self) -> int:
        """How often it was pressed since the last call; resets the count."""
        taken, self.count = self.count, 0
        return taken

    def count_press(self) -> None:
        self.count += 1
        self._more.set()


@contextmanager
def count_interrupts() -> Generator[Interrupts]:
    """Count SIGINT instead of exiting; SIGTERM and SIGHUP detach at once."""
    loop = asyncio.get_running_loop()
    counted = Interrupts()
    task = asyncio.current_task()
    assert task is not None
    before = {each: signal.getsignal(each) for each in SIGNALS}
    loop.add_signal_handler(signal.SIGINT, counted.count_press)
    for each in (signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(each, task.cancel)
    try:
        yield counted
    finally:
        for each, handler in before.items():
            loop.remove_signal_handler(each)
            signal.signal(each, handler)
