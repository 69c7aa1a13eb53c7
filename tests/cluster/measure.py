"""One worker against two, in turns on one cluster, and what a run costs each part in CPU."""

from __future__ import annotations

import asyncio
import json
import statistics
import time
from collections import defaultdict
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from bench.api import ApiClient
from tests.cluster.agent import QUICK
from tests.cluster.ground import Ground, Say, open_ground
from tests.cluster.processes import Part, read_cpu
from tests.fakes.steps import Step, call, say

SLOTS = 3
"""Calls that a worker makes at a time: few, so that workers and not the machine are the limit."""
MODEL_S = 0.5
TOGETHER = 24
RUNS = 40
TURNS = (1, 2, 2, 1, 1, 2, 2, 1)
"""How many workers serve, block by block."""
START_S = 60.0
BOUND_S = 600.0


@dataclass
class Measured:
    rates: dict[int, list[float]] = field(default_factory=lambda: defaultdict(list))
    """Runs a second of each block, by the number of workers."""
    cpu_ms: dict[str, float] = field(default_factory=dict[str, float])
    """CPU of each part for one run."""

    def add_costs(self, before: dict[str, float], after: dict[str, float]) -> None:
        runs = RUNS * len(TURNS)
        for name, cost in after.items():
            more = 1000 * (cost - before[name]) / runs
            self.cpu_ms[name] = self.cpu_ms.get(name, 0.0) + more

    def __str__(self) -> str:
        one, two = (statistics.median(self.rates[count]) for count in (1, 2))
        costs = ", ".join(f"{name} {cost:.0f}" for name, cost in self.cpu_ms.items())
        return (
            f"{one:.1f} runs/s with one worker, {two:.1f} with two ({two / one:.2f} times; "
            f"{SLOTS} calls at a time in each worker, {MODEL_S * 1000:.0f} ms a model call); "
            f"CPU of a run in ms: {costs}, together {sum(self.cpu_ms.values()):.0f}"
        )


async def measure_workers(tell: Say) -> Measured:
    measured = Measured()
    slots = {"HARNESS_WORKER__MAX_ACTIVITIES": str(SLOTS)}
    async with open_ground(tell, slots) as ground, asyncio.timeout(BOUND_S):
        ground.model.always(answer)
        await run_block(ground, RUNS)  # warms up
        for count in TURNS:
            await set_workers(ground, count)
            before = read_costs(ground)
            rate = await run_block(ground, RUNS)
            measured.rates[count].append(rate)
            measured.add_costs(before, read_costs(ground))
            tell(f"{count} worker(s): {rate:.1f} runs/s")
    return measured


def answer(body: dict[str, Any]) -> Step:
    """One tool call, then the answer."""
    if any(item.get("type") == "function_call_output" for item in body["input"]):
        return say("Done.", wait=MODEL_S)
    return replace(call("add", a=1, b=2), wait=MODEL_S)


async def run_block(ground: Ground, runs: int) -> float:
    """Run this many over HTTP on both daemons; how many a second."""
    gate = asyncio.Semaphore(TOGETHER)

    async def run_one(number: int) -> None:
        async with gate:
            api = ground.apis[number % 2]
            run = await api.start(QUICK, "What is 1 + 2?")
            await wait_for_end(api, run)

    began = time.monotonic()
    await asyncio.gather(*(run_one(number) for number in range(runs)))
    return runs / (time.monotonic() - began)


async def wait_for_end(api: ApiClient, run: str) -> None:
    async with api.connection() as connection:
        found = json.loads(await connection.get(f"/api/v1/runs/{run}/result?wait=60"))
    assert found["state"] == "completed", found


async def set_workers(ground: Ground, count: int) -> None:
    """Let the second worker serve or not; asked to end, so that no run waits for a dead one."""
    second = ground.parts["harness-worker-2"]
    if second.runs and count == 1:
        await asyncio.to_thread(second.stop)
    elif not second.runs and count == 2:
        await start_serving(second)


async def start_serving(part: Part) -> None:
    def count_starts() -> int:
        return part.log.read_text(errors="replace").count("Serving")

    before = count_starts()
    part.start()
    async with asyncio.timeout(START_S):
        while count_starts() == before:
            part.check()
            await asyncio.sleep(0.05)


def read_costs(ground: Ground) -> dict[str, float]:
    """CPU seconds so far of Temporal, Postgres, daemons and workers."""
    costs: dict[str, float] = defaultdict(float)
    for name, part in ground.parts.items():
        kind = name.split("-")[1] + "s" if name.startswith("harness-") else "Temporal"
        if part.runs:
            costs[kind] += read_cpu(part.pid)
    costs["Postgres"] = sum(read_cpu(pid) for pid in find_backends(ground.postgres.pid))
    return dict(costs)


def find_backends(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *map(int, children)]
