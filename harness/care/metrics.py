"""Find metrics by words: what commands, routes and tools call."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping, Sequence

from harness.care.query_views import MetricList, MetricView
from harness.care.settings import CareSettings
from harness.care.subjects.registry import find_subject
from harness.care.telemetry.prometheus import Metadata, Prometheus
from harness.contracts.errors import AnswerUnusable, InvalidRequest
from harness.engine.connection import Connection

RECENT_S = 3_600.0
FEW = 3
"""Metrics of which the labels are read too."""
MOST_LABELS, MOST_VALUES = 20, 10
SUFFIXES = ("_bucket", "_count", "_sum", "_total")
"""Of series; targets describe histograms without them."""


async def find_metrics(
    connection: Connection, text: str = "", subject: str | None = None, limit: int = 50
) -> MetricList:
    """Find metrics whose name or help has all the words, of one subject or of all.

    Raises:
        SubjectNotFound: There is no such subject.
        InvalidRequest: Neither words nor a subject were given, or the subject has no metrics.
        SourceMissing: No Prometheus is configured.
        SourceUnreachable: It does not answer.
    """
    words = text.lower().split()
    selector = None
    if subject is not None:
        selector = (await find_subject(connection, subject)).subject.metrics
        if selector is None:
            raise InvalidRequest(f"Subject {subject!r} has no selector of metrics.")
    elif not words:
        raise InvalidRequest("Say what to look for: words, or a subject.")
    async with Prometheus(connection.settings.section(CareSettings).metrics) as source:
        known = await _read_metadata(source)
        counts = await _count_series(source, selector, words)
        found = _rank(known, counts, words, only_counted=selector is not None)
        shown = found[:limit]
        if len(shown) <= FEW:
            shown = [await _add_labels(source, each) for each in shown]
    return MetricList(metrics=shown, more=len(found) - len(shown))


async def _read_metadata(source: Prometheus) -> Mapping[str, Metadata]:
    try:
        return await source.read_metadata()
    except AnswerUnusable:
        return {}  # some servers with its API have none


async def _count_series(
    source: Prometheus, selector: str | None, words: Sequence[str]
) -> dict[str, int]:
    """How many series each metric has that may be meant."""
    if selector is None:
        # A regular expression in a string: both have escapes.
        pattern = json.dumps(f"(?i).*{re.escape(words[0])}.*", ensure_ascii=False)
        selector = f"{{__name__=~{pattern}}}"
    found = await source.query(f"count by (__name__) ({selector})")
    return {
        each.labels["__name__"]: int(each.points[0].value)
        for each in found
        if "__name__" in each.labels
    }


def _rank(
    known: Mapping[str, Metadata], counts: Mapping[str, int], words: Sequence[str], *,
    only_counted: bool,
) -> list[MetricView]:  # fmt: skip
    names = counts if only_counted else {**dict.fromkeys(known), **counts}
    found = list[tuple[int, str, MetricView]]()
    for name in names:
        about = known.get(name) or known.get(_strip(name)) or Metadata()
        where = f"{name} {about.help}".lower()
        if not all(word in where for word in words):
            continue
        view = MetricView(
            name=name, type=about.type, unit=about.unit, help=about.help, series=counts.get(name)
        )
        # Those with series first, then those whose name has the words.
        in_name = sum(word in name.lower() for word in words)
        found.append((-in_name - len(words) * (name in counts), name, view))
    return [view for _, _, view in sorted(found, key=lambda each: each[:2])]


def _strip(name: str) -> str:
    suffix = next((each for each in SUFFIXES if name.endswith(each)), "")
    return name.removesuffix(suffix)


async def _add_labels(source: Prometheus, view: MetricView) -> MetricView:
    now = time.time()
    selector = f"{{__name__={json.dumps(view.name, ensure_ascii=False)}}}"
    values = dict[str, set[str]]()
    for labels in await source.list_series(selector, now - RECENT_S, now):
        for label, value in labels.items():
            if label != "__name__":
                values.setdefault(label, set()).add(value)
    shown = {
        label: sorted(found)[:MOST_VALUES] for label, found in sorted(values.items())[:MOST_LABELS]
    }
    return view.model_copy(update={"labels": shown})
