"""Read-only tool calls of one reply run in parallel."""

import asyncio

from harness import Agent, Harness, tool


@tool(effect="read")
async def weather(city: str) -> str:
    "Look up the weather in a city."
    await asyncio.sleep(0.2)
    return f"sunny in {city}"


agent = Agent("traveller", instructions="Look it up.", tools=[weather], parallel=True)
PROMPT = "At once: " + ". ".join(
    f'Call weather with {{"city": "{city}"}}' for city in ("Oslo", "Rome", "Lima")
)


async def main() -> None:
    async with Harness.local() as harness:
        run = await harness.start(agent, PROMPT)
        async for event in run.events():
            if event.type == "tool_call_finished":
                print(event.content)


if __name__ == "__main__":
    asyncio.run(main())
