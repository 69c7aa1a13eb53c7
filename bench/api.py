"""The daemon in a process of its own, and a client that costs little next to it.

Not httpx: a thousand of its streams need more CPU than the daemon that serves them.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import uvloop

from bench.agents import Ground
from bench.backends import ROOT
from bench.contestants.harness import settings_for
from harness import Harness
from harness.access.client import create_token
from harness.api.settings import ApiSettings
from harness_daemon.daemon import Address, open_daemon

LINE_BYTES = 16_000_000
Json = dict[str, Any]


@dataclass
class ApiConnection:
    """One connection, used for one request after another."""

    head: str
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def get(self, path: str) -> bytes:
        self.writer.write(f"GET {path} HTTP/1.1\r\n{self.head}\r\n".encode())
        return await self._read_answer()

    async def post(self, path: str, body: Json) -> bytes:
        content = json.dumps(body).encode()
        more = f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n"
        self.writer.write(f"POST {path} HTTP/1.1\r\n{self.head}{more}\r\n".encode() + content)
        return await self._read_answer()

    async def _read_answer(self) -> bytes:
        status, headers = await self.read_head()
        content = await self.reader.readexactly(int(headers["content-length"]))
        if status >= 300:
            raise ConnectionError(f"{status}: {content[:300]!r}")
        return content

    async def read_head(self) -> tuple[int, dict[str, str]]:
        lines = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        pairs = (line.partition(": ") for line in lines[1:] if line)
        return int(lines[0].split()[1]), {name.lower(): value for name, _, value in pairs}


@dataclass(frozen=True)
class ApiClient:
    """A client of the daemon, signed in as an admin."""

    url: str
    token: str

    @asynccontextmanager
    async def connection(self) -> AsyncGenerator[ApiConnection]:
        address = urlsplit(self.url)
        reader, writer = await asyncio.open_connection(
            address.hostname, address.port, limit=LINE_BYTES
        )
        head = f"Host: {address.netloc}\r\nAuthorization: Bearer {self.token}\r\n"
        try:
            yield ApiConnection(head, reader, writer)
        finally:
            writer.close()

    async def start(self, agent: str, prompt: str, id: str | None = None) -> str:
        body = {"agent": agent, "prompt": prompt, **({"id": id} if id else {})}
        async with self.connection() as connection:
            return json.loads(await connection.post("/api/v1/runs", body))["id"]

    async def follow(
        self, run: str, after: str = ""
    ) -> AsyncGenerator[tuple[str, str, Json], None]:
        """Each event of a run as (kind, cursor, data), until the daemon ends the stream.

        The daemon writes each event as a chunk, so its lines are whole and the sizes of chunks
        stand on lines of their own, which are passed over."""
        async with self.connection() as connection:
            last = f"Last-Event-ID: {after}\r\n" if after else ""
            request = f"GET /api/v1/runs/{run}/events HTTP/1.1\r\n{connection.head}{last}\r\n"
            connection.writer.write(request.encode())
            status, _ = await connection.read_head()
            if status != 200:
                raise ConnectionError(f"the stream was answered with {status}")
            kind = cursor = ""
            async for line in connection.reader:
                if line.startswith(b"id: "):
                    cursor = line[4:-1].decode()
                elif line.startswith(b"event: "):
                    kind = line[7:-1].decode()
                elif line.startswith(b"data: "):
                    yield kind, cursor, json.loads(line[6:])
                    if kind in ("end", "error"):
                        return
                    kind = cursor = ""

    async def follow_to_end(self, run: str) -> None:
        async for _ in self.follow(run):
            pass


@asynccontextmanager
async def daemon(ground: Ground, harness: Harness) -> AsyncGenerator[tuple[ApiClient, int]]:
    """A daemon in a process of its own, with the process id."""
    _, token = await create_token(harness.connection)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bench.api", "--options", json.dumps(ground.options)),
        cwd=ROOT,
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        url = (await process.stdout.readline()).decode().strip()
        yield ApiClient(url, token), process.pid
    finally:
        process.kill()
        await process.wait()


async def main(options: dict[str, str], port: int) -> None:
    with tempfile.TemporaryDirectory() as project:
        async with (
            Harness.connect(project=Path(project), settings=settings_for(options)) as harness,
            open_daemon(harness.connection, ApiSettings(), Address("127.0.0.1", port)) as serving,
        ):
            print(serving.url, flush=True)
            await asyncio.Event().wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--options", required=True)
    parser.add_argument("--port", type=int, default=0)
    chosen = parser.parse_args()
    uvloop.run(main(json.loads(chosen.options), chosen.port))
