"""Violations of the WebSocket protocol (RFC 6455), byte by byte, at the daemon's own endpoint."""

from __future__ import annotations

import asyncio
import base64
import os
import struct
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import pytest

from harness import Agent, Harness
from harness_daemon.server import MAX_MESSAGE
from tests.fakes.model_server import ModelServer
from tests.fakes.steps import Hang
from tests.integration.api.conftest import Api
from tests.integration.api.test_api_runs import start

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
PROTOCOL, NOT_TEXT, TOO_BIG = 1002, 1007, 1009
FIN = 0x80


def frame(
    opcode: int, payload: bytes = b"", *, fin: bool = True, rsv: int = 0, mask: bool = True,
    length: int | None = None,
) -> bytes:  # fmt: skip
    size = len(payload) if length is None else length
    head = bytes([(FIN if fin else 0) | rsv << 4 | opcode])
    bit = 0x80 if mask else 0
    if size < 126:
        head += bytes([bit | size])
    else:
        head += bytes([bit | 127]) + struct.pack("!Q", size)
    key = b"\x01\x02\x03\x04"
    masked = bytes(byte ^ key[at % 4] for at, byte in enumerate(payload))
    return head + (key + masked if mask else payload)


CLOSED_WITH = {
    "no mask": (frame(TEXT, b"{}", mask=False), PROTOCOL),
    "reserved bit 1 in a control frame": (frame(PING, rsv=4), PROTOCOL),
    "reserved bit 2": (frame(TEXT, b"{}", rsv=2), PROTOCOL),
    "reserved bit 3": (frame(TEXT, b"{}", rsv=1), PROTOCOL),
    "reserved opcode 3": (frame(3, b"x"), PROTOCOL),
    "reserved opcode 15": (frame(15), PROTOCOL),
    "fragmented ping": (frame(PING, b"x", fin=False), PROTOCOL),
    "fragmented close": (frame(CLOSE, b"\x03\xe8", fin=False), PROTOCOL),
    "ping of 126 bytes": (frame(PING, b"x" * 126), PROTOCOL),
    "continuation of nothing": (frame(CONTINUATION, b"x"), PROTOCOL),
    "text within a message": (frame(TEXT, b"a", fin=False) + frame(TEXT, b"b"), PROTOCOL),
    "close with one byte": (frame(CLOSE, b"\x03"), PROTOCOL),
    "close with code 999": (frame(CLOSE, b"\x03\xe7"), PROTOCOL),
    "close with code 1005": (frame(CLOSE, b"\x03\xed"), PROTOCOL),
    "close with code 5000": (frame(CLOSE, b"\x13\x88"), PROTOCOL),
    "close whose reason is no text": (frame(CLOSE, b"\x03\xe8\xff"), NOT_TEXT),
    "text that is none": (frame(TEXT, b"\xce\xba\xf4\x90\x80\x80"), NOT_TEXT),
    "text that is none in its second part": (
        frame(TEXT, b"\xce", fin=False) + frame(CONTINUATION, b"\xce\xce"), NOT_TEXT,
    ),
    "a surrogate": (frame(TEXT, b"\xed\xa0\x80"), NOT_TEXT),
    "text that ends within a character": (frame(TEXT, b"\xce"), NOT_TEXT),
    "a frame of 2^62 bytes": (frame(TEXT, length=2**62), TOO_BIG),
    "a frame of 2^63 bytes": (frame(TEXT, length=2**63), None),
    "parts that are too large together": (
        frame(TEXT, b"x" * MAX_MESSAGE, fin=False) + frame(CONTINUATION, b"x"), TOO_BIG,
    ),
}  # fmt: skip
"""What a client sends, and the code with which it is closed; None: any."""


class Peer:
    """A client that sends what it wants."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def read(self) -> tuple[int, bytes]:
        """The next frame: opcode and payload."""
        first, size = await self.reader.readexactly(2)
        if size == 126:
            size = int.from_bytes(await self.reader.readexactly(2))
        elif size == 127:
            size = int.from_bytes(await self.reader.readexactly(8))
        return first & 0x0F, await self.reader.readexactly(size)

    async def next(self, opcode: int) -> bytes:
        """The payload of the next frame of a kind."""
        while True:
            kind, payload = await self.read()
            if kind == opcode:
                return payload


@asynccontextmanager
async def joined(api: Api, run: str) -> AsyncGenerator[Peer]:
    where = urlsplit(api.daemon.url)
    reader, writer = await asyncio.open_connection(where.hostname, where.port)
    key = base64.b64encode(os.urandom(16)).decode()
    lines = [
        f"GET /api/v1/runs/{run}/socket HTTP/1.1", f"Host: {where.netloc}", "Upgrade: websocket",
        "Connection: Upgrade", f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13",
        f"Authorization: Bearer {api.tokens['operator']}", "", "",
    ]  # fmt: skip
    writer.write("\r\n".join(lines).encode())
    answer = await reader.readuntil(b"\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 101"), answer
    try:
        yield Peer(reader, writer)
    finally:
        writer.transport.abort()


@pytest.fixture
async def run(api: Api, harness: Harness, model_server: ModelServer, name: str) -> str:
    await harness.serve(Agent(name))
    model_server.always(Hang())
    return await start(api.operator, name)


async def test_violations_close_the_socket(api: Api, run: str) -> None:
    # In one test, since each costs a daemon and a run.
    for what, (sent, code) in CLOSED_WITH.items():
        async with joined(api, run) as peer:
            peer.writer.write(sent)
            try:
                async with asyncio.timeout(10):
                    reason = await peer.next(CLOSE)
            except TimeoutError:
                raise AssertionError(f"{what}: not closed") from None
            assert code in (None, int.from_bytes(reason[:2])), (what, reason)
    async with joined(api, run) as peer:  # the daemon and the run are as before
        assert b"run_started" in await peer.next(TEXT)


async def test_what_is_allowed(api: Api, run: str) -> None:
    command = b'{"command": "hint", "id": "1", "text": "\xce\xba"}'
    async with joined(api, run) as peer:
        for byte in frame(PING, b"slow"):  # a byte at a time
            peer.writer.write(bytes([byte]))
            await peer.writer.drain()
        assert await peer.next(PONG) == b"slow"
        at = command.index(b"\xce") + 1  # within a character
        peer.writer.write(frame(TEXT, command[:at], fin=False) + frame(PING, b"between"))
        peer.writer.write(frame(CONTINUATION, command[at:]))
        assert await peer.next(PONG) == b"between"
        while b'"answer"' not in (answer := await peer.next(TEXT)):
            pass
        assert b'"ok":true' in answer.replace(b" ", b"")
        for number in range(2_000):
            peer.writer.write(frame(PING, b"%d" % number))
        assert [await peer.next(PONG) for _ in range(2_000)][-1] == b"1999"
        peer.writer.write(frame(PONG, b"nobody asked") + frame(CLOSE, b"\x0b\xb8bye"))
        assert await peer.next(CLOSE) == b"\x0b\xb8bye"
        assert await peer.reader.read() == b""


async def test_a_peer_that_vanishes(api: Api, run: str) -> None:
    """Half a frame, and half a connection: neither holds anything of the daemon."""
    async with joined(api, run) as peer:
        peer.writer.write(frame(TEXT, b"x" * 1000)[:100])
        peer.writer.write_eof()
        assert await peer.reader.read() is not None  # the daemon closes its half too
    # It may not have begun yet on a busy machine; that it has not ended is what matters.
    assert (await api.operator.get(f"/api/v1/runs/{run}")).json()["state"] in ("pending", "running")
