"""What if a hint had suggested a rebate? Ten past runs are forked four times each.

No tool runs again: recorded results are played back, and nothing is ordered. A page shows how the
forks differ.
"""

import asyncio
from pathlib import Path

from pydantic import BaseModel

from harness import Agent, Budget, Change, Harness, draw_whatif, summarize_whatif, tool

ordered: list[str] = []


@tool(effect="read")
def price(item: str) -> str:
    "Look up the price of an item."
    return f"{item} costs {10 + len(item)} euros"


@tool(effect="read")
def rebate(code: str) -> str:
    "Look up the rebate of a code."
    return f"{code} takes off {len(code)} euros"


@tool(effect="write")
def order(item: str) -> str:
    "Order an item."
    ordered.append(item)
    return f"ordered one {item} for {10 + len(item)} euros"


class Bill(BaseModel):
    euros: int


agent = Agent(
    "buyer", instructions="Buy what is asked.", tools=[price, rebate, order], output=Bill,
    budget=Budget(turns=5),
)  # fmt: skip
ITEMS = ("tea", "rice", "salt", "oil", "bread", "milk", "eggs", "soap", "pens", "paper")
HINT = 'Call rebate with {"code": "SPRING"}'


def write_prompt(place: int, item: str) -> str:
    """Some prompts ask for the rebate already, and some take more steps."""
    steps = [f'Call price with {{"item": "{item}"}}', f'Call order with {{"item": "{item}"}}']
    if place >= 5:
        steps.insert(0, HINT)
    if place >= 8:
        steps.insert(0, 'Call price with {"item": "cake"}')
    return ". ".join(steps)


async def main() -> None:
    async with Harness.local() as harness:
        runs = [
            await harness.start(agent, write_prompt(place, item))
            for place, item in enumerate(ITEMS)
        ]
        bills = [await run.result() for run in runs]
        print(f"{len(bills)} runs, {len(ordered)} orders")

        ids = [run.id for run in runs]
        report = await harness.whatif(ids, 0, Change(hint=HINT), n=4, agent=agent)
        summary = summarize_whatif(report)
        print(
            f"{summary['forks']} forks: {summary['same']} same, {summary['different']} different,",
            end=" ",
        )
        print(f"{summary['failed']} failed; still {len(ordered)} orders")
        print(f"median tokens: {summary['median']['tokens']:g}, was {summary['was']['tokens']:g}")
        for source in report.sources[4:6]:
            fork = source.forks[0]
            calls = ", ".join(f"{call.name} {call.how}" for call in fork.calls)
            print(f"{source.was and source.was.data} -> {fork.data}: {calls}")
    save_page(draw_whatif(report), Path("whatif.html"))


def save_page(page: str, file: Path) -> None:
    file.write_text(page, "utf-8")
    print(f"page: {file}")


if __name__ == "__main__":
    asyncio.run(main())
