"""File tools, confined to one folder: the run's workspace."""

import asyncio
import tempfile
from pathlib import Path

from harness import Agent, Harness
from harness.tools import list_files, read_file, write_file

agent = Agent(
    "clerk", instructions="Work in the folder.", tools=[list_files, read_file, write_file]
)


async def main() -> None:
    folder = Path(tempfile.mkdtemp())
    (folder / "todo.txt").write_text("water the plants\n")
    async with Harness.local() as harness:
        for prompt in ("Read todo.txt", "Write done to report.txt", "Read ../../etc/passwd"):
            run = await harness.start(agent, prompt, workspace=folder)
            async for event in run.events():
                if event.type == "tool_call_finished":
                    print(f"{event.name}: {'ok' if event.ok else 'refused'}: {event.content!r}")


if __name__ == "__main__":
    asyncio.run(main())
