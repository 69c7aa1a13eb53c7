"""Ask each query of a subject once, so that a mistake in it is found when the subject is added."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from harness.care.invariants.invariant import Source
from harness.care.invariants.slo import DAY
from harness.care.settings import CareSettings
from harness.care.subjects.subject import Subject
from harness.care.telemetry.ask import find_refused, open_source
from harness.care.telemetry.loki import Loki
from harness.care.telemetry.source import ANYTHING
from harness.contracts.errors import HarnessError

LONGEST_S = 60.0
RECENT_S = 300.0


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
    async with open_source(settings, source) as asked:
        now = time.time()
        await asked.query(ANYTHING, at=now)

        async def ask(name: str) -> object:
            if name == "logs" and isinstance(asked, Loki):
                return await asked.read(queries[name], now - RECENT_S, now, limit=1)
            return await asked.query(queries[name], at=now)

        refused = await find_refused(queries, ask)
    return [f"{name}: {refused[name]}" for name in queries if name in refused]
