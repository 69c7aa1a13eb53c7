"""The smallest agent: one read-only tool.

harness run "What is 2 + 2?" --agent examples/calculator.py:agent
"""

import asyncio

from harness import Agent, Harness, tool


@tool(effect="read", inline=True)
def add(a: int, b: int) -> int:
    "Add two numbers."
    return a + b


agent = Agent("calculator", instructions="Use the tool for every sum.", tools=[add])


async def main() -> None:
    async with Harness.local() as harness:
        run = await harness.start(agent, "What is 2 + 2?")
        async for event in run.events():
            if event.type == "output_delta":
                print(event.text, end="", flush=True)
        result = await run.result()
        print(f"\n{result.state.value}, {result.totals.usage.total} tokens")


if __name__ == "__main__":
    asyncio.run(main())
