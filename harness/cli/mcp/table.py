"""The command for MCP."""

from __future__ import annotations

from harness.cli.spec import AGENT, JSON, Command, arg, flag

MCP_COMMANDS: tuple[Command, ...] = (
    Command(
        "mcp",
        "Check the MCP servers that agents use, sign in to them, or serve runs to MCP clients.",
        "harness.cli.mcp.mcp:run_mcp",
        (
            arg(
                "action",
                metavar="ACTION",
                choices=("list", "check", "login", "logout", "serve"),
                help="list, check, login, logout or serve.",
            ),
            arg(
                "target",
                metavar="TARGET",
                nargs="?",
                help="The server of check, login and logout. With serve: FILE[:NAME], the agents.",
            ),
            AGENT._replace(
                help="With all but serve: the servers of this agent, such as agent.py:agent."
            ),
            flag("--approve", help="With check: approve what the servers declare now."),
            flag("--no-browser", help="With login: print the link only."),
            JSON,
        ),
        "The first declaration of a server is approved by using the server. If it declares a tool\n"
        "differently later, calls of that tool are refused until you approve the difference.\n"
        "check connects to the servers and exits with 1 if one fails or has changed.\n"
        "\n"
        "login is for servers that want OAuth: it prints a link, opens it in the browser, and\n"
        "keeps the tokens for you. If the browser runs elsewhere, paste the address at which it\n"
        "ends. logout revokes and removes them.\n"
        "\n"
        "serve is for MCP clients: they start it, and it acts as the person who started the\n"
        "client. stdout carries the protocol. `harness serve` serves the same over HTTP at /mcp,\n"
        "with a token.",
        (
            ("harness mcp list", ""),
            ("harness mcp check files", "connect, and compare with what was approved"),
            ("harness mcp check files --approve", "then restart the workers"),
            ("harness mcp login tickets", "sign in; workers use and refresh the tokens"),
            ("harness mcp logout tickets", ""),
            ("harness mcp serve", "serve runs of the agents that workers serve"),
            ("harness mcp serve agents.py", "with all agents of a file"),
        ),
        group="Set up",
        works="here",
    ),
)
