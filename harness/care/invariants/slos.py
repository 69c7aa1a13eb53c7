"""Read SLOs, with what is left of their error budgets: what commands, routes and the page call."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping

from harness.care.invariants.rows import Watched
from harness.care.invariants.slo import BURNS, DAY, Slo
from harness.care.invariants.views import BurnView, SloView
from harness.care.settings import CareSettings
from harness.care.store import CareStore
from harness.care.subjects.registry import find_subject
from harness.care.telemetry.prometheus import Prometheus
from harness.contracts.errors import HarnessError
from harness.engine.connection import Connection

MOST_AT_ONCE = 4
"""Each query reads weeks of samples."""
NO_EVENTS = "there were no events, or the server has no data of them"


async def list_slos(connection: Connection, subject: str | None = None) -> list[SloView]:
    """List the SLOs of all subjects, or of one. A budget that cannot be computed is unknown, and
    says why.

    Raises:
        SubjectNotFound: There is no such subject.
    """
    if subject is not None:
        await find_subject(connection, subject)
    store = CareStore(connection.database)
    watched = {each.key: each for each in await store.list_watched(subject)}
    found = [
        _describe(stored.subject.name, slo, watched)
        for stored in await store.list_subjects(subject)
        for slo in stored.subject.slos
    ]
    if not found:
        return []
    try:
        source = Prometheus(connection.settings.section(CareSettings).metrics)
    except HarnessError as error:
        return [view.model_copy(update={"message": error.message}) for _, view in found]
    slots = asyncio.Semaphore(MOST_AT_ONCE)
    async with source, asyncio.TaskGroup() as group:
        tasks = [group.create_task(_ask(source, slo, view, slots)) for slo, view in found]
    return [task.result() for task in tasks]


async def _ask(source: Prometheus, slo: Slo, view: SloView, slots: asyncio.Semaphore) -> SloView:
    async with slots:
        try:
            series = await source.query(view.query)
        except HarnessError as error:
            return view.model_copy(update={"message": error.message})
    shares = [point.value for each in series for point in each.points if math.isfinite(point.value)]
    left = slo.read_left(shares)
    if left is None:
        return view.model_copy(update={"message": NO_EVENTS})
    return view.model_copy(update={"left": left, "bad_share": max(shares)})


def _describe(
    subject: str, slo: Slo, watched: Mapping[tuple[str, str], Watched]
) -> tuple[Slo, SloView]:
    burns = list[BurnView]()
    for burn in BURNS:
        found = watched.get((subject, f"{slo.name}-{burn.label}"))
        if found is None:
            continue
        invariant, last = found.invariant, found.judgement
        value = last.value if last is not None else None
        burns.append(
            BurnView(
                invariant=invariant.name, limit=burn.factor, severity=invariant.severity,
                long_seconds=burn.long * slo.days, short_seconds=burn.short * slo.days,
                state="not evaluated" if last is None else last.state,
                value=value if value is not None and math.isfinite(value) else None,
            )
        )  # fmt: skip
    view = SloView(
        subject=subject, name=slo.name, summary=slo.summary, objective=slo.objective,
        days=slo.days, query=slo.ask_ratio(slo.days * DAY), burns=burns,
    )  # fmt: skip
    return slo, view
