"""A server in place of Temporal's page: it answers as told, and keeps what it is sent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field


@dataclass
class PageServer:
    """Answers each connection with the same bytes."""

    url: str = ""
    answer: bytes = b""
    repeat: int = 0
    """How often 10,000 more bytes of the body follow."""
    heads: list[bytes] = field(default_factory=list[bytes])

    def says(self, status: str, *headers: str, body: bytes = b"") -> None:
        """Set the answer."""
        lines = [f"HTTP/1.1 {status}", "Connection: close", *headers, "", ""]
        self.answer = "\r\n".join(lines).encode("latin-1") + body

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request."""
        with suppress(OSError, asyncio.IncompleteReadError):
            self.heads.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(self.answer)
            for _ in range(self.repeat):
                writer.write(b"x" * 10_000)
                await writer.drain()
        writer.close()


@asynccontextmanager
async def serve_page() -> AsyncGenerator[PageServer]:
    """Serve until the block ends."""
    page = PageServer()
    server = await asyncio.start_server(page.serve, "127.0.0.1", 0)
    page.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        yield page
