"""The only worker is killed (kill -9) and another one started: when does the next step begin?

Between two steps: a run waits for a person, its worker is killed, another one serves, the person
approves; measured is from the approval to the start of the tool. In a model call: from the kill to
the moment when the provider is asked again.

    python -m bench.recovery [--times 5]
"""

from __future__ import annotations

import argparse
import asyncio
import time

import uvloop

from bench.abort import streams
from bench.agents import Ground, agent_of, ground
from bench.measure import spread, until
from bench.work import FINAL, PROMPT
from harness import Harness

CLOCK = "clock:clock-40-50"


async def between_steps(base: Ground, harness: Harness, id: str) -> float:
    worker = await base.start_worker("asking")
    run = await harness.start(agent_of("asking"), PROMPT, id=id)
    await waiting(harness, id, 1)
    worker.kill()
    await worker.wait()
    async with base.worker("asking"):
        start = time.perf_counter()
        await run.approve()
        async for event in run.events():
            if event.type == "tool_call_finished":
                break
        took = time.perf_counter() - start
        for number in (2, 3):
            await waiting(harness, id, number)
            await run.approve()
        assert (await run.result()).output == FINAL
    return took


async def waiting(harness: Harness, id: str, number: int) -> None:
    """Until the run has asked that many times."""
    async for event in harness.get_run(id).events():
        number -= event.type == "decision_requested"
        if not number:
            return


async def in_a_call(base: Ground, harness: Harness, id: str) -> tuple[float, float]:
    worker = await base.start_worker(CLOCK)
    run = await harness.start(agent_of(CLOCK), id, id=id)

    async def begun() -> bool:
        return id in await streams(base)

    await until(begun)
    await asyncio.sleep(0.5)
    worker.kill()
    killed = time.monotonic()
    await worker.wait()
    async with base.worker(CLOCK):
        serving = time.monotonic()
        await run.result()
        again = (await streams(base))[id]["begun"]
    return again - killed, serving - killed


async def main(times: int) -> None:
    async with ground() as base, base.client() as harness:
        steps = [await between_steps(base, harness, f"steps-{n}") for n in range(times)]
        print(f"between two steps, after the approval: {spread(steps)} s")
        calls = [await in_a_call(base, harness, f"call-{n}") for n in range(times)]
        print(f"in a model call, after the kill: {spread([c for c, _ in calls])} s")
        print(f"of that until the other worker serves: {spread([s for _, s in calls])} s")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--times", type=int, default=5)
    uvloop.run(main(parser.parse_args().times))
