"""Runs one contestant in this process and prints what it measured as one line of JSON.

Client and worker share the process, as in every contestant's own quick start. Started by run.py:

    python -m bench.driver floor --options '{"temporal": ..., "model": ..., "postgres": ...}'
"""

from __future__ import annotations

import argparse
import asyncio
import importlib
import json
import os
import statistics
import time
import warnings
from typing import Any

import uvloop

from bench.measure import machine_cpu, memory_kb, own_cpu, percentile, tree_cpu
from bench.work import FINAL

AT_ONCE = 50
WARM = 30


class Driver:
    def __init__(self, context: Any, pids: dict[str, int]) -> None:
        self.context = context
        self.pids = pids
        self.tag = f"{os.getpid()}-{time.time_ns() // 1_000_000}"

    async def one(self, id: str) -> float:
        start = time.perf_counter()
        text = await self.context.run_one(f"{self.tag}-{id}")
        assert text == FINAL, text
        return time.perf_counter() - start

    async def many(self, prefix: str, count: int) -> list[float]:
        slots = asyncio.Semaphore(AT_ONCE)

        async def slotted(id: str) -> float:
            async with slots:
                return await self.one(id)

        return await asyncio.gather(*(slotted(f"{prefix}{n}") for n in range(count)))

    async def alone(self, count: int) -> dict[str, float]:
        took = [await self.one(f"alone{n}") for n in range(count)]
        return {
            "alone_ms": statistics.median(took) * 1e3,
            "alone_p90_ms": percentile(took, 0.9) * 1e3,
        }

    async def together(self, count: int) -> dict[str, float]:
        before = {name: tree_cpu(pid) for name, pid in self.pids.items()}
        own, machine, start = own_cpu(), machine_cpu(), time.perf_counter()
        await self.many("many", count)
        seconds = time.perf_counter() - start
        own, machine = own_cpu() - own, machine_cpu() - machine
        parts = {name: tree_cpu(pid) - before[name] for name, pid in self.pids.items()}
        return {
            "rps": count / seconds,
            "cpu_worker_ms": own / count * 1e3,
            **{f"cpu_{name}_ms": used / count * 1e3 for name, used in parts.items()},
            "others": max(0.0, machine - own - sum(parts.values())) / seconds,
        }

    async def left(self, count: int) -> dict[str, float]:
        ids = [f"{self.tag}-many{n}" for n in range(min(20, count))]
        return await self.context.storage(ids)


async def main(chosen: argparse.Namespace) -> None:
    options: dict[str, str] = json.loads(chosen.options)
    os.environ["BENCH_MODEL"] = options["model"]
    os.environ["BENCH_WIRE"] = options.get("wire", "chat")
    module = importlib.import_module(f"bench.contestants.{chosen.contestant}")
    async with module.setup(options) as context:
        driver = Driver(context, json.loads(chosen.pids))
        await driver.one("first")
        await driver.many("warm", WARM)
        figures = await driver.alone(chosen.alone)
        figures |= await driver.together(chosen.together)
        figures |= await driver.left(chosen.together)
        figures["memory_mb"] = memory_kb() / 1024
        print("RESULT " + json.dumps(figures), flush=True)
    os._exit(0)  # the SDK may abort at interpreter exit (sdk-python issue 300)


if __name__ == "__main__":
    warnings.filterwarnings("ignore")
    parser = argparse.ArgumentParser()
    parser.add_argument("contestant")
    parser.add_argument("--options", required=True)
    parser.add_argument("--pids", default="{}")
    parser.add_argument("--alone", type=int, default=20)
    parser.add_argument("--together", type=int, default=200)
    uvloop.run(main(parser.parse_args()))
