"""What the API adds: to events on their way to many readers, to the start of a run, and to reads.

Delays are behind the time that Temporal stamped on an event. A part of the runs is also followed
straight from Temporal by this process: what a reader of the API gets later than that is added by
the daemon. All readers are in this process, whose CPU is the same machine's.

    python -m bench.streams [--readers 1000] [--runs 100] [--seconds 20] [--starts 40]
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import os
import statistics
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

import uvloop
from temporalio.client import Client

from bench.agents import Ground, agent_of, ground
from bench.api import ApiClient, daemon
from bench.measure import lags, machine_cpu, memory_kb, own_cpu, percentile, spread, tree_cpu
from bench.work import PROMPT
from harness import Harness

CONTROLS = 10
PIECE_MS = 500


@dataclass
class Delays:
    """Seconds, by what was delayed."""

    events: list[float] = field(default_factory=list[float])
    added: list[float] = field(default_factory=list[float])
    text: list[float] = field(default_factory=list[float])
    direct: dict[str, float] = field(default_factory=dict[str, float])
    """When this process had an event straight from Temporal, by cursor."""
    read: list[tuple[str, float]] = field(default_factory=list[tuple[str, float]])

    async def follow(self, api: ApiClient, run: str) -> None:
        since = time.time()
        async for kind, cursor, data in api.follow(run):
            now = time.time()
            if kind == "output_delta":
                self.text += [now - float(sent) for sent in data["text"].split()]
            elif cursor and data["at"] > since:
                self.events.append(now - data["at"])
                self.read.append((cursor, now))
        assert kind == "end", kind

    async def follow_directly(self, harness: Harness, run: str) -> None:
        async for event in harness.get_run(run).events():
            if event.cursor:
                self.direct[str(event.cursor)] = time.time()

    def compare(self) -> None:
        self.added = [at - self.direct[id] for id, at in self.read if id in self.direct]


@asynccontextmanager
async def watched(ground: Ground, pid: int) -> AsyncGenerator[None]:
    """Print what the block cost."""
    back = ground.backends.pids
    parts = {"daemon": pid, "Temporal": back["engine"], "Postgres": back["database"]}
    before = {name: tree_cpu(each) for name, each in parts.items()}
    own, machine, start = own_cpu(), machine_cpu(), time.perf_counter()
    yield
    seconds = time.perf_counter() - start
    cores = {name: (tree_cpu(each) - before[name]) / seconds for name, each in parts.items()}
    cores["this process"] = (own_cpu() - own) / seconds
    told = ", ".join(f"{name} {used:.2f}" for name, used in cores.items())
    print(f"  cores: {told}; whole machine {(machine_cpu() - machine) / seconds:.2f}")


async def measure_streams(
    ground: Ground, harness: Harness, api: ApiClient, pid: int, chosen: argparse.Namespace
) -> None:
    name = f"clock:clock-{chosen.seconds * 1000 // PIECE_MS}-{PIECE_MS}"
    agent, each = agent_of(name), max(1, chosen.readers // chosen.runs)
    async with ground.worker(name), AsyncExitStack() as stack:
        await api.follow_to_end(await api.start(agent.name, PROMPT))
        delays, memory = Delays(), memory_kb(pid)
        group = await stack.enter_async_context(asyncio.TaskGroup())

        async def one(number: int) -> None:
            await asyncio.sleep(number * chosen.seconds / chosen.runs)
            run = await api.start(agent.name, PROMPT)
            if number < CONTROLS:
                group.create_task(delays.follow_directly(harness, run))
            for _ in range(each):
                group.create_task(delays.follow(api, run))

        async with watched(ground, pid):
            starting = [group.create_task(one(number)) for number in range(chosen.runs)]
            await asyncio.gather(*starting)
            grown = memory_kb(pid) - memory  # the first runs have begun to end
            await stack.aclose()
    delays.compare()
    print(f"{each * chosen.runs} readers on {chosen.runs} runs, a piece each {PIECE_MS} ms:")
    print(f"  events behind their history time: {lags(delays.events)}")
    print(f"  of these, added by the API: {lags(delays.added)}")
    print(f"  text after it left the provider: {lags(delays.text)}")
    print(f"  memory of the daemon: {memory / 1024:.0f} MB before, {grown / 1024:+.0f} MB with all")


async def measure_starts(ground: Ground, harness: Harness, api: ApiClient, times: int) -> None:
    """In turn: a workflow that nobody serves, started and read with the SDK; and a run."""
    plain, ours = list[float](), list[float]()
    async with ground.worker("calculator"):
        await api.follow_to_end(await api.start("calculator", PROMPT))
        for _ in range(times):
            plain.append(await time_plain_start(harness.connection.temporal))
            start = time.perf_counter()
            run = await api.start("calculator", PROMPT)
            events = api.follow(run)
            await anext(events)
            ours.append(time.perf_counter() - start)
            async for _ in events:
                pass
    added = [(b - a) * 1e3 for a, b in zip(plain, ours, strict=True)]
    ratios = [b / a for a, b in zip(plain, ours, strict=True)]
    print(f"{times} starts, in turn with a bare workflow:")
    print(f"  Temporal's own start and first event: {lags(plain)}")
    print(f"  POST to the first event: {lags(ours)}")
    print(f"  added: p50 {statistics.median(added):.1f}, p90 {percentile(added, 0.9):.1f} ms")
    print(f"  ratio: {spread(ratios)}")


async def time_plain_start(client: Client) -> float:
    start = time.perf_counter()
    handle = await client.start_workflow(
        "Unserved", id=f"bare-{time.time_ns()}", task_queue="nobody-serves-this"
    )
    async for _ in handle.fetch_history_events():
        break
    took = time.perf_counter() - start
    await handle.terminate()
    return took


async def measure_reads(ground: Ground, api: ApiClient, pid: int, seconds: float) -> None:
    async with ground.worker("calculator"):
        runs = [await api.start("calculator", PROMPT) for _ in range(60)]
        for run in runs:
            await api.follow_to_end(run)
    numbers = itertools.count()
    back = ground.backends.pids
    parts = {"daemon": pid, "Temporal": back["engine"], "Postgres": back["database"]}
    for title, paths in (
        ("GET /runs/{run}", [f"/api/v1/runs/{run}" for run in runs]),
        ("GET /runs", ["/api/v1/runs?limit=50"]),
        ("GET /me", ["/api/v1/me"]),
    ):
        took: list[float] = []
        print(f"{title}, 20 at once:")
        before = {name: tree_cpu(each) for name, each in parts.items()}
        async with watched(ground, pid):
            deadline = time.perf_counter() + seconds
            await asyncio.gather(*(read_on(api, paths, numbers, deadline, took) for _ in range(20)))
        spent = {name: (tree_cpu(each) - before[name]) / len(took) for name, each in parts.items()}
        told = ", ".join(f"{name} {used * 1e3:.2f} ms" for name, used in spent.items())
        on_two = 2 / (sum(spent.values()) or 1)
        print(f"  {len(took) / seconds:.0f} reads/s; {lags(took)}")
        print(f"  CPU of a read: {told}; two cores free for these three allow {on_two:.0f} reads/s")


async def read_on(
    api: ApiClient,
    paths: Sequence[str],
    numbers: itertools.count[int],
    deadline: float,
    took: list[float],
) -> None:
    async with api.connection() as connection:
        while (start := time.perf_counter()) < deadline:
            await connection.get(paths[next(numbers) % len(paths)])
            took.append(time.perf_counter() - start)


async def main(chosen: argparse.Namespace) -> None:
    load = os.getloadavg()[0]
    print(f"load average before: {load:.1f} on {os.cpu_count()} cores")
    async with (
        ground() as base,
        base.client() as harness,
        daemon(base, harness) as (api, pid),
    ):
        if "starts" in chosen.only:
            await measure_starts(base, harness, api, chosen.starts)
        if "reads" in chosen.only:
            await measure_reads(base, api, pid, chosen.read_seconds)
        if "streams" in chosen.only:
            await measure_streams(base, harness, api, pid, chosen)
    print(f"load average after: {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--readers", type=int, default=1000)
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--seconds", type=int, default=20, help="how long each run streams")
    parser.add_argument("--starts", type=int, default=40)
    parser.add_argument("--read-seconds", type=float, default=5)
    parser.add_argument("--only", nargs="+", default=["starts", "reads", "streams"])
    uvloop.run(main(parser.parse_args()))
