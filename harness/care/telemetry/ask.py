"""Ask the source that a query is for, and many queries at once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable

from harness.care.invariants.invariant import Source
from harness.care.settings import CareSettings
from harness.care.telemetry.loki import Loki
from harness.care.telemetry.prometheus import Prometheus
from harness.contracts.errors import AnswerUnusable, QueryRefused

MOST_AT_ONCE = 10


def open_source(settings: CareSettings, source: Source) -> Prometheus | Loki:
    """The server that answers queries over metrics, or over logs.

    Raises:
        SourceMissing: No address is configured.
    """
    return Prometheus(settings.metrics) if source == "metrics" else Loki(settings.logs)


async def find_refused(
    names: Iterable[str], ask: Callable[[str], Awaitable[object]]
) -> dict[str, str]:
    """Ask the query of each name; returns the reasons of those that the server refuses, by name.

    Raises:
        SourceUnreachable: It does not answer one of them; the others are given up.
    """
    slots = asyncio.Semaphore(MOST_AT_ONCE)
    refused = dict[str, str]()

    async def ask_one(name: str) -> None:
        async with slots:
            try:
                await ask(name)
            except (QueryRefused, AnswerUnusable) as error:
                refused[name] = error.message

    try:
        async with asyncio.TaskGroup() as group:
            for name in names:
                group.create_task(ask_one(name))
    except ExceptionGroup as failed:
        raise failed.exceptions[0] from None
    return refused
