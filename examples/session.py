"""A conversation: consecutive runs that share one transcript."""

import asyncio

from harness import Agent, Harness
from harness.tools import math

agent = Agent("tutor", instructions="Calculate with the tool.", tools=[math])


async def main() -> None:
    async with Harness.local() as harness:
        session = harness.session()
        for prompt in ("What is 3 * 7?", "And 21 + 21?"):
            run = await session.start(agent, prompt)
            print(f"{run.id}: {(await run.result()).output.splitlines()[0]}")
        print(await session.list_runs() == [f"{session.id}.1", f"{session.id}.2"])


if __name__ == "__main__":
    asyncio.run(main())
