"""Serves MCP over stdin and stdout, to the client that started this process."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Generator
from contextlib import contextmanager, redirect_stdout
from typing import NamedTuple, TextIO

from harness.api.caller import LOCAL, Caller
from harness.api.context import ApiContext
from harness.api.parts import DaemonParts
from harness.api.settings import ApiSettings
from harness.engine.connection import Connection
from harness.history.follow import Feeds
from harness.mcp_server.server import make_server


class Wire(NamedTuple):
    """What the client reads and writes."""

    read: TextIO
    write: TextIO


@contextmanager
def claim_stdio() -> Generator[Wire]:
    """Keep stdin and stdout for the client: what agents, tools and their child processes print goes
    to stderr, and they read nothing."""
    read, write, nothing = os.dup(0), os.dup(1), os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    os.close(nothing)
    # closefd: a thread may still wait for stdin when this ends.
    with redirect_stdout(sys.stderr):
        yield Wire(
            open(read, encoding="utf-8", errors="replace", closefd=False),  # noqa: SIM115
            open(write, "w", encoding="utf-8", closefd=False),  # noqa: SIM115
        )


async def serve_stdio(connection: Connection, wire: Wire) -> None:
    """Serve until the client closes stdin. It acts as the person at this machine."""
    import anyio
    from mcp.server.stdio import stdio_server

    context = ApiContext(
        connection=connection,
        feeds=Feeds(connection),
        settings=connection.settings.section(ApiSettings),
        wait_revoked=_wait_revoked,
        parts=DaemonParts(),
    )
    server = make_server(context, lambda _: LOCAL)
    streams = anyio.wrap_file(wire.read), anyio.wrap_file(wire.write)
    async with stdio_server(*streams) as (read, write):
        await server.run(read, write, server.create_initialization_options())


async def _wait_revoked(_: Caller) -> None:
    """A command has no token that could be revoked."""
    await asyncio.Event().wait()
