"""The command for MCP."""

from __future__ import annotations

from harness.cli.spec import AGENT, JSON, Command, arg, flag

MCP_COMMANDS: tuple[Command, ...] = (
    Command(
        "mcp",
        "List and check the MCP servers whose tools agents use.",
        "harness.cli.mcp.mcp:run_mcp",
        (
            arg("action", metavar="ACTION", choices=("list", "check"), help="list or check."),
            arg("server", metavar="SERVER", nargs="?", help="With check: only this server."),
            AGENT._replace(help="The servers of this agent, such as agent.py:agent."),
            flag("--approve", help="With check: approve what the servers declare now."),
            JSON,
        ),
        "The first declaration of a server is approved by using the server. If it declares a tool\n"
        "differently later, calls of that tool are refused until you approve the difference.\n"
        "check connects to the servers and exits with 1 if one fails or has changed.",
        (
            ("harness mcp list", ""),
            ("harness mcp check files", "connect, and compare with what was approved"),
            ("harness mcp check files --approve", "then restart the workers"),
        ),
        group="Set up",
    ),
)
