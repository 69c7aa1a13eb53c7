"""Fork a run after its first turn with a different tool result. The run itself does not change.
Both are then compared, exported and replayed."""

import asyncio
from pathlib import Path

from harness import Agent, Harness, tool
from harness.events import ToolCallFinished
from harness.testing import check_replay


@tool(effect="read")
def forecast(city: str) -> str:
    "Forecast tomorrow's weather."
    return f"rain in {city}"


agent = Agent("planner", instructions="Plan the day.", tools=[forecast])


async def main() -> None:
    async with Harness.local() as harness:
        run = await harness.start(agent, 'Call forecast with {"city": "Oslo"}')
        print("original:", (await run.result()).output.splitlines()[0])

        calls = [e.call_id for e in await run.trace() if isinstance(e, ToolCallFinished)]
        fork = await run.fork(1, results={calls[0]: "sun in Oslo"})
        print("fork:", (await fork.result()).output.splitlines()[0])

        print(f"first difference: turn {(await run.diff(fork)).turn}")
        for each in (run, fork):
            file = Path(f"{each.id}.json")
            await each.export(file)
            await check_replay(file)  # fails if today's code would act differently
        print("both replayed")


if __name__ == "__main__":
    asyncio.run(main())
