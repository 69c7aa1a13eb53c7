"""CPU, memory and the spread of a list of figures."""

from __future__ import annotations

import asyncio
import resource
import statistics
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

import psutil


def own_cpu() -> float:
    """Seconds that this process and all its threads have used."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def tree_cpu(pid: int) -> float:
    """Seconds of a process and all below it, of those too that have ended."""
    total = 0.0
    try:
        process = psutil.Process(pid)
        for each in (process, *process.children(recursive=True)):
            with suppress(psutil.Error):
                times = each.cpu_times()
                total += times.user + times.system + times.children_user + times.children_system
    except psutil.Error:
        return 0.0
    return total


def machine_cpu() -> float:
    """Seconds that all processes of the machine have used."""
    times = psutil.cpu_times()
    return times.user + times.system + times.nice


def memory_kb(pid: int | None = None) -> float:
    return psutil.Process(pid).memory_info().rss / 1024


async def until(holds: Callable[[], Awaitable[bool]], every: float = 0.05) -> None:
    """Ask until it holds: what is asked is in another process."""
    while not await holds():  # noqa: ASYNC110
        await asyncio.sleep(every)


def percentile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


@dataclass(frozen=True)
class Spread:
    low: float
    median: float
    high: float

    def __str__(self) -> str:
        return f"{_short(self.median)} ({_short(self.low)}–{_short(self.high)})"


def spread(values: Sequence[float]) -> Spread:
    return Spread(min(values), statistics.median(values), max(values))


def lags(seconds: Sequence[float]) -> str:
    """Milliseconds, as p50, p90, p99 and the largest."""
    shares = ", ".join(
        f"p{int(s * 100)} {percentile(seconds, s) * 1e3:.1f}" for s in (0.5, 0.9, 0.99)
    )
    return f"{shares}, max {max(seconds) * 1e3:.1f} ms (n={len(seconds)})"


def _short(value: float) -> str:
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
