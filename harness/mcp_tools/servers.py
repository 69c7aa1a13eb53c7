"""The MCP servers of a process: their connections, and the tools that agents get from them."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from typing_extensions import TypeVar

from harness.agent import Agent, AnyTool
from harness.agent.mcp_server import McpServer
from harness.commons.log import get_logger
from harness.config.settings import Settings
from harness.contracts.errors import InvalidAgent, McpServerUnknown
from harness.mcp_tools.approved import read_approval, write_approval
from harness.mcp_tools.connection import ServerConnection
from harness.mcp_tools.declarations import Declared, choose_tools
from harness.mcp_tools.settings import McpSettings
from harness.mcp_tools.tools import make_tool

Deps = TypeVar("Deps")
Output = TypeVar("Output")

log = get_logger(__name__)


class Servers:
    """Connects to MCP servers when they are needed."""

    def __init__(self, settings: Settings, project: Path) -> None:
        self._settings = settings.section(McpSettings)
        self._project = project
        self._connections: list[ServerConnection] = []

    async def close(self) -> None:
        """Close all connections; no process of a server is left."""
        for connection in self._connections:
            await connection.close()
        self._connections.clear()

    def find_servers(self, agent: Agent[Any, Any] | None = None) -> list[McpServer]:
        """Find the servers of an agent; without one, those of the settings."""
        configured = self._settings.servers
        if agent is None:
            return list(configured.values())
        named = [self._describe(agent, each) for each in agent.servers]
        names = {each.name for each in named}
        if len(names) < len(named):
            raise InvalidAgent(f"Agent {agent.name} has two MCP servers of the same name.")
        more = [
            each
            for name, each in configured.items()
            if name not in names and not {agent.name, "*"}.isdisjoint(each.agents)
        ]
        return [*named, *more]

    def connect(self, server: McpServer) -> ServerConnection:
        """Find the connection to a server; it is opened by the first request."""
        found = next((each for each in self._connections if each.server == server), None)
        if found is None:
            found = ServerConnection(server, self._project, self._settings.idle_seconds)
            self._connections.append(found)
        return found

    async def complete_agent(self, agent: Agent[Deps, Output]) -> Agent[Deps, Output]:
        """Return the agent with the approved tools of its servers."""
        servers = self.find_servers(agent)
        if not servers:
            return agent
        tools: list[AnyTool] = []
        for server in servers:
            tools += await self._load_tools(server)
        return agent.with_tools(tools)

    async def _load_tools(self, server: McpServer) -> list[AnyTool]:
        connection = self.connect(server)
        declared = await self._find_approved(connection)
        reading = choose_tools(server.name, declared, server.only)
        for name, why in reading.refused.items():
            log.warning("a tool of an MCP server is not used", server=server.name, tool=name,
                        why=why)  # fmt: skip
        missing = set(server.only) - {each.name for each in declared}
        if missing:
            log.warning("an MCP server lacks tools", server=server.name, missing=sorted(missing))
        return [make_tool(connection, each) for each in reading.offered]

    async def _find_approved(self, connection: ServerConnection) -> tuple[Declared, ...]:
        """Read what was approved; what a server declares first is approved by using it."""
        server = connection.server
        approval = read_approval(self._project, server)
        if approval is not None:
            return approval.tools
        async with connection.use() as (_, found):
            declared = tuple(found.values())
        # Raises if it cannot be recorded: every restart would approve what is declared then.
        write_approval(self._project, server, declared)
        return declared

    def _describe(self, agent: Agent[Any, Any], server: McpServer) -> McpServer:
        if not server.name:
            raise InvalidAgent(
                f"Agent {agent.name} has an MCP server without a name.",
                fix='Name it: McpServer(name="files").',
            )
        if server.is_described:
            return server
        found = self._settings.servers.get(server.name)
        if found is None:
            known = ", ".join(self._settings.servers) or "none"
            raise McpServerUnknown(
                f"Agent {agent.name} names the MCP server {server.name}, which is not described. "
                f"Described: {known}."
            )
        return found


@asynccontextmanager
async def open_servers(settings: Settings, project: Path) -> AsyncGenerator[Servers]:
    """Open connections that are closed when the block ends."""
    servers = Servers(settings, project)
    try:
        yield servers
    finally:
        await servers.close()
