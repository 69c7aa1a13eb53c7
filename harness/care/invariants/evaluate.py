"""Evaluate invariants: ask their sources, and judge the answers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from typing import Protocol

from harness.care.invariants.invariant import Source
from harness.care.invariants.judge import Judgement, Reading, judge
from harness.care.invariants.rows import Watched
from harness.care.settings import CareSettings
from harness.care.telemetry.loki import Loki
from harness.care.telemetry.prometheus import Prometheus
from harness.care.telemetry.series import Series
from harness.contracts.errors import AnswerUnusable, HarnessError, QueryRefused

MOST_AT_ONCE = 20
"""Queries; Prometheus itself runs 20 at a time."""


class _Queried(Protocol):
    async def query(self, query: str, *, at: float) -> list[Series]: ...


async def evaluate(
    settings: CareSettings,
    watched: Sequence[Watched],
    *,
    clock: Callable[[], float] = time.time,
    tick: Callable[[], None] | None = None,
) -> list[tuple[Watched, Judgement]]:
    """Judge invariants at this moment. Equal queries are asked once. `tick` is called after each
    answer."""
    at = clock()
    queries = {_key(each) for each in watched}
    readings = dict[tuple[Source, str], Reading]()
    slots = asyncio.Semaphore(MOST_AT_ONCE)

    async def ask(sources: dict[Source, _Queried | HarnessError], key: tuple[Source, str]) -> None:
        async with slots:
            readings[key] = await _read(sources[key[0]], key[1], at)
        if tick is not None:
            tick()

    async with AsyncExitStack() as stack:
        sources = await _open_sources(stack, settings, {source for source, _ in queries})
        async with asyncio.TaskGroup() as group:
            for key in queries:
                group.create_task(ask(sources, key))
    return [
        (each, judge(each.invariant, each.judgement, readings[_key(each)], at)) for each in watched
    ]


def _key(watched: Watched) -> tuple[Source, str]:
    return watched.invariant.source, watched.invariant.query


async def _open_sources(
    stack: AsyncExitStack, settings: CareSettings, wanted: set[Source]
) -> dict[Source, _Queried | HarnessError]:
    found = dict[Source, _Queried | HarnessError]()
    for name in wanted:
        try:
            source = Prometheus(settings.metrics) if name == "metrics" else Loki(settings.logs)
        except HarnessError as error:
            found[name] = error
        else:
            found[name] = await stack.enter_async_context(source)
    return found


async def _read(source: _Queried | HarnessError, query: str, at: float) -> Reading:
    if isinstance(source, HarnessError):
        return Reading(failure="unreachable", message=source.message)
    try:
        found = await source.query(query, at=at)
    except (QueryRefused, AnswerUnusable) as error:
        return Reading(failure="invalid", message=error.message)
    except HarnessError as error:
        return Reading(failure="unreachable", message=error.message)
    return Reading(tuple(point.value for series in found for point in series.points))
