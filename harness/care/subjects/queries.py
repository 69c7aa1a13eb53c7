"""Ask each query of a subject once, so that a mistake in it is found when the subject is added."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from typing import NamedTuple

from harness.care.invariants.invariant import Source
from harness.care.invariants.slo import DAY
from harness.care.settings import CareSettings
from harness.care.subjects.subject import Subject
from harness.care.telemetry.loki import Loki
from harness.care.telemetry.prometheus import Prometheus
from harness.contracts.errors import AnswerUnusable, HarnessError, QueryRefused

MOST_AT_ONCE = 10
LONGEST_S = 60.0
RECENT_S = 300.0
ANYTHING = "vector(1)"
"""What each source answers, if it is one."""


class Asked(NamedTuple):
    """What asking the queries has shown."""

    total: int
    refused: Sequence[str] = ()
    """Each refused query: its name and the reason."""
    unknown: Sequence[str] = ()
    """Sources that could not be asked, and why."""


async def ask_queries(settings: CareSettings, subject: Subject) -> Asked:
    """Ask each query of a subject once. A source that does not answer refuses nothing."""
    wanted = _list_queries(subject)
    refused, unknown = list[str](), list[str]()
    for source in ("metrics", "logs"):
        queries = {name: query for (kind, name), query in wanted.items() if kind == source}
        if not queries:
            continue
        try:
            async with asyncio.timeout(LONGEST_S):
                refused += await _ask_source(settings, source, queries)
        except TimeoutError:
            unknown.append(f"{source}: not all queries were answered within {LONGEST_S:g} s")
        except HarnessError as error:
            unknown.append(f"{source}: {error.message} {error.fix}")
    return Asked(len(wanted), refused, unknown)


def _list_queries(subject: Subject) -> Mapping[tuple[Source, str], str]:
    found: dict[tuple[Source, str], str] = {
        (each.source, f"invariant {each.name}"): each.query for each in subject.watched
    }
    for slo in subject.slos:
        found["metrics", f"SLO {slo.name}"] = slo.ask_ratio(slo.days * DAY)
    if subject.metrics is not None:
        found["metrics", "metrics"] = f"count({subject.metrics})"
    if subject.logs is not None:
        found["logs", "logs"] = subject.logs
    return found


async def _ask_source(
    settings: CareSettings, source: Source, queries: Mapping[str, str]
) -> list[str]:
    refused = dict[str, str]()
    slots = asyncio.Semaphore(MOST_AT_ONCE)
    async with AsyncExitStack() as stack:
        asked: Prometheus | Loki
        if source == "metrics":
            asked = await stack.enter_async_context(Prometheus(settings.metrics))
        else:
            asked = await stack.enter_async_context(Loki(settings.logs))
        now = time.time()
        await asked.query(ANYTHING, at=now)

        async def ask(name: str, query: str) -> None:
            async with slots:
                try:
                    if name == "logs" and isinstance(asked, Loki):
                        await asked.read(query, now - RECENT_S, now, limit=1)
                    else:
                        await asked.query(query, at=now)
                except (QueryRefused, AnswerUnusable) as error:
                    refused[name] = error.message

        tasks = [asyncio.ensure_future(ask(name, query)) for name, query in queries.items()]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
    return [f"{name}: {refused[name]}" for name in queries if name in refused]
