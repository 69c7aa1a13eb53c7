"""An assistant that remembers across runs, until the run that taught it is undone."""

import asyncio

from harness import Agent, Harness, MemoryPolicy, RunHandle

agent = Agent(
    "assistant",
    instructions="Remember what will matter later. Use your memories.",
    memory=MemoryPolicy(recall=5),
)


async def print_memories(run: RunHandle[str]) -> None:
    """Print what a run began with."""
    await run.result()
    found: list[str] = []
    async for event in run.events():
        said = [each for each in getattr(event, "messages", ()) if each.origin == "memories"]
        found += [line for each in said for line in each.text.splitlines()[1:]]
    print(f"{run.id} begins with: {'; '.join(found) or 'nothing'}")


async def main() -> None:
    async with Harness.local() as harness:
        first = await harness.start(agent, 'remember "Ada drinks green tea in the morning."')
        await print_memories(first)
        await print_memories(await harness.start(agent, "What does Ada drink?"))
        await first.undo()
        await print_memories(await harness.start(agent, "What does Ada drink now?"))


if __name__ == "__main__":
    asyncio.run(main())
