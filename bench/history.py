"""Does history grow in a straight line? Bytes of history per turn early and late in one run of 220
turns, and a run of 1,000 turns, which goes through fresh histories by itself.

    python -m bench.history [--turns 1000]
"""

from __future__ import annotations

import argparse
import statistics
import time

import uvloop
from temporalio.api.enums.v1 import EventType

from bench.agents import agent_of, ground
from bench.measure import tree_cpu
from bench.work import FINAL, PROMPT
from harness import Harness

SCHEDULED = EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED


async def bytes_per_turn(harness: Harness) -> list[int]:
    """A turn is what lies between two model calls."""
    run = await harness.start(agent_of("growing:turns-220"), PROMPT, id="growing")
    assert (await run.result()).output == FINAL
    history = await harness.connection.temporal.get_workflow_handle(run.id).fetch_history()
    turns: list[int] = []
    for event in history.events:
        if event.event_type == SCHEDULED:
            turns.append(0)
        if turns:
            turns[-1] += event.ByteSize()
    return turns


async def long_run(harness: Harness, turns: int) -> None:
    start = time.perf_counter()
    run = await harness.start(agent_of(f"long:turns-{turns}"), PROMPT, id="long")
    replies = 0
    async for event in run.events():
        replies += event.type == "model_replied"
    result = await run.result()
    assert result.output == FINAL
    print(
        f"a run of {turns:,} turns: {result.state.value}, {replies:,} replies seen by a reader, "
        f"{time.perf_counter() - start:.0f} s"
    )


async def main(turns: int) -> None:
    agents = ("growing:turns-220", f"long:turns-{turns}")
    async with ground() as base, base.worker(*agents) as worker, base.client() as harness:
        sizes = await bytes_per_turn(harness)
        early, late = statistics.mean(sizes[15:25]), statistics.mean(sizes[195:205])
        print(
            f"bytes of history a turn: around turn 20 {early:.0f}, around turn 200 {late:.0f} "
            f"({late / early - 1:+.1%})"
        )
        used = tree_cpu(worker)
        await long_run(harness, turns)
        print(f"CPU of the worker: {(tree_cpu(worker) - used) / turns * 1e3:.1f} ms a turn")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--turns", type=int, default=1000)
    uvloop.run(main(parser.parse_args().turns))
