"""Serves MCP over stdin and stdout, to the client that started this process."""

from __future__ import annotations

import asyncio

from harness.api.caller import LOCAL, Caller
from harness.api.context import ApiContext
from harness.api.parts import DaemonParts
from harness.api.settings import ApiSettings
from harness.engine.connection import Connection
from harness.history.follow import Feeds
from harness.mcp_server.server import make_server


async def serve_stdio(connection: Connection) -> None:
    """Serve until the client closes stdin. It acts as the person at this machine."""
    from mcp.server.stdio import stdio_server

    context = ApiContext(
        connection=connection,
        feeds=Feeds(connection),
        settings=connection.settings.section(ApiSettings),
        wait_revoked=_wait_revoked,
        parts=DaemonParts(),
    )
    server = make_server(context, lambda _: LOCAL)
    async with stdio_server() as (read, write):
        await server.run(read, write, server.create_initialization_options())


async def _wait_revoked(_: Caller) -> None:
    """A command has no token that could be revoked."""
    await asyncio.Event().wait()
