"""CPU time of a worker process per turn, with the request log off and on.

Runs of two turns with the demo model, in one process with a real stack. Off and on take turns, so
that what else the machine does affects both. The time of Postgres is not included.

    python -m bench.request_log [--runs 40] [--rounds 4]
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from pathlib import Path
from statistics import median
from time import process_time

from harness import Agent, Harness, tool
from harness.config.settings import settings_model

PROMPT = 'Call weigh with {"thing": "stone"}'
INSTRUCTIONS = "Weigh what you are asked to. " * 100
TURNS = 2


@tool(effect="read")
async def weigh(thing: str) -> str:
    "Weigh a thing."
    return f"{thing}: " + "heavy " * 500


agent = Agent("weigher", instructions=INSTRUCTIONS, tools=[weigh])


async def measure(project: Path, sample: float | None, runs: int) -> float:
    """Milliseconds of CPU time per turn."""
    settings = settings_model().model_validate({"request_log": {"sample": sample}})
    async with Harness.local(project=project, settings=settings) as harness:
        for _ in range(3):
            await harness.run(agent, PROMPT)
        before = process_time()
        for _ in range(runs):
            await harness.run(agent, PROMPT)
        await asyncio.sleep(1.0)  # what the log writes belongs to the turns
        return (process_time() - before) * 1e3 / (runs * TURNS)


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=40)
    parser.add_argument("--rounds", type=int, default=4)
    args = parser.parse_args()
    times: dict[float | None, list[float]] = {None: [], 1.0: []}
    with tempfile.TemporaryDirectory() as folder:
        settings = settings_model().model_validate({})
        async with Harness.local(project=Path(folder), settings=settings):  # keeps the stack up
            for _ in range(args.rounds):
                for sample, measured in times.items():
                    measured.append(await measure(Path(folder), sample, args.runs))
    off, on = median(times[None]), median(times[1.0])
    print(f"off {off:.2f} ms, on {on:.2f} ms per turn: {on - off:+.2f} ms, ratio {on / off:.3f}")


if __name__ == "__main__":
    asyncio.run(main())
