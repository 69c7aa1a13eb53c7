"""LogQL: the HTTP API of Loki."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, cast

from harness.care.settings import SourceSettings
from harness.care.telemetry.prometheus import (
    MAX_TIME,
    check_points,
    read_label_sets,
    read_labels,
    read_names,
    read_series,
)
from harness.care.telemetry.series import LogLine, Series
from harness.care.telemetry.source import Source, TooLarge, choose_step
from harness.contracts.errors import AnswerUnusable

QUERY_RANGE = "loki/api/v1/query_range"
MAX_LINES = 5_000
MAX_TEXT = 8_000
"""Characters of one line that are kept."""


class LogAnswer(NamedTuple):
    """Lines, the newest first, or the curves of a query that returns numbers, such as rate()."""

    lines: list[LogLine] | None = None
    is_cut: bool = False
    """Whether fewer lines were read than were asked for: they are too long."""
    series: Sequence[Series] = ()


class Loki(Source):
    """Queries logs. Times are seconds since 1970."""

    def __init__(self, settings: SourceSettings) -> None:
        super().__init__("Loki", "logs", settings)

    async def read(
        self, query: str, start: float, end: float, *, limit: int = 1_000, step: float = 1.0
    ) -> LogAnswer:
        """Read lines, or what a query over lines counts: Loki alone can tell which a query is."""
        asked = {
            "query": query, "direction": "backward", "step": choose_step(start, end, step),
            **_span(start, end),
        }  # fmt: skip
        limit = min(limit, MAX_LINES)
        found, given = await self._read_range(asked, limit)
        if found.lines is None:
            return found
        is_cut = given < limit and len(found.lines) >= given
        return LogAnswer(lines=found.lines[:limit], is_cut=is_cut)

    async def _read_range(self, asked: dict[str, str], limit: int) -> tuple[LogAnswer, int]:
        """Ask, and for fewer lines while they are too much: one may have a megabyte."""
        while True:
            try:
                limited = {**asked, "limit": str(limit)}
                return await self._ask(QUERY_RANGE, limited, self._read_answer), limit
            except TooLarge as error:
                if limit == 1:
                    raise error.make_error(self.what) from None
                limit = max(1, limit // 10)

    def _read_answer(self, data: Any) -> LogAnswer:
        found = _fields(data)
        if found.get("resultType") != "streams":
            return LogAnswer(series=read_series(data, self.what))
        return LogAnswer(sorted(read_streams(found.get("result")), key=_by_time, reverse=True))

    async def query(self, query: str, *, at: float) -> list[Series]:
        """Evaluate a query that returns numbers, such as rate(), at one moment."""
        asked = {"query": query, "time": _nanoseconds(at)}
        return await self.ask("loki/api/v1/query", asked, lambda data: read_series(data, self.what))

    async def list_labels(self, start: float, end: float) -> list[str]:
        """List the names of labels."""
        asked = _span(start, end)
        return await self.ask("loki/api/v1/labels", asked, lambda data: read_names(data, self.what))

    async def list_series(
        self, selectors: Sequence[str], start: float, end: float
    ) -> list[dict[str, str]]:
        """List the label sets of the streams that the selectors match."""
        asked = {"match[]": list(selectors), **_span(start, end)}
        path = "loki/api/v1/series"
        return await self.ask(path, asked, lambda data: read_label_sets(data, self.what))


def read_streams(found: Any) -> list[LogLine]:
    """Read the answer to a query: streams of lines."""
    if not isinstance(found, list):
        raise AnswerUnusable("Loki did not answer with lines.")
    lines = list[LogLine]()
    for stream in cast("list[Any]", found):
        fields = _fields(stream)
        labels = read_labels(fields.get("stream", {}), "Loki")
        entries = fields.get("values")
        if not isinstance(entries, list):
            raise AnswerUnusable("Loki answered with a stream without lines.")
        check_points(len(lines) + len(cast("list[Any]", entries)))
        lines += [_read_line(each, labels) for each in cast("list[Any]", entries)]
    return lines


def _read_line(entry: Any, labels: dict[str, str]) -> LogLine:
    try:
        at, text = entry[0], entry[1]
        line = LogLine(int(at) / 1e9, labels, str(text)[:MAX_TEXT])
    except (TypeError, ValueError, LookupError, OverflowError):
        raise AnswerUnusable("Loki answered with a line without time and text.") from None
    if not 0 <= line.at <= MAX_TIME:
        raise AnswerUnusable("Loki answered with a time that is not one.")
    return line


def _by_time(line: LogLine) -> float:
    return line.at


def _span(start: float, end: float) -> dict[str, str]:
    return {"start": _nanoseconds(start), "end": _nanoseconds(end)}


def _nanoseconds(seconds: float) -> str:
    return str(int(seconds * 1e9))


def _fields(found: Any) -> dict[str, Any]:
    return cast("dict[str, Any]", found) if isinstance(found, dict) else {}
