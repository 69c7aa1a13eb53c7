"""The request log: what was sent to the model, and what the second request adds to the first."""

import asyncio
import os

from harness import Agent, Harness, tool
from harness.request_log import client
from harness.request_log.rows import RequestFilter

# Usually in harness.toml: [request_log] sample = 1.0
os.environ["HARNESS_REQUEST_LOG__SAMPLE"] = "1.0"


@tool(effect="read")
async def look_up(word: str) -> str:
    "Look a word up."
    return f"{word}: password=hunter2-secret"


agent = Agent("reader", instructions="Look it up.", tools=[look_up])


async def main() -> None:
    async with Harness.local() as harness:
        run = await harness.start(agent, 'Call look_up with {"word": "stone"}')
        await run.result()
        found = []
        while len(found) < 2:  # written in the background
            await asyncio.sleep(0.1)
            found = (
                await client.list_requests(harness.connection, RequestFilter(run=run.id))
            ).requests
        for each in reversed(found):
            shown = await client.show_request(harness.connection, each.id)
            print(f"turn {each.turn}: {each.status}, {shown.added} parts added")
        print(shown.parts[-1].value["parts"][0]["content"])


if __name__ == "__main__":
    asyncio.run(main())
