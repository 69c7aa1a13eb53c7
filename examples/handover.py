"""An agent hands a conversation over to another agent."""

import asyncio

from harness import Agent, Harness, tool


@tool(effect="read")
async def add(a: int, b: int) -> int:
    "Add two numbers."
    return a + b


clerk = Agent("clerk", instructions="Do sums.", tools=[add])
agent = Agent(
    "desk",
    instructions="Find out what is wanted. Hand sums over.",
    tools=[clerk.as_handover(name="hand_over", description="Hand over whoever wants a sum.")],
)
PROMPT = 'Call hand_over with {"reason": "It is a sum."}'


async def main() -> None:
    async with Harness.local() as harness:
        run = await harness.start(agent, PROMPT)
        async for event in run.events():
            if event.type in ("child_started", "child_ended"):
                print(event)
        print((await run.result()).text)


if __name__ == "__main__":
    asyncio.run(main())
