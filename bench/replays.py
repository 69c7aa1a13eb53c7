"""Histories a second that today's code is replayed over: ours, with every argument compared, and
the hand-written loop under the SDK's own Replayer, which compares no arguments. Interleaved.

    python -m bench.replays [--copies 100] [--rounds 5]
"""

from __future__ import annotations

import argparse
import time
from collections.abc import AsyncIterator, Awaitable, Callable

import uvloop
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner

from bench.agents import agent_of, ground
from bench.contestants.floor import Loop
from bench.contestants.floor import setup as floor
from bench.measure import spread
from bench.work import FINAL, PROMPT
from harness.history.recording import Recording, read_history
from harness.replay.check import replay_recordings

Timed = Callable[[int], Awaitable[float]]


def of_ours(recording: Recording) -> Timed:
    async def timed(copies: int) -> float:
        start = time.perf_counter()
        outcomes = [each async for each in replay_recordings([recording] * copies)]
        assert all(each.ok for each in outcomes)
        return copies / (time.perf_counter() - start)

    return timed


def of_floor(history: WorkflowHistory) -> Timed:
    async def timed(copies: int) -> float:
        async def histories() -> AsyncIterator[WorkflowHistory]:
            for _ in range(copies):
                yield history

        replayer = Replayer(
            workflows=[Loop], workflow_runner=UnsandboxedWorkflowRunner(), build_id="floor"
        )
        start = time.perf_counter()
        async with replayer.workflow_replay_iterator(histories()) as results:
            async for result in results:
                assert result.replay_failure is None
        return copies / (time.perf_counter() - start)

    return timed


async def main(copies: int, rounds: int) -> None:
    async with ground() as base:
        async with base.worker("calculator"), base.client() as harness:
            run = await harness.start(agent_of("calculator"), PROMPT, id="ours")
            assert (await run.result()).output == FINAL
            recording = await read_history(harness.connection, run.id)
        async with floor(base.options) as context:
            await context.run_one("floor")
            history = await context.client.get_workflow_handle("floor").fetch_history()
    contestants = {"harness": of_ours(recording), "floor": of_floor(history)}
    found: dict[str, list[float]] = {name: [] for name in contestants}
    for number in range(rounds + 1):
        for name in sorted(contestants, reverse=bool(number % 2)):
            rate = await contestants[name](copies)
            if number:  # the first one warms up
                found[name].append(rate)
    for name, rates in found.items():
        print(f"{name}: {spread(rates)} histories/s")
    ratios = [a / b for a, b in zip(found["harness"], found["floor"], strict=True)]
    print(f"ratio, each in its round: {spread(ratios)}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--copies", type=int, default=100, help="histories a round")
    parser.add_argument("--rounds", type=int, default=5)
    chosen = parser.parse_args()
    uvloop.run(main(chosen.copies, chosen.rounds))
