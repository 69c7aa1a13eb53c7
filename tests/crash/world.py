"""What the runs change: a shop and a post office behind HTTP that count, a folder, a table."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.crash.plan import ASKED, KEYED, LEDGERED, PROBED, Trial
from tests.fakes.http import Connection, Exchange

TABLE = "CREATE SCHEMA crash; CREATE TABLE crash.entry (trial int, key text, text text)"
ENTRIES = "SELECT key FROM crash.entry WHERE trial = %s AND text = %s"
ADD = "INSERT INTO crash.entry (trial, key, text) VALUES (%s, %s, %s)"
REMOVE = "DELETE FROM crash.entry WHERE key = %s"
PLAN_FILE = "a draft of a plan\n"


# --- the folder: each note is a file of its own, so that one made twice is seen


def notes(folder: Path) -> Path:
    return folder / "notes"


def workspace(folder: Path) -> Path:
    return folder / "work"


def prepare(folder: Path) -> None:
    notes(folder).mkdir(parents=True)
    workspace(folder).mkdir()
    (workspace(folder) / "plan.txt").write_text(PLAN_FILE)


def write_note(folder: Path, key: str, text: str) -> None:
    """Not there at all, or there as a whole."""
    name = f"{key}.{uuid.uuid4().hex}"
    draft = folder / f"{name}.tmp"
    draft.write_text(text)
    draft.rename(notes(folder) / name)


def notes_of(folder: Path, key: str) -> list[Path]:
    return sorted(notes(folder).glob(f"{key}.*"))


def files(folder: Path) -> dict[str, str]:
    """All of the workspace."""
    top = workspace(folder)
    found = sorted(path for path in top.rglob("*") if path.is_file())
    return {str(path.relative_to(top)): path.read_text() for path in found}


# --- the two services


@dataclass
class Service:
    """Counts what it is asked, and what it did. `honours`: a key that it knows changes nothing."""

    honours: bool
    requests: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    """Key and text of each."""
    effects: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])

    def do(self, key: str, text: str) -> None:
        self.requests.append((key, text))
        if not self.honours or key not in {known for known, _ in self.effects}:
            self.effects.append((key, text))

    def take_back(self, key: str) -> None:
        self.effects = [effect for effect in self.effects if effect[0] != key]


class Services:
    """`POST /order` honours its idempotency key, `POST /mail` does not; DELETE takes back."""

    def __init__(self, inside: Callable[[dict[str, Any]], Awaitable[None]]) -> None:
        """`inside` is awaited between the deed and the answer."""
        self.of: dict[int, dict[str, Service]] = defaultdict(
            lambda: {KEYED: Service(honours=True), ASKED: Service(honours=False)}
        )
        self.port = 0
        self._inside = inside
        self._open: set[Connection] = set()
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Services:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: Connection(self._handle, self._open), "127.0.0.1", 0, backlog=1024
        )
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server
        self._server.close()
        for connection in list(self._open):
            connection.transport.abort()

    async def _handle(self, exchange: Exchange) -> None:
        said: dict[str, Any] = json.loads(exchange.body)
        service = self.of[said["trial"]][exchange.path.removeprefix("/")]
        if exchange.method == "POST":
            service.do(said["key"], said["text"])
        else:
            service.take_back(said["key"])
        await self._inside(said)
        exchange.answer(200, "application/json", b"{}", {})


async def request(port: int, method: str, path: str, said: dict[str, Any]) -> None:
    """As a tool calls a service: a connection, a request, an answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    body = json.dumps(said).encode()
    head = f"{method} /{path} HTTP/1.1\r\nhost: shop\r\ncontent-length: {len(body)}\r\n\r\n"
    try:
        writer.write(head.encode() + body)
        if not (await reader.readline()).startswith(b"HTTP/1.1 200"):
            raise ConnectionError(f"{path} did not answer")
    finally:
        writer.close()


# --- all of it


@dataclass(frozen=True)
class World:
    services: Services
    folders: Path
    fetch: Callable[[str, tuple[Any, ...]], Awaitable[list[tuple[Any, ...]]]]
    """Rows of the table."""

    def folder(self, trial: int) -> Path:
        return self.folders / str(trial)

    async def effects(self, trial: Trial) -> dict[str, list[str]]:
        """The key of each effect, by the text of its call."""
        return {
            call.text: await self.keys(trial.number, call.tool, call.text)
            for call in trial.calls
            if call.tool in (PROBED, KEYED, ASKED, LEDGERED)
        }

    async def keys(self, trial: int, tool: str, text: str) -> list[str]:
        if tool == PROBED:
            return await asyncio.to_thread(_note_keys, self.folder(trial), text)
        if tool == LEDGERED:
            return [row[0] for row in await self.fetch(ENTRIES, (trial, text))]
        return [key for key, said in self.services.of[trial][tool].effects if said == text]


def _note_keys(folder: Path, text: str) -> list[str]:
    found = sorted(notes(folder).iterdir())
    return [path.name.partition(".")[0] for path in found if path.read_text() == text]
