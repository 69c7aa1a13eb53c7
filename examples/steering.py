"""Steer a run in progress: pause, hint, resume, abort."""

import asyncio

from harness import Agent, Harness, tool


@tool(effect="read")
async def survey(site: int) -> str:
    "Survey a site."
    await asyncio.sleep(0.3)
    return f"site {site} is dry"


agent = Agent("surveyor", instructions="Survey the sites one by one.", tools=[survey])
SITES = ". ".join(f'Call survey with {{"site": {n}}}' for n in range(1, 9))


async def main() -> None:
    async with Harness.local() as harness:
        run = await harness.start(agent, SITES)
        results = 0
        async for event in run.events():
            if event.type == "tool_call_finished":
                results += 1
                print(event.content)
                if results == 1:
                    await run.pause("lunch")
                if results == 3:
                    await run.abort("it rains")
            elif event.type == "state_changed":
                print(f"now {event.state.value}")
                if event.state.value == "paused":
                    await run.hint("be quick")
                    await run.resume()
            elif event.type == "run_ended":
                print(f"{event.state.value}: {event.reason}")


if __name__ == "__main__":
    asyncio.run(main())
