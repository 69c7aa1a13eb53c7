"""LogQL: the HTTP API of Loki."""

from __future__ import annotations

from typing import Any, cast

from harness.care.settings import SourceSettings
from harness.care.telemetry.prometheus import read_labels, read_series
from harness.care.telemetry.series import LogLine, Series
from harness.care.telemetry.source import Source
from harness.contracts.errors import AnswerUnusable

MAX_LINES = 5_000
MAX_TEXT = 8_000
"""Characters of one line that are kept."""


class Loki(Source):
    """Queries logs. Times are seconds since 1970."""

    def __init__(self, settings: SourceSettings) -> None:
        super().__init__("Loki", settings)

    async def read_lines(
        self, query: str, start: float, end: float, *, limit: int = 1_000
    ) -> list[LogLine]:
        """Read lines, the newest first."""
        asked = {
            "query": query, "start": _nanoseconds(start), "end": _nanoseconds(end),
            "limit": str(min(limit, MAX_LINES)), "direction": "backward",
        }  # fmt: skip
        found = _fields(await self.read("loki/api/v1/query_range", asked))
        if found.get("resultType") != "streams":
            raise AnswerUnusable(
                "The query returns numbers, not lines.", fix="Leave out rate() and the like."
            )
        return sorted(_read_streams(found.get("result")), key=_by_time, reverse=True)[:limit]

    async def query(self, query: str, *, at: float) -> list[Series]:
        """Evaluate a query that returns numbers, such as rate(), at one moment."""
        asked = {"query": query, "time": _nanoseconds(at)}
        return read_series(await self.read("loki/api/v1/query", asked), self.what)

    async def query_range(self, query: str, start: float, end: float, step: float) -> list[Series]:
        """Evaluate a query that returns numbers at each step of a time."""
        asked = {
            "query": query, "start": _nanoseconds(start), "end": _nanoseconds(end),
            "step": f"{max(step, 1.0):.3f}",
        }  # fmt: skip
        return read_series(await self.read("loki/api/v1/query_range", asked), self.what)


def _read_streams(found: Any) -> list[LogLine]:
    if not isinstance(found, list):
        raise AnswerUnusable("Loki did not answer with lines.")
    lines = list[LogLine]()
    for stream in cast("list[Any]", found):
        fields = _fields(stream)
        labels = read_labels(fields.get("stream", {}), "Loki")
        entries = fields.get("values")
        if not isinstance(entries, list):
            raise AnswerUnusable("Loki answered with a stream without lines.")
        lines += [_read_line(each, labels) for each in cast("list[Any]", entries)]
    return lines


def _read_line(entry: Any, labels: dict[str, str]) -> LogLine:
    try:
        at, text = entry[0], entry[1]
        return LogLine(int(at) / 1e9, labels, str(text)[:MAX_TEXT])
    except (TypeError, ValueError, LookupError):
        raise AnswerUnusable("Loki answered with a line without time and text.") from None


def _by_time(line: LogLine) -> float:
    return line.at


def _nanoseconds(seconds: float) -> str:
    return str(int(seconds * 1e9))


def _fields(found: Any) -> dict[str, Any]:
    return cast("dict[str, Any]", found) if isinstance(found, dict) else {}
