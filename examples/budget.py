"""A budget that asks a person for more instead of ending the run."""

import asyncio

from harness import Agent, Budget, Harness
from harness.tools import math

agent = Agent(
    "thrifty",
    instructions="Calculate with the tool.",
    tools=[math],
    budget=Budget(turns=2, ask=True),
)


async def main() -> None:
    async with Harness.local() as harness:
        run = await harness.start(agent, "What is 2 * 3, and 4 * 5, and 6 * 7?")
        async for event in run.events():
            if event.type == "decision_requested":
                print(event.question)
                await run.approve()
        result = await run.result()
        print(result.output.splitlines()[-2])
        print(f"{result.totals.turns} turns")


if __name__ == "__main__":
    asyncio.run(main())
