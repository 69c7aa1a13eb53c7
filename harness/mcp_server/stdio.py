"""Serves MCP over stdin and stdout, to the client that started this process."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from harness.api.caller import LOCAL, Caller
from harness.api.context import ApiContext
from harness.api.settings import ApiSettings
from harness.commons.claimed_stdio import Wire
from harness.engine.connection import Connection
from harness.mcp_server.server import make_server

if TYPE_CHECKING:
    from anyio import AsyncFile


async def serve_stdio(connection: Connection, wire: Wire) -> None:
    """Serve until the client closes stdin. It acts as the person at this machine."""
    from mcp.server.stdio import stdio_server

    settings = connection.settings.section(ApiSettings)
    context = ApiContext.of(connection, settings, _wait_revoked)
    server = make_server(context, lambda _: LOCAL)
    async with stdio_server(*_open_wire(wire)) as (received, sent):
        await server.run(received, sent, server.create_initialization_options())


def _open_wire(wire: Wire) -> tuple[AsyncFile[str], AsyncFile[str]]:
    import anyio

    # closefd: a thread may still wait for stdin when this ends.
    read = open(wire.read, encoding="utf-8", errors="replace", closefd=False)  # noqa: SIM115
    write = open(wire.write, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    return anyio.wrap_file(read), anyio.wrap_file(write)


async def _wait_revoked(_: Caller) -> None:
    """A command has no token that could be revoked."""
    await asyncio.Event().wait()
