"""How long one call keeps the event loop from everybody else, and how much memory it takes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import NamedTuple

BEAT_S = 0.001
REPEATS = 3


class Cost(NamedTuple):
    lag_ms: float
    """The longest time without a turn of the loop, in CPU time of this process: a busy machine
    takes none of it."""
    memory_mb: float


async def measure(call: Callable[[], Awaitable[object]], enough: Cost) -> Cost:
    """What the call costs; the smallest of a few where the first is above `enough`: a collection of
    garbage is not the call's doing."""
    best = await _measure(call)
    for _ in range(REPEATS - 1):
        if best.lag_ms <= enough.lag_ms and best.memory_mb <= enough.memory_mb:
            break
        best = Cost(*map(min, zip(best, await _measure(call), strict=True)))
    return best


async def _measure(call: Callable[[], Awaitable[object]]) -> Cost:
    before = _start_memory()
    gaps: list[float] = []
    beating = asyncio.create_task(_beat(gaps))
    await asyncio.sleep(BEAT_S)
    try:
        await call()
    finally:
        await asyncio.sleep(0)
        beating.cancel()
    return Cost(max(gaps, default=0) * 1000, (_memory("VmHWM") - before) / 1024)


async def _beat(gaps: list[float]) -> None:
    last = time.process_time()
    while True:
        await asyncio.sleep(BEAT_S)
        now = time.process_time()
        gaps.append(now - last)
        last = now


def _start_memory() -> int:
    Path("/proc/self/clear_refs").write_text("5")  # the peak starts again from here
    return _memory("VmRSS")


def _memory(name: str) -> int:
    status = Path("/proc/self/status").read_text()
    return int(status.partition(f"{name}:")[2].split()[0])
