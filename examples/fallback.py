"""A model plan: if the first model fails, the next one answers, and the events show it."""

import asyncio

from harness import Agent, Harness, ProviderSettings, load_settings

agent = Agent(
    "patient",
    model="nowhere/some-model",
    fallbacks=["offline/demo"],
    instructions="Answer briefly.",
)


async def main() -> None:
    # A provider of your own: any server that implements the Chat Completions protocol. Nothing
    # listens at this address.
    nowhere = ProviderSettings(kind="chat", base_url="http://127.0.0.1:9/v1")
    settings = load_settings().model_copy(update={"providers": {"nowhere": nowhere}})
    async with Harness.local(settings=settings) as harness:
        run = await harness.start(agent, "Hello")
        async for event in run.events():
            if event.type == "model_replied":
                for fallback in event.fallbacks or ():
                    print(f"fell back from {fallback.model}: {fallback.code}")
                print(f"{event.model} answered")


if __name__ == "__main__":
    asyncio.run(main())
