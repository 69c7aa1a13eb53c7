"""The table of the command `acp`."""

from __future__ import annotations

from harness.cli.spec import AGENT_OR_NAME, JSON, Command

ACP_COMMANDS: tuple[Command, ...] = (
    Command(
        "acp",
        "Serve an agent to an editor on stdin and stdout.",
        "harness.cli.acp.serve:serve_acp",
        (AGENT_OR_NAME, JSON),
        "An editor that speaks the Agent Client Protocol starts it. stdout carries the protocol.\n"
        "Each session of the editor is a session of runs, which other commands show and steer.",
        (
            ("harness acp", "with the built-in assistant"),
            ("harness acp --agent agent.py:agent", ""),
        ),
        group="Serve",
        works="here",
    ),
)
