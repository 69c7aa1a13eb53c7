"""The table of the command `mcp`."""

from __future__ import annotations

from harness.cli.spec import JSON, Command, arg

MCP_COMMANDS: tuple[Command, ...] = (
    Command(
        "mcp",
        "Serve runs to an MCP client on stdin and stdout.",
        "harness.cli.mcp.serve:serve_mcp",
        (
            arg("action", metavar="ACTION", choices=("serve",), help="serve."),
            arg(
                "agents",
                metavar="FILE[:NAME]",
                nargs="?",
                help="With serve: agents to serve in this process too (default: none).",
            ),
            JSON,
        ),
        "An MCP client starts it, and it acts as the person who started the client. stdout\n"
        "carries the protocol. `harness serve` serves the same over HTTP at /mcp, with a token.",
        (
            ("harness mcp serve", "for the agents that workers serve"),
            ("harness mcp serve agents.py", "with all agents of a file"),
        ),
        group="Serve",
    ),
)
