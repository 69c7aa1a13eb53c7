"""Answer queries over metrics and logs: what commands, routes, tools and the page call."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Sequence

from harness.care.query_views import (
    Compared,
    Curve,
    LoggedLine,
    QueryAnswer,
    QueryBody,
    RelatedCurve,
)
from harness.care.settings import CareSettings
from harness.care.telemetry.digest import Change, compare_at, rank_series
from harness.care.telemetry.loki import Loki
from harness.care.telemetry.prometheus import Prometheus
from harness.care.telemetry.related import Related, find_related
from harness.care.telemetry.series import LogLine, Series, format_labels, name_curve
from harness.engine.connection import Connection

POINTS = 240
"""Of a curve, unless the query says how many."""
MOST_RELATED = 12
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
        answer = await asyncio.to_thread(_describe, body, found, start, end)
        if body.related is None or not answer.curves:
            return answer
        others = await source.query_range(body.related, start, end, step)
        first = next(each for each in found if each.labels == answer.curves[0].labels)
        related = await asyncio.to_thread(find_related, first, others)
        shown = [_relate(each, body.related, others) for each in related[:MOST_RELATED]]
        return answer.model_copy(update={"related": shown})


async def list_streams(connection: Connection, selector: str | None, seconds: float) -> list[str]:
    """List the streams of logs that a selector matches; without one, the names of labels."""
    end = time.time()
    async with Loki(connection.settings.section(CareSettings).logs) as loki:
        if selector is None:
            return sorted(await loki.list_labels(end - seconds, end))
        found = await loki.list_series([selector], end - seconds, end)
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
    shown = await asyncio.to_thread(_show_lines, lines[: body.limit])
    return QueryAnswer(
        query=body.query, source="logs", start=start, end=end, lines=shown,
        more=len(lines) - len(shown) + found.is_cut,
    )  # fmt: skip


def _show_lines(lines: Sequence[LogLine]) -> list[LoggedLine]:
    return [LoggedLine(at=line.at, labels=dict(line.labels), text=line.text) for line in lines]


def _describe(
    body: QueryBody, found: Sequence[Series], start: float | None, end: float
) -> QueryAnswer:
    ranked = [
        (
            series,
            digest,
            None if body.compare_at is None else compare_at(series.points, body.compare_at),
        )
        for series, digest in rank_series(found)
    ]
    if body.compare_at is not None:
        ranked.sort(key=lambda each: abs(each[2].strength) if each[2] else 0.0, reverse=True)
    curves = [
        Curve.of(
            dict(series.labels),
            [(at, value if math.isfinite(value) else None) for at, value in series.points],
            digest,
        ).model_copy(
            update={
                "name": name_curve(series.labels, body.query, alone=len(found) == 1),
                "compared": compared and _compare(compared),
            }
        )
        for series, digest, compared in ranked[: body.limit]
    ]
    return QueryAnswer(
        query=body.query, source=body.source, start=start, end=end, curves=curves,
        more=len(ranked) - len(curves),
    )  # fmt: skip


def _compare(change: Change) -> Compared:
    return Compared(before=change.before, after=change.after, strength=change.strength)


def _relate(each: Related, query: str, others: Sequence[Series]) -> RelatedCurve:
    change, name = each.change, name_curve(each.labels, query, alone=len(others) == 1)
    return RelatedCurve(
        name=name, correlation=each.correlation, is_rate=each.is_rate,
        at=change and change.at, before=change and change.before, after=change and change.after,
    )  # fmt: skip
