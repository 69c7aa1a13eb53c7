"""Answer queries over metrics and logs: what commands, routes, tools and the page call."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Sequence

from harness.care.invariants.invariant import Source as SourceName
from harness.care.settings import CareSettings
from harness.care.telemetry.digest import rank_series
from harness.care.telemetry.loki import Loki
from harness.care.telemetry.prometheus import Prometheus
from harness.care.telemetry.series import Series, format_labels
from harness.care.views import Curve, LoggedLine, QueryAnswer, QueryBody
from harness.engine.connection import Connection

POINTS = 240
"""Of a curve, unless the query says how many."""
HOUR = 3_600.0


async def answer_query(connection: Connection, body: QueryBody) -> QueryAnswer:
    """Ask Prometheus or Loki, and add the figures of each curve.

    Raises:
        SourceMissing: No address is configured.
        SourceUnreachable: The server does not answer in time.
        QueryRefused: It does not accept the query.
        AnswerUnusable: The answer is too large, or is not one.
    """
    settings = connection.settings.section(CareSettings)
    end = time.time() if body.end is None else body.end
    if body.source == "logs":
        return await _read_logs(settings, body, end)
    async with Prometheus(settings.metrics) as source:
        if body.seconds is None:
            found = await source.query(body.query, at=body.end)
            return await asyncio.to_thread(_describe, body, found, None, end)
        start = end - body.seconds
        step = body.step or max(body.seconds / POINTS, 1.0)
        found = await source.query_range(body.query, start, end, step)
        return await asyncio.to_thread(_describe, body, found, start, end)


async def list_series(
    connection: Connection, name: SourceName, selector: str | None, seconds: float
) -> list[str]:
    """List the series or streams that a selector matches; without one, the names of labels."""
    settings = connection.settings.section(CareSettings)
    end = time.time()
    source = Loki(settings.logs) if name == "logs" else Prometheus(settings.metrics)
    async with source:
        if selector is None:
            return sorted(await source.list_labels(end - seconds, end))
        found = await source.list_series([selector], end - seconds, end)
    return sorted(map(format_labels, found))


async def _read_logs(settings: CareSettings, body: QueryBody, end: float) -> QueryAnswer:
    seconds = body.seconds or HOUR
    start = end - seconds
    step = body.step or max(seconds / POINTS, 1.0)
    async with Loki(settings.logs) as source:
        found = await source.read(body.query, start, end, limit=body.limit + 1, step=step)
    if found.lines is None:
        return await asyncio.to_thread(_describe, body, found.series, start, end)
    lines = found.lines
    shown = [
        LoggedLine(at=line.at, labels=dict(line.labels), text=line.text)
        for line in lines[: body.limit]
    ]
    return QueryAnswer(
        query=body.query, source="logs", start=start, end=end, lines=shown,
        more=len(lines) - len(shown) + found.is_cut,
    )  # fmt: skip


def _describe(
    body: QueryBody, found: Sequence[Series], start: float | None, end: float
) -> QueryAnswer:
    ranked = rank_series(found)
    curves = [
        Curve.of(
            dict(series.labels),
            [(at, value if math.isfinite(value) else None) for at, value in series.points],
            digest,
        )
        for series, digest in ranked[: body.limit]
    ]
    return QueryAnswer(
        query=body.query, source=body.source, start=start, end=end, curves=curves,
        more=len(ranked) - len(curves),
    )  # fmt: skip
