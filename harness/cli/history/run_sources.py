"""Read runs named on the command line: ids, or exported files."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from harness.cli.context import open_backend
from harness.cli.out import Out
from harness.contracts.attempt import Attempt
from harness.contracts.event import DurableEvent
from harness.history.export import read_file


@dataclass(frozen=True)
class Past:
    """What happened in a run so far."""

    events: list[DurableEvent]
    attempts: Sequence[Attempt] | None
    """None if the attempt log cannot be read."""


Read = Callable[[str], Awaitable[Past]]


def is_file(name: str) -> bool:
    return name.endswith(".json") or Path(name).is_file()


@asynccontextmanager
async def open_reader(args: Namespace, out: Out, names: Sequence[str]) -> AsyncGenerator[Read]:
    """A reader for `names`; files alone need neither a stack nor a daemon."""
    if all(is_file(name) for name in names):
        yield _read_file
        return
    async with open_backend(args, out) as backend:

        async def read(name: str) -> Past:
            if is_file(name):
                return await _read_file(name)
            events, attempts = await backend.read_history(name)
            return Past(events, attempts)

        yield read


async def _read_file(name: str) -> Past:
    found = read_file(Path(name))
    return Past(found.events, found.attempts)
