"""A model plan: when the first model cannot answer, the next one does, and the events say so."""

import asyncio

from harness import Agent, Harness, ProviderSettings, load_settings

agent = Agent(
    "patient",
    model="nowhere/some-model",
    fallbacks=["offline/demo"],
    instructions="Answer shortly.",
)


async def main() -> None:
    # A provider of your own: any server that speaks the Chat Completions protocol. Nobody listens
    # at this one.
    nowhere = ProviderSettings(kind="chat", base_url="http://127.0.0.1:9/v1")
    settings = load_settings().model_copy(update={"providers": {"nowhere": nowhere}})
    async with Harness.local(settings=settings) as harness:
        run = await harness.start(agent, "Hello")
        async for event in run.events():
            if event.type == "model_replied":
                for passed in event.fallbacks or ():
                    print(f"passed over {passed.model}: {passed.code}")
                print(f"{event.model} answered")


if __name__ == "__main__":
    asyncio.run(main())
