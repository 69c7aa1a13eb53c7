"""A call that waits for a person. The wait survives restarts; here the script itself decides."""

import asyncio
from collections.abc import Mapping
from typing import Any

from harness import Agent, Harness, tool


def is_large(arguments: Mapping[str, Any]) -> str | bool:
    """Payments over 100 need approval. The result is recorded."""
    return "over 100" if arguments["amount"] > 100 else False


@tool(effect="irreversible", approval=is_large)
def pay(recipient: str, amount: int) -> str:
    "Pay an amount to a recipient."
    return f"paid {amount} to {recipient}"


agent = Agent("payments", instructions="Pay what is asked.", tools=[pay])


async def main() -> None:
    async with Harness.local() as harness:
        run = await harness.start(agent, 'Call pay with {"recipient": "Ada", "amount": 250}')
        async for event in run.events():
            if event.type == "decision_requested":
                print(f"asked: {event.question} {event.arguments}")
                await run.decide("edit", arguments={"recipient": "Ada", "amount": 25}, note="typo")
            elif event.type == "decision_made":
                print(f"decided: {event.verdict} by {event.by}: {event.note}")
        print((await run.result()).output)


if __name__ == "__main__":
    asyncio.run(main())
