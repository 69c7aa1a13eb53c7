"""How soon a provider is left alone after an abort: from the call of `abort` to the end of its
connection, for 100 streams that are aborted at once.

    python -m bench.abort [--streams 100]
"""

from __future__ import annotations

import argparse
import asyncio
import time
from typing import Any

import httpx
import uvloop

from bench.agents import Ground, agent_of, ground
from bench.measure import lags, until
from harness import Harness

NAME = "clock:clock-1200-50"


async def streams(base: Ground) -> dict[str, Any]:
    async with httpx.AsyncClient(timeout=30) as http:
        return (await http.get(f"{base.model}/streams")).json()


async def aborted(base: Ground, harness: Harness, tag: str, count: int) -> list[float]:
    agent = agent_of(NAME)
    ids = [f"{tag}-{n}" for n in range(count)]
    runs = await asyncio.gather(*(harness.start(agent, id, id=id) for id in ids))

    async def all_begun() -> bool:
        return (await streams(base)).keys() >= set(ids)

    await until(all_begun)
    await asyncio.sleep(1)  # all of them are in the middle of their text
    asked: dict[str, float] = {}

    async def abort(run: Any) -> None:
        asked[run.id] = time.monotonic()
        await run.abort("enough")

    await asyncio.gather(*(abort(run) for run in runs))
    await asyncio.gather(*(run.result() for run in runs))
    gone = await streams(base)
    return [gone[id]["gone"] - asked[id] for id in ids]


async def main(chosen: argparse.Namespace) -> None:
    async with ground() as base, base.client() as harness:
        for title, options in (
            ("cancels are pushed", {}),
            ("cancels come with heartbeats", {"no_push": True}),
        ):
            tag = title.replace(" ", "-")
            async with base.worker(NAME, **options):
                await aborted(base, harness, f"{tag}-warm", 1)
                took = await aborted(base, harness, tag, chosen.streams)
                print(f"{title}: provider left after {lags(took)}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--streams", type=int, default=100)
    uvloop.run(main(parser.parse_args()))
