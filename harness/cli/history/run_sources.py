"""Read runs named on the command line: ids, or exported files."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from harness.cli.context import open_client
from harness.cli.out import Out
from harness.contracts.errors import StoreError
from harness.engine.connection import Connection
from harness.history.export import read_file
from harness.history.recording import Recording, read_history
from harness.store.attempts import attempts_of

Read = Callable[[str], Awaitable[Recording]]


def is_file(name: str) -> bool:
    return name.endswith(".json") or Path(name).is_file()


@asynccontextmanager
async def open_reader(
    out: Out, names: Sequence[str], *, attempts: bool = False
) -> AsyncGenerator[Read]:
    """A reader for `names`; files alone need no Temporal. `attempts`: also read the attempt log, if
    possible."""
    if all(is_file(name) for name in names):
        yield _read_file
        return
    async with open_client(out) as client:

        async def read(name: str) -> Recording:
            if is_file(name):
                return await _read_file(name)
            found = await read_history(client.connection, name)
            return await _add_attempts(client.connection, found, out) if attempts else found

        yield read


async def _read_file(name: str) -> Recording:
    return read_file(Path(name))


async def _add_attempts(connection: Connection, found: Recording, out: Out) -> Recording:
    """Add the attempt log; if it cannot be read, print a note and do without it."""
    if found.attempts:
        return found
    try:
        logged = await attempts_of(connection.database, found.run, connection.vault)
    except StoreError as error:
        out.note(f"Earlier attempts are not shown: {error.message}")
        return found
    return replace(found, attempts=tuple(logged))
