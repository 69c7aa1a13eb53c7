"""PromQL: the HTTP API of Prometheus."""

from __future__ import annotations

from typing import Any, NamedTuple, cast

from harness.care.settings import SourceSettings
from harness.care.telemetry.series import Point, Series
from harness.care.telemetry.source import Source, choose_step
from harness.contracts.errors import AnswerUnusable

MAX_SERIES, MAX_POINTS = 20_000, 500_000
"""Of all series together."""
MAX_NAMES = 10_000
MAX_HELP = 500
MAX_TIME = 1e11


class Metadata(NamedTuple):
    """What a target says about a metric. Anyone may have written it."""

    type: str = ""
    unit: str = ""
    help: str = ""


class Prometheus(Source):
    """Queries metrics. Times are seconds since 1970."""

    def __init__(self, settings: SourceSettings) -> None:
        super().__init__("Prometheus", "metrics", settings)

    async def query(self, query: str, *, at: float | None = None) -> list[Series]:
        """Evaluate a query at one moment, by default now; each series has one point."""
        asked = {"query": query, "timeout": f"{self._timeout:g}s"}
        if at is not None:
            asked["time"] = f"{at:.3f}"
        return await self.ask("api/v1/query", asked, self._read_series)

    async def query_range(self, query: str, start: float, end: float, step: float) -> list[Series]:
        """Evaluate a query at each step of a time."""
        asked = {
            "query": query, "timeout": f"{self._timeout:g}s", "start": f"{start:.3f}",
            "end": f"{end:.3f}", "step": choose_step(start, end, step),
        }  # fmt: skip
        return await self.ask("api/v1/query_range", asked, self._read_series)

    async def read_metadata(self) -> dict[str, Metadata]:
        """Read what targets say about their metrics, by the names of these."""
        return await self.ask(
            "api/v1/metadata", {"limit_per_metric": "1"}, self._read_metadata, "GET"
        )

    async def list_series(self, selector: str, start: float, end: float) -> list[dict[str, str]]:
        """List the label sets that a selector matches."""
        asked = {"match[]": selector, "start": f"{start:.3f}", "end": f"{end:.3f}"}
        return await self.ask("api/v1/series", asked, lambda data: read_label_sets(data, self.what))

    def _read_series(self, data: Any) -> list[Series]:
        return read_series(data, self.what)

    def _read_metadata(self, data: Any) -> dict[str, Metadata]:
        if not isinstance(data, dict):
            raise AnswerUnusable(f"{self.what} did not answer with metadata.")
        rows = list(cast("dict[Any, Any]", data).items())[:MAX_NAMES]
        return {str(name)[:200]: _read_metadata(row) for name, row in rows}


def read_series(data: Any, what: str) -> list[Series]:
    """Read the answer to a query: a vector, a matrix or a number."""
    fields = cast("dict[str, Any]", data) if isinstance(data, dict) else {}
    kind, result = fields.get("resultType"), fields.get("result")
    if kind == "scalar":
        return [Series({}, (_read_point(result, what),))]
    if kind == "string":
        raise AnswerUnusable("The query returns a text, not numbers.", fix="Write another query.")
    if kind not in ("vector", "matrix") or not isinstance(result, list):
        raise AnswerUnusable(f"{what} did not answer with curves.")
    rows = cast("list[Any]", result)
    if len(rows) > MAX_SERIES:
        raise AnswerUnusable(
            f"The query returns {len(rows):,} series, more than {MAX_SERIES:,}.",
            fix="Aggregate in the query, such as sum by (job) (...).",
        )
    check_points(sum(_count_points(row) for row in rows))
    return [_read_one(row, kind, what) for row in rows]


def check_points(count: int) -> None:
    """Refuse an answer that would take too long to work with; raises AnswerUnusable."""
    if count > MAX_POINTS:
        raise AnswerUnusable(
            f"The query returns {count:,} points, more than {MAX_POINTS:,}.",
            fix="Aggregate in the query, such as sum by (job) (...), or choose a larger step or a "
            "shorter time.",
        )


def _count_points(row: Any) -> int:
    values = cast("dict[str, Any]", row).get("values") if isinstance(row, dict) else None
    return len(cast("list[Any]", values)) if isinstance(values, list) else 1


def read_labels(found: Any, what: str) -> dict[str, str]:
    """Read a set of labels."""
    if not isinstance(found, dict):
        raise AnswerUnusable(f"{what} answered with a series without labels.")
    pairs = cast("dict[Any, Any]", found)
    return {str(name)[:200]: str(value)[:1_000] for name, value in list(pairs.items())[:100]}


def read_label_sets(found: Any, what: str) -> list[dict[str, str]]:
    """Read a list of series without values."""
    if not isinstance(found, list):
        raise AnswerUnusable(f"{what} did not answer with a list of series.")
    return [read_labels(row, what) for row in cast("list[Any]", found)[:MAX_SERIES]]


def _read_one(row: Any, kind: str, what: str) -> Series:
    fields = cast("dict[str, Any]", row) if isinstance(row, dict) else {}
    values = [fields.get("value")] if kind == "vector" else fields.get("values")
    if "histogram" in fields or "histograms" in fields:
        raise AnswerUnusable(
            "The query returns native histograms.", fix="Use histogram_quantile() in the query."
        )
    if not isinstance(values, list):
        raise AnswerUnusable(f"{what} answered with a series without values.")
    points = tuple(_read_point(each, what) for each in cast("list[Any]", values))
    return Series(read_labels(fields.get("metric", {}), what), points)


def _read_point(found: Any, what: str) -> Point:
    try:
        at, value = found
        point = Point(float(at), float(value))
    except (TypeError, ValueError, OverflowError):
        raise AnswerUnusable(f"{what} answered with a value that is not a number.") from None
    if not 0 <= point.at <= MAX_TIME:
        raise AnswerUnusable(f"{what} answered with a time that is not one.")
    return point


def _read_metadata(found: Any) -> Metadata:
    rows = cast("list[Any]", found) if isinstance(found, list) else []
    first = cast("dict[str, Any]", rows[0]) if rows and isinstance(rows[0], dict) else {}
    kind, unit, text = (str(first.get(key, "")) for key in ("type", "unit", "help"))
    return Metadata(kind[:40], unit[:40], text[:MAX_HELP])


def read_names(found: Any, what: str) -> list[str]:
    """Read a list of names."""
    if not isinstance(found, list):
        raise AnswerUnusable(f"{what} did not answer with a list of names.")
    return [str(each)[:200] for each in cast("list[Any]", found)[:MAX_NAMES]]
