"""The command that lists tools."""

from __future__ import annotations

from harness.cli.spec import AGENT, JSON, Command

TOOLS_COMMANDS: tuple[Command, ...] = (
    Command(
        "tools",
        "List the built-in tools, or those of an agent.",
        "harness.cli.tools.tools:print_tools",
        (AGENT._replace(help="List the tools of this agent, such as agent.py:agent."), JSON),
        group="Set up",
        works="anywhere",
    ),
)
