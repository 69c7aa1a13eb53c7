"""The agent that the cluster's workers serve: `harness worker` is given this file."""

from __future__ import annotations

import asyncio

from harness import Agent, tool
from harness.tools import sql_tools

AGENT = "clerk"
QUICK = "quick"


@tool(effect="read")
async def look(place: str) -> str:
    """Look at a place."""
    await asyncio.sleep(0.3)
    return f"nothing at {place}"


@tool(effect="read", inline=True)
def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


tables, query, execute = sql_tools(schemas=["shop"], approval="always")
clerk = Agent(AGENT, tools=[look, execute])
quick = Agent(QUICK, tools=[add])
