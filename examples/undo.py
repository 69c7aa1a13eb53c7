"""Undo the effects of a run: those after a given turn, then all of them."""

import asyncio
import tempfile
from pathlib import Path

from harness import Agent, Harness, ToolContext, tool
from harness.tools import move_file, write_file

SHELF: list[str] = []  # in place of an external service


@tool
async def put_on_shelf(ctx: ToolContext[None], thing: str) -> str:
    """Put a thing on the shelf."""
    SHELF.append(thing)
    ctx.receipt({"thing": thing})
    return f"{thing} is on the shelf"


@put_on_shelf.undo
async def take_off(ctx: ToolContext[None], receipt: dict[str, str]) -> str:
    ctx.progress(f"taking {receipt['thing']} off the shelf")
    SHELF.remove(receipt["thing"])
    return f"took {receipt['thing']} off the shelf"


agent = Agent("tidier", tools=[write_file, move_file, put_on_shelf])

PROMPT = """
Call write_file with {"path": "plan.txt", "content": "tidy up"}
Call move_file with {"source": "todo.txt", "target": "old/todo.txt"}
Call put_on_shelf with {"thing": "a vase"}
"""


def describe_state(folder: Path) -> str:
    files = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    return f"files {files}, shelf {SHELF}"


async def main() -> None:
    folder = Path(tempfile.mkdtemp())
    (folder / "todo.txt").write_text("water the plants\n")
    async with Harness.local() as harness:
        run = await harness.start(agent, PROMPT, workspace=folder)
        await run.result()
        print("after the run:", describe_state(folder))
        for effect in await run.effects():
            print(f"turn {effect.turn}: {effect.tool} is {effect.state}")

        report = await run.undo(to_turn=1)
        print("undone:", [step.said for step in report.undone])
        print("after turn 1 again:", describe_state(folder))

        await run.undo()
        print("as before the run:", describe_state(folder))
        print("again:", (await run.undo()).steps)


if __name__ == "__main__":
    asyncio.run(main())
