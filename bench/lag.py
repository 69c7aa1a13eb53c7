"""How far behind a reader in another process is: durable events after the moment that the engine
stamped them with, and text after the moment when the provider sent it.

The fake provider sends the time as its text, so no clock is needed in between; what is measured
includes its socket and the worker's reading. The runs start one after another over the length of
one stream: all of them stream together in the middle, and the engine is not measured under a burst.

    python -m bench.lag [--streams 100] [--pieces 200] [--every 50]
"""

from __future__ import annotations

import argparse
import asyncio
import time
from dataclasses import dataclass, field

import uvloop

from bench.agents import agent_of, ground
from bench.measure import lags, own_cpu, tree_cpu
from harness import Agent, Harness


@dataclass
class Seen:
    events: list[float] = field(default_factory=list[float])
    tokens: list[float] = field(default_factory=list[float])
    late: int = 0
    """Pieces that came only with the durable reply."""

    async def follow(
        self, harness: Harness, agent: Agent[None, str], id: str, after: float = 0.0
    ) -> None:
        await asyncio.sleep(after)
        run = await harness.start(agent, id, id=id)
        replied = ""
        async for event in run.events():
            now = time.time()
            if event.type == "output_delta":
                self.tokens += (now - float(sent) for sent in event.text.split())
            elif event.type == "output_reset":
                self.late += 1
            else:
                replied = event.type
                if replied != "run_started":  # that one was there before anybody could read
                    self.events.append(now - event.at)
        assert replied == "run_ended", replied


async def main(chosen: argparse.Namespace) -> None:
    name = f"clock:clock-{chosen.pieces}-{chosen.every}"
    agent = agent_of(name)
    async with ground() as base, base.worker(name) as worker, base.client() as harness:
        await Seen().follow(harness, agent, "warm")
        for count in sorted({1, chosen.streams}):
            seen, used, own = Seen(), tree_cpu(worker), own_cpu()
            start = time.perf_counter()
            length = chosen.pieces * chosen.every / 1000
            following = (
                seen.follow(harness, agent, f"{count}-{n}", after=n * length / count)
                for n in range(count)
            )
            await asyncio.gather(*following)
            seconds = time.perf_counter() - start
            print(f"{count} streams at once, a piece each {chosen.every} ms:")
            print(f"  events after their history event: {lags(seen.events)}")
            print(f"  text after it left the provider: {lags(seen.tokens)}")
            print(
                f"  cores used: worker {(tree_cpu(worker) - used) / seconds:.2f}, "
                f"reader {(own_cpu() - own) / seconds:.2f}; texts begun again: {seen.late}"
            )


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--streams", type=int, default=100)
    parser.add_argument("--pieces", type=int, default=200)
    parser.add_argument("--every", type=int, default=50, help="milliseconds between two pieces")
    uvloop.run(main(parser.parse_args()))
