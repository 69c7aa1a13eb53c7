"""Make tools of an agent from what was approved of an MCP server.

The hints of a server are claims: those that demand more care always count, those that allow less
count for servers that the user declares as trusted. What the user says about a tool beats both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from harness.agent import AnyTool, Signature, Tool
from harness.agent.mcp_server import McpServer, McpTool
from harness.contracts.tool import Effect, ToolPolicy, ToolSpec
from harness.mcp_tools.calls import RemoteTool
from harness.mcp_tools.connection import ServerConnection
from harness.mcp_tools.declarations import Declared, Offered

CONTEXT = "ctx"
UNDECIDED = McpTool()


@dataclass(frozen=True, kw_only=True)
class _PassedOn(Signature):
    """Arguments that fit the schema, as one value: the server converts them."""

    def convert_arguments(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        return {"arguments": dict(arguments)}


def find_effect(server: McpServer, declared: Declared) -> Effect:
    """Decide what a tool may change."""
    chosen = server.tools.get(declared.name, UNDECIDED).effect
    if chosen is not None:
        return chosen
    if server.trusted and declared.hints.get("readOnlyHint"):
        return "read"
    return "irreversible" if declared.hints.get("destructiveHint") else "write"


def make_tool(connection: ServerConnection, offered: Offered) -> AnyTool:
    """Make the tool that calls a server's."""
    server, declared = connection.server, offered.declared
    decided = server.tools.get(declared.name, UNDECIDED)
    effect = find_effect(server, declared)
    repeatable = server.trusted and declared.hints.get("idempotentHint")
    signature = _PassedOn(
        description=offered.description, parameters=offered.parameters, model=BaseModel, names={},
        context=CONTEXT,
    )  # fmt: skip
    return Tool(
        fn=RemoteTool(connection, declared, effect).call,
        spec=ToolSpec(
            name=offered.name, description=offered.description, parameters=offered.parameters
        ),
        policy=ToolPolicy(
            effect=effect,
            timeout_s=server.timeout_seconds,
            pin=declared.pin,
            untrusted=None if server.trusted else True,
        ),
        signature=signature,
        approval=decided.approval or ("never" if effect == "read" else server.approval),
        chosen=decided.on_unknown or ("retry" if repeatable else "ask"),
    )
