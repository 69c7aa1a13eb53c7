"""The daemon: the API over one connection, for as long as a block lasts."""

from __future__ import annotations

import socket
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from harness.access.authenticate import authenticate
from harness.access.revocations import Revocations
from harness.access.sign_in import create_sign_in_code
from harness.api.context import ApiContext
from harness.api.settings import ApiSettings
from harness.config import check_restrictions
from harness.engine.connection import Connection
from harness_daemon.app import make_app
from harness_daemon.hosts import Hosts, bracket_host
from harness_daemon.page.page import Page
from harness_daemon.server import listen_on, serve_app


class Address(NamedTuple):
    """Where the daemon listens."""

    host: str
    port: int


REACHED_AT = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104
"""Addresses that mean every address of this machine, and one that a browser here can open."""


@dataclass(frozen=True)
class Daemon:
    """A daemon that serves."""

    connection: Connection
    url: str

    async def make_sign_in_link(self) -> str:
        """A link that signs a browser in as the person at this machine, once."""
        return f"{self.url}/sign-in?code={await create_sign_in_code(self.connection)}"


def bind_address(address: Address) -> socket.socket:
    """A socket for `open_daemon`, bound before there is a connection to serve.

    Raises:
        PortInUse: It cannot be bound.
    """
    return listen_on(*address)


@asynccontextmanager
async def open_daemon(
    connection: Connection,
    settings: ApiSettings,
    address: Address,
    bound: socket.socket | None = None,
) -> AsyncGenerator[Daemon]:
    """Serve the API until the block ends; on `bound`, a socket of `bind_address`, if it is given.

    Raises:
        PortInUse: It cannot listen at the address.
        Untrusted: Settings that restrict what runs may do are ignored.
    """
    check_restrictions(connection.settings)
    async with AsyncExitStack() as stack:
        listening = bound or bind_address(address)
        stack.callback(listening.close)
        port: int = listening.getsockname()[1]
        revocations = Revocations(connection)
        stack.push_async_callback(revocations.close)
        context = ApiContext.of(connection, settings, revocations.wait_revoked)
        hosts = Hosts.of_server(address.host, port, settings.hosts)
        app = make_app(context, partial(authenticate, connection), hosts, Page.find())
        await stack.enter_async_context(
            serve_app(app, listening, settings.slow_seconds, settings.body_seconds, context.counts)
        )
        stack.push_async_callback(context.parts.close)  # first: their streams end, so clients leave
        host = REACHED_AT.get(address.host, address.host)
        yield Daemon(connection, f"http://{bracket_host(host)}:{port}")
