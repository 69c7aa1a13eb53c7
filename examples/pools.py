"""A pool: calls of different runs share one scale, so they take turns."""

import asyncio
import os

from harness import Agent, Harness, tool

# Usually in harness.toml: [limits.pools.scale] width = 1
os.environ["HARNESS_LIMITS__POOLS__SCALE__WIDTH"] = "1"

on_the_scale: list[str] = []


@tool(effect="read", pool="scale")
async def weigh(thing: str) -> str:
    "Weigh a thing."
    on_the_scale.append(thing)
    await asyncio.sleep(0.2)
    alone = len(on_the_scale) == 1
    on_the_scale.remove(thing)
    return f"{thing} weighed {'alone' if alone else 'with others'}"


agent = Agent("weigher", instructions="Weigh it.", tools=[weigh])


async def main() -> None:
    async with Harness.local() as harness:
        things = ("stone", "feather", "apple")
        prompts = [f'Call weigh with {{"thing": "{thing}"}}' for thing in things]
        starts = [harness.start(agent, prompt, priority=2) for prompt in prompts]
        for run in await asyncio.gather(*starts):
            print((await run.result()).output)


if __name__ == "__main__":
    asyncio.run(main())
