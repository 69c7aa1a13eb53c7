"""A typed result: the answer is a validated pydantic model."""

import asyncio

from pydantic import BaseModel, Field

from harness import Agent, Harness


class Ticket(BaseModel):
    title: str = Field(description="One line.")
    urgent: bool
    tags: list[str] = []


agent = Agent("triage", instructions="Turn the report into a ticket.", output=Ticket)


async def main() -> None:
    async with Harness.local() as harness:
        result = await harness.run(agent, "The login page answers 500 since noon.")
        ticket = result.output
        print(f"{ticket.title!r} urgent={ticket.urgent} tags={ticket.tags}")


if __name__ == "__main__":
    asyncio.run(main())
