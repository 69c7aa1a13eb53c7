"""The table of the command `mcp`."""

from __future__ import annotations

from harness.cli.spec import Command, arg

MCP_COMMANDS: tuple[Command, ...] = (
    Command(
        "mcp",
        "Serve runs to an MCP client on stdin and stdout.",
        "harness.cli.mcp.serve:serve_mcp",
        (
            arg("action", metavar="serve", choices=("serve",), help="The action."),
            arg(
                "agents",
                metavar="FILE[:NAME]",
                nargs="*",
                help="Agents to serve in this process (default: none; workers elsewhere do).",
            ),
        ),
        "An MCP client starts it, and it acts as the person who started the client.\n"
        "`harness serve` offers the same over HTTP at /mcp, to clients with a token.",
        (
            ("harness mcp serve", "the agents that workers serve"),
            ("harness mcp serve agents.py", "with all agents of a file"),
        ),
        group="Serve",
    ),
)
