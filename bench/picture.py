"""Draws where the CPU of a run goes, ours and the floor's, from a measurement of its own.

Both are served by this process and take turns in short blocks, so that whatever else the machine
does hits both. The main thread is sampled by CPU time; the other threads are read from the kernel,
so this runs on Linux only.

    python -m bench.picture [--blocks 6] [--runs 60] [--out docs/img/time.svg]
"""

from __future__ import annotations

import argparse
import asyncio
import importlib
import json
import os
import signal
import statistics
import sys
import threading
import time
from collections import Counter, defaultdict
from contextlib import AsyncExitStack
from pathlib import Path
from types import FrameType
from typing import Any

import uvloop

from bench.backends import ROOT, backends, model_server
from bench.drawing import draw
from bench.measure import tree_cpu
from bench.work import FINAL

AT_ONCE = 30
SAMPLE_S = 0.001
HTTP = (
    "/openai/",
    "/aiohttp/",
    "/httpx2/",
    "/httpcore2/",
    "/httpx/",
    "/httpcore/",
    "/anyio/",
    "/h11/",
)
PARTS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("provider's client", HTTP),
    ("transcript and live text", ("/harness/store/", "/psycopg/")),
    ("activities", ("/harness_activities/", "/bench/")),
    (
        "starting and waiting",
        ("/harness/runs/", "/harness/history/", "/harness/sdk/", "/temporalio/client/"),
    ),
    ("SDK in Python", ("/temporalio/",)),
)
"""What a sample counts as: the first whose words are in the path of any of its frames."""
LOOP = "event loop"
NAMES = ("floor", "harness")


class Sampler:
    """Where the main thread is, once for each millisecond of CPU that the process uses."""

    def __init__(self) -> None:
        self.seen: Counter[str] = Counter()
        signal.signal(signal.SIGPROF, self._hit)

    def _hit(self, _: int, frame: FrameType | None) -> None:
        files: list[str] = []
        while frame is not None and len(files) < 60:
            files.append(frame.f_code.co_filename)
            frame = frame.f_back
        # The frames at the bottom are the driver's own, whatever runs above them.
        above = [file for file in files if not file.endswith("/bench/picture.py")]
        for name, words in PARTS:
            if any(word in file for file in above for word in words):
                self.seen[name] += 1
                return
        self.seen[LOOP] += 1


def threads() -> defaultdict[str, float]:
    """Seconds of CPU of the kinds of threads of this process."""
    names = {thread.native_id: thread.name for thread in threading.enumerate()}
    used: defaultdict[str, float] = defaultdict(float)
    for task in Path("/proc/self/task").iterdir():
        try:
            seconds = int((task / "schedstat").read_text().split()[0]) / 1e9
        except OSError:
            continue
        name = names.get(int(task.name))
        if name == "MainThread":
            used["main"] += seconds
        elif name is None:
            used["SDK core (Rust)"] += seconds
        else:  # also the pool that runs sync tools
            used["workflow code"] += seconds
    return used


async def block(context: Any, tag: str, runs: int, pids: dict[str, int]) -> dict[str, float]:
    """Milliseconds of CPU a run, by what they went into."""
    slots = asyncio.Semaphore(AT_ONCE)

    async def one(number: int) -> None:
        async with slots:
            assert await context.run_one(f"{tag}-{number}") == FINAL

    sampler = Sampler()
    before, others = threads(), {name: tree_cpu(pid) for name, pid in pids.items()}
    signal.setitimer(signal.ITIMER_PROF, SAMPLE_S, SAMPLE_S)
    await asyncio.gather(*(one(number) for number in range(runs)))
    signal.setitimer(signal.ITIMER_PROF, 0)
    used = {name: seconds - before[name] for name, seconds in threads().items()}
    main, samples = used.pop("main"), sampler.seen.total()
    for name, count in sampler.seen.items():
        used[name] = main * count / samples
    for name, pid in pids.items():
        used[name] = tree_cpu(pid) - others[name]
    return {name: seconds / runs * 1e3 for name, seconds in used.items()}


async def measure(blocks: int, runs: int) -> dict[str, dict[str, float]]:
    rows: dict[str, list[dict[str, float]]] = {name: [] for name in NAMES}
    async with AsyncExitStack() as stack:
        model, _ = await stack.enter_async_context(model_server())
        ground = await stack.enter_async_context(backends())
        options = {"temporal": ground.temporal, "postgres": ground.postgres, "model": model}
        contexts = {
            name: await stack.enter_async_context(
                importlib.import_module(f"bench.contestants.{name}").setup(options)
            )
            for name in NAMES
        }
        for number in range(blocks + 1):
            for name, context in contexts.items():
                row = await block(context, f"{name}-{number}", runs, ground.pids)
                if number:  # the first block warms up
                    rows[name].append(row)
                await asyncio.sleep(0.3)
    return {name: _medians(found) for name, found in rows.items()}


def _medians(rows: list[dict[str, float]]) -> dict[str, float]:
    names = {name for row in rows for name in row}
    return {name: statistics.median(row.get(name, 0.0) for row in rows) for name in names}


async def main(chosen: argparse.Namespace) -> None:
    figures = await measure(chosen.blocks, chosen.runs)
    print(json.dumps({"at": time.strftime("%Y-%m-%d"), **figures}, indent=1))
    order = [name for name, _ in PARTS]
    chosen.out.write_text(
        draw(figures, [*order, LOOP, "workflow code", "SDK core (Rust)", "engine", "database"])
    )
    sys.stdout.flush()
    os._exit(0)  # the SDK may abort at interpreter exit (sdk-python issue 300)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--blocks", type=int, default=6)
    parser.add_argument("--runs", type=int, default=60)
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "img" / "time.svg")
    uvloop.run(main(parser.parse_args()))
