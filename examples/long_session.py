"""A conversation that stays small for the model: old results become stubs, old turns a summary."""

import asyncio

from harness import Agent, ContextPolicy, Harness, Message, Text
from harness.tools import math

agent = Agent(
    "patient",
    instructions="Calculate with the tool.",
    tools=[math],
    context=ContextPolicy(keep_results=2, compact_at=400, keep_last=2),
)


async def main() -> None:
    async with Harness.local() as harness:
        session = harness.session()
        rule = Message(role="user", parts=(Text(text="Answer in one line."),), pinned=True)
        await session.run(agent, [rule])
        for number in range(1, 13):
            await session.run(agent, f"What is {number} * {number}?")
        for id in await session.list_runs():
            for event in await harness.get_run(id).trace():
                if event.type == "context_compacted":
                    print(f"{event.summarized} messages summarized before {id}")


if __name__ == "__main__":
    asyncio.run(main())
