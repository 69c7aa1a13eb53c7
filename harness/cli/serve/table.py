"""The command of the daemon."""

from __future__ import annotations

from harness.cli.spec import JSON, Command, arg, flag

SERVE_COMMANDS: tuple[Command, ...] = (
    Command(
        "serve",
        "Serve the web page and the HTTP API, and agents in the same process.",
        "harness.cli.serve.serve:serve_api",
        (
            arg(
                "agents",
                metavar="FILE[:NAME]",
                nargs="*",
                help="Agents to serve in this process (default: the built-in assistant).",
            ),
            arg("--host", metavar="ADDRESS", help="Listen on this address (default: api.host)."),
            arg(
                "--port",
                metavar="PORT",
                type=int,
                help="Listen on this port; 0 chooses a free one (default: api.port).",
            ),
            flag("--no-worker", help="Serve no agents: workers elsewhere do."),
            JSON,
        ),
        "Prints a link that opens the page and signs the browser in as the user `local`. Programs\n"
        "need a token: harness token create. The API is described at /api/v1/openapi.json.",
        (
            ("harness serve", "with the built-in assistant"),
            ("harness serve agents.py", "with all agents of a file"),
            ("harness serve --no-worker --port 8080", "with separate workers"),
        ),
        group="Serve",
        works="here",
    ),
)
