"""Agent servers side by side, over HTTP: what a client waits, what a run costs, and what is left of
a run whose server is killed.

In interleaved rounds, each on a fresh database and engine: a run's first event and its end, one run
after another; runs a second with 50 clients at once; CPU of a run in all processes that serve it.
Then a run is started in the background, its server is killed (kill -9) after a second and started
again, and the run is watched for half a minute.

    python -m bench.servers [--rounds 3] [--only harness,aegra] [--out FILE]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import statistics
import time
from pathlib import Path
from typing import Any

import uvloop

from bench.agents import Ground, ground
from bench.backends import ROOT, peers_python
from bench.measure import spread, tree_cpu
from bench.servers.contenders import CONTENDERS, Contender
from bench.work import FINAL, PROMPT

OUT = ROOT / "build" / "bench" / "servers.jsonl"
AT_ONCE = 50
WATCHED_S = 30.0
OPEN = ("running", "pending")
FIGURES = {
    "first_ms": "first event, ms",
    "whole_ms": "whole run, ms",
    "rps": "runs/s, 50 at once",
    "cpu_server_ms": "CPU of server and worker, ms",
    "cpu_engine_ms": "of Temporal",
    "cpu_database_ms": "of Postgres",
    "after_kill": "a run whose server was killed",
}


async def run_one(server: Contender) -> tuple[float, float]:
    """Seconds to the first event and to the end."""
    begun, first, last = time.perf_counter(), 0.0, ""
    async for _, _, data in server.stream("calculator", PROMPT):
        first = first or time.perf_counter() - begun
        last = data if FINAL in data else last
    assert last, "the run ended without its answer"
    return first, time.perf_counter() - begun


async def run_many(server: Contender, count: int) -> None:
    slots = asyncio.Semaphore(AT_ONCE)

    async def slotted() -> None:
        async with slots:
            await run_one(server)

    await asyncio.gather(*(slotted() for _ in range(count)))


async def measure_speed(
    server: Contender, back: Ground, chosen: argparse.Namespace
) -> dict[str, Any]:
    await run_many(server, AT_ONCE)
    alone = [await run_one(server) for _ in range(chosen.alone)]
    parts = {
        "server": server.pids,
        "engine": [back.backends.pids["engine"]],
        "database": [back.backends.pids["database"]],
    }
    before = {name: sum(map(tree_cpu, pids)) for name, pids in parts.items()}
    start = time.perf_counter()
    await run_many(server, chosen.together)
    seconds = time.perf_counter() - start
    used = {name: sum(map(tree_cpu, pids)) - before[name] for name, pids in parts.items()}
    return {
        "first_ms": statistics.median(first for first, _ in alone) * 1e3,
        "whole_ms": statistics.median(whole for _, whole in alone) * 1e3,
        "rps": chosen.together / seconds,
        **{f"cpu_{name}_ms": spent / chosen.together * 1e3 for name, spent in used.items()},
    }


async def measure_kill(server: Contender) -> str:
    """How a run stands half a minute after its server was killed, at the latest."""
    run = await server.begin("slow", PROMPT)
    await asyncio.sleep(1)
    await server.kill()
    await server.start()
    deadline = time.monotonic() + WATCHED_S
    while (state := await server.find_state(run)) in OPEN and time.monotonic() < deadline:  # noqa: ASYNC110
        await asyncio.sleep(0.5)
    return f"{state} after {WATCHED_S:.0f} s" if state in OPEN else state


async def measure(kind: type[Contender], python: Path, chosen: argparse.Namespace) -> Any:
    async with ground() as back:
        server = kind(back, python)
        try:
            await server.start()
            figures = await measure_speed(server, back, chosen)
            return figures | {"after_kill": await measure_kill(server)}
        finally:
            await server.close()


def show(rows: list[dict[str, Any]]) -> str:
    names = list(dict.fromkeys(row["name"] for row in rows))
    lines = ["| | " + " | ".join(names) + " |", "|---|" + "---|" * len(names)]
    for key, title in FIGURES.items():
        cells = [_cell([row[key] for row in rows if row["name"] == name]) for name in names]
        lines.append(f"| {title} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _cell(values: list[Any]) -> str:
    if isinstance(values[0], str):
        return ", ".join(dict.fromkeys(values))
    return str(spread(values))


async def main(chosen: argparse.Namespace) -> None:
    names = chosen.only.split(",") if chosen.only else []
    kinds = [kind for kind in CONTENDERS if not names or kind.name.split()[0] in names]
    python = await peers_python(Path(__file__).parent)
    chosen.out.parent.mkdir(parents=True, exist_ok=True)
    rows: list[dict[str, Any]] = []
    for number in range(chosen.rounds):
        for kind in random.Random(number).sample(kinds, len(kinds)):
            row = {"round": number, "name": kind.name}
            row |= await measure(kind, python, chosen)
            rows.append(row)
            print(json.dumps(row), flush=True)
            with chosen.out.open("a") as file:
                file.write(json.dumps(row) + "\n")
    print(f"\n{show(rows)}\n\nEach figure: {chosen.out}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default="")
    parser.add_argument("--alone", type=int, default=20, help="runs one after another")
    parser.add_argument("--together", type=int, default=200, help="runs, 50 at once")
    parser.add_argument("--out", type=Path, default=OUT)
    uvloop.run(main(parser.parse_args()))
