"""How often a tool call makes the worker wait for the ledger: round trips, counted on the socket.

    python -m bench.ledger [--calls 200]

A door stands between the worker and Postgres and counts what waits for an answer: a Sync or a
simple Query each. Only the ledger's own connection is counted; it is known by the locks it takes.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import uvloop
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from bench.agents import ground
from bench.contestants.harness import settings_for
from bench.work import FINAL, PROMPT, ROUNDS, SYSTEM
from harness import Agent, Harness, tool
from harness.config.settings import Settings
from harness.engine.connection import open_connection
from harness.sdk.local import host_agents
from harness.stack import find_stack

MARK = b"pg_try_advisory_lock"


@dataclass
class Door:
    """Counts, per connection, what the worker waits for."""

    host: str
    port: int
    trips: list[int] = field(default_factory=list[int])
    locking: list[bool] = field(default_factory=list[bool])

    @property
    def ledger(self) -> int:
        return sum(n for n, is_it in zip(self.trips, self.locking, strict=True) if is_it)

    async def _postgres(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self.host.startswith("/"):
            return await asyncio.open_unix_connection(f"{self.host}/.s.PGSQL.{self.port}")
        return await asyncio.open_connection(self.host, self.port)

    async def pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        place = len(self.trips)
        self.trips.append(0)
        self.locking.append(False)
        far_reader, far_writer = await self._postgres()
        back = asyncio.create_task(_copy(far_reader, writer))
        try:
            start = await reader.readexactly(4)
            far_writer.write(start + await reader.readexactly(int.from_bytes(start) - 4))
            while True:
                head = await reader.readexactly(5)
                body = await reader.readexactly(int.from_bytes(head[1:]) - 4)
                self.locking[place] |= MARK in body
                self.trips[place] += head[:1] in (b"S", b"Q")
                far_writer.write(head + body)
        except (asyncio.IncompleteReadError, ConnectionError):
            far_writer.close()
        finally:
            back.cancel()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(65_536):
            writer.write(data)
    writer.close()


@asynccontextmanager
async def door_to(url: str) -> AsyncGenerator[tuple[Door, str]]:
    """The door, and the address of the database behind it."""
    parts: dict[str, Any] = conninfo_to_dict(url)
    door = Door(parts.get("host", "127.0.0.1"), int(parts.get("port", 5432)))
    server = await asyncio.start_server(door.pass_on, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        changed = {
            **parts,
            "host": "127.0.0.1",
            "port": port,
            "sslmode": "disable",
            "gssencmode": "disable",
        }
        yield door, make_conninfo(**changed)
    finally:
        server.close()


@tool(name="add", effect="write", on_unknown="retry")
def written(a: int, b: int) -> int:
    "Add two integers."
    return a + b


@tool(name="add", effect="read")
def looked_up(a: int, b: int) -> int:
    "Add two integers."
    return a + b


async def trips(harness: Harness, door: Door, agent: Agent[Any, Any], calls: int) -> float:
    async def one(number: int) -> None:
        run = await harness.start(agent, PROMPT, id=f"{agent.name}-{number}")
        assert (await run.result()).output == FINAL

    await one(0)  # opens the connection, and has the statements prepared
    before, runs = door.ledger, -(-calls // ROUNDS)
    for number in range(runs):
        await one(number + 1)
    return (door.ledger - before) / (runs * ROUNDS)


async def main(calls: int) -> None:
    async with ground() as base, door_to(base.backends.postgres) as (door, url):
        settings: Settings = settings_for({**base.options, "postgres": url})
        with TemporaryDirectory() as folder:
            endpoints = await find_stack(settings, Path(folder))
            assert endpoints is not None
            async with (
                open_connection(settings, endpoints, Path(folder)) as connection,
                host_agents(connection) as harness,
            ):
                for name, each in (("write", written), ("read", looked_up)):
                    agent = Agent(
                        f"{name}s", model="bench/fake-model", instructions=SYSTEM, tools=[each]
                    )
                    found = await trips(harness, door, agent, calls)
                    print(f"round trips to the ledger a {name}: {found:.2f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--calls", type=int, default=200)
    uvloop.run(main(parser.parse_args().calls))
