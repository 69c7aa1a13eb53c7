"""A policy: small payments go through, others ask, and one recipient is never paid."""

import asyncio
import os
import tempfile
from pathlib import Path

from harness import Agent, Harness, tool

POLICY = """
[[rules]]
name = "blocked"
decision = "deny"
tool = "pay"
arguments = { recipient = { equals = "Mallory", ignore_case = true } }
reason = "Mallory is not paid."

[[rules]]
name = "large"
decision = "ask"
tool = "pay"
arguments = { amount = { above = 100 } }
timeout = "2d"
then = "deny"
"""

# Usually in harness.toml: [policies] file = "policy.toml"
file = Path(tempfile.mkdtemp()) / "policy.toml"
file.write_text(POLICY)
os.environ["HARNESS_POLICIES__FILE"] = str(file)


@tool(effect="irreversible")
def pay(recipient: str, amount: int) -> str:
    "Pay an amount to a recipient."
    return f"paid {amount} to {recipient}"


agent = Agent("cashier", instructions="Pay what is asked.", tools=[pay])


async def main() -> None:
    async with Harness.local() as harness:
        for recipient, amount in (("Ada", 25), ("mallory", 5), ("Ada", 250)):
            prompt = f'Call pay with {{"recipient": "{recipient}", "amount": {amount}}}'
            run = await harness.start(agent, prompt)
            async for event in run.events():
                if event.type == "decision_requested":
                    print(f"asked: {event.question}")
                    await run.approve(event)
            print((await run.result()).output)


if __name__ == "__main__":
    asyncio.run(main())
