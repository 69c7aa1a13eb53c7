"""Start a run of the calculator agent, served here or by a worker.

python starter/run.py "What is 2 + 2?" --remote    (with: harness worker examples/calculator.py)
"""

import argparse

from harness import Agent, Harness, tool
from harness.terminal import exit_codes


@tool(effect="read", inline=True)
def add(a: int, b: int) -> int:
    "Add two numbers."
    return a + b


agent = Agent("calculator", instructions="Use the tool for every sum.", tools=[add])


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("prompt")
    parser.add_argument("--id", help="the run's id; repeating the script joins that run")
    parser.add_argument("--remote", action="store_true", help="let a worker serve the run")
    args = parser.parse_args()
    async with Harness.connect() if args.remote else Harness.local() as harness:
        run = await harness.start(agent, args.prompt, id=args.id)
        print(run.id, run.url)
        if not args.remote:
            print((await run.result()).output)


if __name__ == "__main__":
    exit_codes.run_script(main)
