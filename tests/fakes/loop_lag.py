"""How long one call keeps the event loop from everybody else, and how much memory it takes."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import threading
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import NamedTuple

BEAT_S = 0.001
REPEATS = 3


class Cost(NamedTuple):
    lag_ms: float
    """The most that one thread computed between two turns of the loop: the loop's own, or one that
    kept Python from it. CPU time, so a busy machine adds nothing; threads that leave the loop its
    turns add nothing either."""
    memory_mb: float


async def measure(call: Callable[[], Awaitable[object]], enough: Cost) -> Cost:
    """What the call costs; the smallest of a few where the first is above `enough`: to load a
    module is not the call's doing."""
    best = await _measure(call)
    for _ in range(REPEATS - 1):
        if best.lag_ms <= enough.lag_ms and best.memory_mb <= enough.memory_mb:
            break
        best = Cost(*map(min, zip(best, await _measure(call), strict=True)))
    return best


async def _measure(call: Callable[[], Awaitable[object]]) -> Cost:
    before = _start_memory()
    gaps: list[float] = []
    gc.collect()
    gc.disable()  # a collection is not the call's doing
    beating = asyncio.create_task(_beat(gaps))
    await asyncio.sleep(BEAT_S)
    try:
        await call()
    finally:
        await asyncio.sleep(2 * BEAT_S)  # what ended the call may have blocked the loop itself
        beating.cancel()
        gc.enable()
    return Cost(max(gaps, default=0) * 1000, (_memory("VmHWM") - before) / 1024)


async def _beat(gaps: list[float]) -> None:
    before = _clocks()
    while True:
        await asyncio.sleep(BEAT_S)
        now = _clocks()
        gaps.append(_longest(before, now))
        before = now


def _clocks() -> dict[int, float]:
    """The CPU time of each Python thread, and of the whole process as 0."""
    clocks = {0: time.process_time()}
    for thread in threading.enumerate():
        if thread.native_id is not None:
            # Linux's clock of a thread by its id. The one of pthreads must not be asked of a thread
            # that ends in this moment.
            with contextlib.suppress(OSError):
                clocks[thread.native_id] = time.clock_gettime(~thread.native_id << 3 | 6)
    return clocks


def _longest(before: dict[int, float], now: dict[int, float]) -> float:
    if before.keys() - now.keys():  # one has ended, and could have been the one
        return now[0] - before[0]
    return max(now[each] - before.get(each, 0) for each in now if each)


def _start_memory() -> int:
    Path("/proc/self/clear_refs").write_text("5")  # the peak starts again from here
    return _memory("VmRSS")


def _memory(name: str) -> int:
    status = Path("/proc/self/status").read_text()
    return int(status.partition(f"{name}:")[2].split()[0])
