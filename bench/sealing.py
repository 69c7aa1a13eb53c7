"""How fast ended runs are sealed, what a seal costs, and how fast the archive is verified.

python -m bench.sealing [--runs 1000]
"""

from __future__ import annotations

import argparse
import asyncio
import os
import time

import uvloop

from bench.agents import agent_of, ground
from bench.measure import tree_cpu
from bench.work import PROMPT
from harness import Harness
from harness.archive.sweep import seal_ended
from harness.archive.verify import verify_all
from harness.history.reader import open_seals

AT_ONCE = 50


async def end(harness: Harness, count: int) -> None:
    slots = asyncio.Semaphore(AT_ONCE)

    async def one(n: int) -> None:
        async with slots:
            run = await harness.start(agent_of("sealed"), PROMPT, id=f"sealed-{n}")
            await run.outcome()

    await asyncio.gather(*(one(n) for n in range(count)))


async def main(count: int) -> None:
    async with ground() as base, base.client() as harness:
        async with base.worker("sealed"):
            await end(harness, count)
        begun, used = time.perf_counter(), tree_cpu(os.getpid())
        sealed = 0
        while (done := await seal_ended(harness.connection)).sealed:
            sealed += done.sealed
        lasted, cpu = time.perf_counter() - begun, tree_cpu(os.getpid()) - used
        size = (await open_seals(harness.connection).read_figures()).bytes
        print(
            f"sealed {sealed:,} runs: {sealed / lasted * 60:,.0f} a minute, "
            f"{cpu / sealed * 1e3:.1f} ms of CPU and {size / sealed:,.0f} bytes each"
        )
        begun = time.perf_counter()
        report = await verify_all(harness.connection)
        each = (time.perf_counter() - begun) / report.seals * 1e3
        print(f"verified: {each:.2f} ms a seal, {len(report.problems)} problems")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=1000)
    uvloop.run(main(parser.parse_args().runs))
