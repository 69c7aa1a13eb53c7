"""The model asks a person a question and waits for the answer, however long it takes."""

import asyncio

from harness import Agent, Harness
from harness.tools import ask_human

agent = Agent("asker", instructions="Ask when you do not know.", tools=[ask_human])


async def main() -> None:
    async with Harness.local() as harness:
        run = await harness.start(agent, "Ask me which colour I like best.")
        async for event in run.events():
            if event.type == "decision_requested":
                print(f"question: {event.question}")
                await run.answer("green")
        print((await run.result()).output)


if __name__ == "__main__":
    asyncio.run(main())
