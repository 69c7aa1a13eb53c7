"""The measure that hostile input is held against tells what blocks the loop from what does not."""

from __future__ import annotations

import asyncio
import hashlib
import re
import sys
import threading
from collections.abc import Awaitable, Callable

import pytest

from tests.fakes.loop_lag import Cost, measure

ENOUGH = Cost(lag_ms=50, memory_mb=150)
HOSTILE = "a" * 23 + "!"
"""A tenth of a second at least."""
LARGE = bytes(100_000_000)

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="measured by /proc")


def search() -> None:
    """Lets no other thread run, wherever it runs itself."""
    assert not re.match(r"(a+)+$", HOSTILE)


async def on_the_loop() -> None:
    search()


async def in_a_kept_thread() -> None:
    await asyncio.to_thread(search)


async def in_a_thread_that_ends() -> None:
    loop, ended = asyncio.get_running_loop(), asyncio.Event()

    def run() -> None:
        search()
        loop.call_soon_threadsafe(ended.set)

    threading.Thread(target=run).start()
    await ended.wait()


@pytest.mark.slow
@pytest.mark.parametrize("call", [on_the_loop, in_a_kept_thread, in_a_thread_that_ends])
async def test_what_blocks_the_loop_is_seen(call: Callable[[], Awaitable[None]]) -> None:
    assert (await measure(call, ENOUGH)).lag_ms > ENOUGH.lag_ms


async def test_what_runs_beside_the_loop_is_not_counted() -> None:
    def digests() -> None:
        for _ in range(3):
            hashlib.sha256(LARGE).digest()

    cost = await measure(lambda: asyncio.to_thread(digests), ENOUGH)
    assert cost.lag_ms <= ENOUGH.lag_ms, cost
