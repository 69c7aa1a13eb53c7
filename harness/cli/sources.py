"""Runs as commands are told of them: by id, or as a file that was exported."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from harness.cli.opened import opened
from harness.cli.out import Out
from harness.client.export import read_file
from harness.client.recording import Recording, read_history

Read = Callable[[str], Awaitable[Recording]]


def is_file(name: str) -> bool:
    return name.endswith(".json") or Path(name).is_file()


@asynccontextmanager
async def reading(out: Out, names: Sequence[str]) -> AsyncGenerator[Read]:
    """What reads each of `names`; files alone need no engine."""
    if all(is_file(name) for name in names):
        yield _file
        return
    async with opened(out) as client:

        async def read(name: str) -> Recording:
            if is_file(name):
                return await _file(name)
            return await read_history(client.connection, name)

        yield read


async def _file(name: str) -> Recording:
    return read_file(Path(name))
