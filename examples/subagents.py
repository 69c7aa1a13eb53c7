"""An agent calls another agent as a tool."""

import asyncio

from harness import Agent, Budget, Harness, tool


@tool(effect="read")
async def weather(city: str) -> str:
    "Look up the weather in a city."
    return f"sunny in {city}"


scout = Agent("scout", instructions="Look it up.", tools=[weather])
agent = Agent(
    "planner",
    instructions="Plan the journey. Ask the scout about the weather.",
    tools=[
        scout.as_tool(
            name="ask_scout",
            description="Answers one question about the weather.",
            budget=Budget(turns=5, tokens=20_000),
        )
    ],
)
PROMPT = 'Call ask_scout with {"prompt": "How is the weather in Oslo?"}'


async def main() -> None:
    async with Harness.local() as harness:
        run = await harness.start(agent, PROMPT)
        async for event in run.events():
            if event.type in ("child_started", "child_ended"):
                print(event)
        print((await run.result()).totals)


if __name__ == "__main__":
    asyncio.run(main())
