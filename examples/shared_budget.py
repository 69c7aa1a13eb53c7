"""A budget that the runs of a session share: used up, the next one sums up instead of going on."""

import asyncio

from harness import Agent, Budget, Harness
from harness.tools import math

agent = Agent(
    "sharer",
    instructions="Calculate with the tool.",
    tools=[math],
    budget=Budget(tokens=3_000, shared="session"),
)


async def main() -> None:
    async with Harness.local() as harness:
        session = harness.session("sums")
        for number in range(1, 100):
            run = await session.start(agent, f"What is {number} * {number}?")
            async for event in run.events():
                if event.type == "decision_requested":
                    print(event.question.partition(" Approve")[0])
                    await run.answer("finish")
            result = await run.outcome()
            if result.reason:
                print(f"run {number} ended early: {result.state.value}")
                break


if __name__ == "__main__":
    asyncio.run(main())
