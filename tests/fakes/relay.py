"""A relay before a daemon that breaks the connections of its first streams of events."""

from __future__ import annotations

import socket
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from threading import Thread
from urllib.parse import urlsplit

BREAKS = (900, 1_500)
"""After how many bytes of its answer each stream breaks; those after them do not."""


@dataclass
class Relay:
    """Where clients connect, and how often they have asked for events."""

    url: str
    streams: int = 0


@contextmanager
def breaking(listening: socket.socket, url: str) -> Generator[Relay]:
    """Relay what connects to the socket to the daemon, until the socket is closed."""
    host, port = listening.getsockname()[:2]
    relay = Relay(f"http://{host}:{port}")
    where = (urlsplit(url).hostname or "", urlsplit(url).port or 0)
    Thread(target=_accept, args=(listening, where, relay), daemon=True).start()
    try:
        yield relay
    finally:
        with suppress(OSError):
            listening.shutdown(socket.SHUT_RDWR)  # wakes `accept`, which closing does not


def _accept(listening: socket.socket, where: tuple[str, int], relay: Relay) -> None:
    with suppress(OSError):  # the socket was closed
        while True:
            client, _ = listening.accept()
            Thread(target=_relay, args=(client, where, relay), daemon=True).start()


@dataclass
class _Exchange:
    left: int | None = None
    """Bytes until the connection breaks; None: it does not."""


def _relay(client: socket.socket, where: tuple[str, int], relay: Relay) -> None:
    with client, socket.create_connection(where) as daemon:
        exchange = _Exchange()
        Thread(target=_answer, args=(daemon, client, exchange), daemon=True).start()
        with suppress(OSError):
            while data := client.recv(65_536):
                if b"/events HTTP/1.1\r\n" in data:
                    exchange.left = BREAKS[relay.streams] if relay.streams < len(BREAKS) else None
                    relay.streams += 1
                daemon.sendall(data)
        _end(client, daemon)


def _answer(daemon: socket.socket, client: socket.socket, exchange: _Exchange) -> None:
    with suppress(OSError):
        while data := daemon.recv(65_536):
            left = exchange.left
            client.sendall(data if left is None else data[:left])
            if left is not None:
                exchange.left = left - len(data)
                if left <= len(data):
                    break
    _end(client, daemon)


def _end(*sockets: socket.socket) -> None:
    for each in sockets:
        with suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)
