"""Functions around the model: instructions written from deps, and a validator of the answer."""

import asyncio
from dataclasses import dataclass

from harness import Agent, Harness, ModelRetry, RunContext
from harness.events import ModelCalled


@dataclass
class Shop:
    name: str


async def describe_shop(ctx: RunContext[Shop]) -> str:
    return f"You answer letters to {ctx.deps.name}. Be brief."


agent = Agent("secretary", instructions=describe_shop, deps=Shop("Oslo Books"))


@agent.output_validator
def sign_letter(ctx: RunContext[Shop], letter: str) -> str:
    if len(letter) > 200:
        raise ModelRetry("The letter is too long: 200 characters at most.")
    return f"{letter}\n-- {ctx.deps.name}"


async def main() -> None:
    async with Harness.local() as harness:
        run = await harness.start(agent, "Say Good morning!")
        print((await run.result()).output)
        called = next(event for event in await run.trace() if isinstance(event, ModelCalled))
        print("instructions:", called.messages[0].text)


if __name__ == "__main__":
    asyncio.run(main())
