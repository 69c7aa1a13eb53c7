"""Looking back at one long run: the projection of its history, and a fork of it.

    python -m bench.past [--turns 1000]

The projection is measured over 10,000 events of real histories: copies of the run's own, one after
another, as a run has them that goes on in fresh ones.
"""

from __future__ import annotations

import argparse
import time
from itertools import cycle, islice

import uvloop

from bench.agents import agent_of, ground
from bench.measure import own_cpu, spread
from bench.work import FINAL, PROMPT
from harness import Harness
from harness.forks.fork import Change, start_fork
from harness.history.recording import Recording, read_history
from harness.journal import Execution, project_chain
from harness.sdk.handle import RunHandle
from harness.terminal.page.run_page import run_page_html

EVENTS = 10_000
PAGE = 2_000
TIMES = 5
FORKS = 20


def projection(recording: Recording) -> None:
    executions = list(recording.executions)
    entries = sum(len(each.entries) for each in executions)
    copies = -(-EVENTS // len(recording.events))
    chain = [
        Execution(f"{each.run_id}-{number}", each.entries)
        for number, each in enumerate(islice(cycle(executions), copies * len(executions)))
    ]
    seconds: list[float] = []
    for _ in range(TIMES):
        start = own_cpu()
        events = project_chain(recording.run, chain)
        seconds.append((own_cpu() - start) * EVENTS / len(events))
    size = f"{EVENTS:,} events ({entries * copies:,} entries)"
    print(f"projection of {size}: {spread(seconds)} s of CPU")
    start = own_cpu()
    text = run_page_html(recording.events[:PAGE], "bench")
    shown = min(PAGE, len(recording.events))
    print(f"a page of {shown:,} events: {own_cpu() - start:.2f} s of CPU, {len(text):,} bytes")


async def forks(harness: Harness, run: RunHandle[str], turns: int) -> None:
    """Until the fork is there and its id is known; no worker has to take it."""
    for at in (1, turns // 2, turns - 1):
        took: list[float] = []
        for _ in range(FORKS):
            start = time.perf_counter()
            id = await start_fork(harness.connection, run.id, at, Change(hint="otherwise"))
            took.append((time.perf_counter() - start) * 1e3)
            await harness.get_run(id).abort()
        print(f"a fork at turn {at:,} of {turns:,}: {spread(took)} ms")


async def main(turns: int) -> None:
    name = f"long:turns-{turns}"
    async with ground() as base, base.client() as harness:
        async with base.worker(name):
            run: RunHandle[str] = await harness.start(agent_of(name), PROMPT, id="long")
            result = await run.result()
            assert result.output == FINAL
        await forks(harness, run, turns)
        projection(await read_history(harness.connection, run.id))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--turns", type=int, default=1000)
    uvloop.run(main(parser.parse_args().turns))
