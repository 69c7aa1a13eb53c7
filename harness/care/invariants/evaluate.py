"""Evaluate invariants: ask their sources, and judge the answers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Protocol

from harness.care.invariants.invariant import Source
from harness.care.invariants.judge import Judgement, Reading, judge
from harness.care.invariants.rows import Watched
from harness.care.settings import CareSettings
from harness.care.telemetry.ask import open_source
from harness.care.telemetry.series import Series
from harness.contracts.errors import AnswerUnusable, HarnessError, QueryRefused

MOST_AT_ONCE = 20
"""Queries; Prometheus itself runs 20 at a time."""
LONGEST_S = 120.0
"""After this, no more queries are asked: the next evaluation waits for this one."""
LATE = "not asked: the queries before it took too long"


class _Queried(Protocol):
    async def query(self, query: str, *, at: float) -> list[Series]: ...


async def evaluate(
    settings: CareSettings,
    watched: Sequence[Watched],
    *,
    longest_seconds: float = LONGEST_S,
) -> list[tuple[Watched, Judgement]]:
    """Judge invariants at this moment. Identical queries run once."""
    at = time.time()
    until = time.monotonic() + longest_seconds
    queries = dict.fromkeys(_key(each) for each in watched)
    readings = dict[tuple[Source, str], Reading]()
    slots = asyncio.Semaphore(MOST_AT_ONCE)

    async def ask(name: Source, query: str) -> None:
        async with slots:
            readings[name, query] = await sources[name].read(query, at, until)

    async with AsyncExitStack() as stack:
        sources = await _open_sources(stack, settings, {source for source, _ in queries})
        async with asyncio.TaskGroup() as group:
            for name, query in queries:
                group.create_task(ask(name, query))
    return [
        (each, judge(each.invariant, each.judgement, readings[_key(each)], at)) for each in watched
    ]


class _Asked:
    """A source during one evaluation. After a round of queries that all failed it is given up: each
    query to a source that is silent would take its whole time."""

    def __init__(self, source: _Queried | HarnessError) -> None:
        self._source = source
        self._failed = 0
        """Queries in a row that it did not answer."""
        self._last: HarnessError | None = None

    async def read(self, query: str, at: float, until: float) -> Reading:
        """Ask it, unless it is given up, or it is too late."""
        if isinstance(self._source, HarnessError):
            return Reading(failure="unreachable", message=self._source.message)
        if self._last is not None and self._failed >= MOST_AT_ONCE:
            return Reading(failure="unreachable", message=self._last.message)
        if time.monotonic() > until:
            return Reading(failure="unreachable", message=LATE)
        try:
            found = await self._source.query(query, at=at)
        except (QueryRefused, AnswerUnusable) as error:
            self._failed = 0
            return Reading(failure="invalid", message=error.message)
        except HarnessError as error:
            self._failed += 1
            self._last = error
            return Reading(failure="unreachable", message=error.message)
        self._failed = 0
        return Reading(tuple(point.value for series in found for point in series.points))


def _key(watched: Watched) -> tuple[Source, str]:
    return watched.invariant.source, watched.invariant.query


async def _open_sources(
    stack: AsyncExitStack, settings: CareSettings, wanted: set[Source]
) -> dict[Source, _Asked]:
    found = dict[Source, _Asked]()
    for name in wanted:
        try:
            source = open_source(settings, name)
        except HarnessError as error:
            found[name] = _Asked(error)
        else:
            found[name] = _Asked(await stack.enter_async_context(source))
    return found
