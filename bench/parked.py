"""What a run costs the worker's memory while it waits for a person, and once it is evicted.

python -m bench.parked [--runs 1000]
"""

from __future__ import annotations

import argparse
import asyncio

import uvloop

from bench.agents import Ground, agent_of, ground
from bench.measure import memory_kb
from bench.recovery import waiting
from bench.work import FINAL, PROMPT
from harness import Harness
from harness.sdk.handle import RunHandle

WARM = 50


async def park(harness: Harness, tag: str, count: int) -> None:
    slots = asyncio.Semaphore(50)

    async def one(id: str) -> None:
        async with slots:
            await harness.start(agent_of("asking"), PROMPT, id=id)
            async for event in harness.get_run(id).events():
                if event.type == "decision_requested":
                    return

    await asyncio.gather(*(one(f"{tag}-{n}") for n in range(count)))


async def parked(base: Ground, count: int, title: str, **options: int) -> None:
    async with base.worker("asking", **options) as worker, base.client() as harness:
        tag = title.replace(" ", "-")
        await park(harness, f"{tag}-warm", WARM)
        await asyncio.sleep(1)
        before = memory_kb(worker)
        await park(harness, tag, count)
        await asyncio.sleep(1)
        each = (memory_kb(worker) - before) / count
        print(f"{title}: {each:.0f} KB a parked run, {count} runs, from {before / 1024:.0f} MB on")
        await finish(harness, f"{tag}-0")


async def finish(harness: Harness, id: str) -> None:
    """A parked run goes on, evicted or not."""
    run: RunHandle[str] = harness.get_run(id)
    for number in (1, 2, 3):
        await waiting(harness, id, number)
        await run.approve()
    assert (await run.result()).output == FINAL


async def main(count: int) -> None:
    async with ground() as base:
        await parked(base, count, "kept in memory", max_cached_runs=count + WARM)
        await parked(base, count, "evicted", max_cached_runs=10)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=1000)
    uvloop.run(main(parser.parse_args().runs))
