"""A tool's context: the run, the turn, an idempotency key and the agent's deps."""

import asyncio
from dataclasses import dataclass, field

from harness import Agent, Harness, ToolContext, tool


@dataclass
class Shop:
    orders: dict[str, str] = field(default_factory=dict[str, str])


@tool(effect="write", on_unknown="retry")
def order(context: ToolContext[Shop], item: str) -> str:
    "Order an item."
    # The key is the same for every attempt at this call, so ordering twice changes nothing.
    context.progress(f"ordering {item}")
    context.deps.orders.setdefault(context.idempotency_key, item)
    return f"ordered {item}, {len(context.deps.orders)} order in total"


agent = Agent("shopper", instructions="Order what is asked.", tools=[order], deps=Shop)


async def main() -> None:
    async with Harness.local() as harness:
        run = await harness.start(agent, 'Call order with {"item": "tea"}')
        print((await run.result()).output)


if __name__ == "__main__":
    asyncio.run(main())
