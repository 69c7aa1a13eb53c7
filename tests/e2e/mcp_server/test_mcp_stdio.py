"""`harness mcp serve` as an MCP client starts it: over stdin and stdout."""

from __future__ import annotations

import os
from typing import Any

from mcp import Client, StdioServerParameters, types

from tests.fakes.command import Project, harness_command

AGENT = """
from harness import Agent, tool

print("loaded")

@tool(effect="write", approval="always")
async def send_letter(to: str) -> str:
    \"\"\"Send a letter.\"\"\"
    print("sent")
    return f"Sent to {to}."

agent = Agent("clerk", model="offline/demo", tools=[send_letter])
"""


WISH = 'call send_letter with {"to": "ann"}'


async def test_an_approval_over_stdio(kept_project: Project) -> None:
    folder = kept_project.folder
    (folder / "clerk.py").write_text(AGENT)
    command, *words = harness_command("mcp", "serve", "clerk.py")
    server = StdioServerParameters(command=command, args=words, cwd=folder, env=dict(os.environ))
    asked: list[str] = []

    async def approve(_: Any, params: types.ElicitRequestParams) -> types.ElicitResult:
        asked.append(params.message)
        return types.ElicitResult(action="accept", content={"verdict": "approve"})

    async with Client(server, mode="legacy", elicitation_callback=approve) as client:
        started = await client.call_tool("start_run", {"agent": "clerk", "prompt": WISH})
        run = started.structured_content["id"]
        waited = await client.call_tool("wait_for_run", {"run": run})
        end = waited.structured_content
        assert end["state"] == "completed", end
        card = (await client.call_tool("get_run", {"run": run})).structured_content
        assert (card["owner"], len(asked), card["decided"][0]["verdict"]) == ("local", 1, "approve")
