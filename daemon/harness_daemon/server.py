"""Serves the app over HTTP, inside an event loop that is already running."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager

import uvicorn
from starlette.types import ASGIApp

from harness.api.counts import Counts
from harness.contracts.errors import PortInUse
from harness_daemon.protocols import BoundedHttp, BoundedSocket, ServerConfig

KEEP_ALIVE_S = 30
CLOSE_S = 3
"""How long requests may take to end when the daemon stops; streams resume elsewhere."""
MOST_CONNECTIONS = 5_000
BACKLOG = 1_024
MAX_MESSAGE = 2_000_000
"""Bytes of a WebSocket message."""


def listen_on(host: str, port: int) -> socket.socket:
    """A socket bound to an address; the port is known before anything is served. Clients are
    refused until `serve_app` serves it.

    Raises:
        PortInUse: Another program listens there, or the address is not this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        raise _port_in_use(host, port, error) from None
    listening.setblocking(False)
    return listening


def _port_in_use(host: str, port: int, error: OSError) -> PortInUse:
    return PortInUse(
        f"The API cannot listen on {host}:{port}: {error.strerror}.",
        fix="Pass another one: harness serve --port 0 chooses a free port.",
    )


@asynccontextmanager
async def serve_app(
    app: ASGIApp,
    listening: socket.socket,
    slow_seconds: float,
    body_seconds: float,
    counts: Counts,
) -> AsyncGenerator[None]:
    """Serve the app on the socket until the block ends. A client that accepts nothing for
    `slow_seconds` is disconnected.

    Raises:
        PortInUse: Another program has begun to listen there since the socket was bound.
    """
    try:
        listening.listen(BACKLOG)
    except OSError as error:
        host, port, *_ = listening.getsockname()
        raise _port_in_use(host, port, error) from None
    config = ServerConfig(
        app,
        slow_seconds,
        body_seconds,
        counts,
        http=BoundedHttp,
        ws=BoundedSocket,
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="off",
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=CLOSE_S,
        limit_concurrency=MOST_CONNECTIONS,
        backlog=BACKLOG,
        proxy_headers=False,
        ws_max_size=MAX_MESSAGE,
    )
    server = _Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    started = asyncio.create_task(server.running.wait())
    try:
        await asyncio.wait({serving, started}, return_when=asyncio.FIRST_COMPLETED)
        if serving.done():
            serving.result()
        yield
    finally:
        server.should_exit = True
        started.cancel()
        await asyncio.wait([serving])


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.running = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.running.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        """The command that serves handles signals."""
        yield
