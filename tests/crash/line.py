"""The line between worker processes and the campaign: a worker that is about to do something asks,
and the campaign answers, or strikes and does not. It also tells at once when a worker has died."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Visit:
    """A worker stands at a point of a tool."""

    trial: int
    pid: int
    point: str
    tool: str
    text: str
    key: str


# --- the worker's side


async def ask(socket: Path, visit: Visit) -> None:
    """Returns when the campaign says: go on."""
    reader, writer = await asyncio.open_unix_connection(socket)
    try:
        writer.write(json.dumps(vars(visit)).encode() + b"\n")
        if not await reader.readline():
            raise ConnectionError("the campaign is over")
    finally:
        writer.close()


async def live(socket: Path, trial: int) -> asyncio.Task[None]:
    """A line that is open for as long as this process lives; the process ends with the campaign."""
    reader, writer = await asyncio.open_unix_connection(socket)
    writer.write(json.dumps({"trial": trial, "alive": os.getpid()}).encode() + b"\n")

    async def until_over() -> None:
        try:
            await reader.read()
        finally:
            writer.close()
        os._exit(0)

    return asyncio.create_task(until_over())


# --- the campaign's side


class Switchboard:
    def __init__(
        self,
        socket: Path,
        visited: Callable[[Visit], Awaitable[None]],
        died: Callable[[int, int], None],
    ) -> None:
        """`visited` returns when the visitor may go on; `died` is told the trial and the pid."""
        self.socket = socket
        self._visited = visited
        self._died = died
        self._tasks: set[asyncio.Task[Any] | None] = set()
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Switchboard:
        self._server = await asyncio.start_unix_server(self._serve, self.socket, backlog=1024)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server
        self._server.close()
        for task in self._tasks:
            if task is not None:
                task.cancel()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._tasks.add(task := asyncio.current_task())
        try:
            said: dict[str, Any] = json.loads(await reader.readline() or b"{}")
            if "alive" in said:
                await reader.read()
                self._died(said["trial"], said["alive"])
            elif said:
                await self._visited(Visit(**said))
                writer.write(b"go on\n")
                await writer.drain()
        except (OSError, asyncio.CancelledError):
            pass  # it was killed meanwhile, or everything ends
        finally:
            self._tasks.discard(task)
            writer.close()
