"""What queries return: curves, and lines of logs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

MAX_NAME = 200
UNNAMED = "the series without labels"
ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})


class Point(NamedTuple):
    at: float
    """Seconds since 1970."""
    value: float
    """May be NaN or infinite."""


@dataclass(frozen=True)
class Series:
    """The values of one metric with one set of labels, the oldest first."""

    labels: Mapping[str, str]
    points: tuple[Point, ...]

    @property
    def name(self) -> str:
        """As PromQL writes it: `up{job="api"}`."""
        return format_labels(self.labels)


class LogLine(NamedTuple):
    at: float
    labels: Mapping[str, str]
    text: str


def format_labels(labels: Mapping[str, str]) -> str:
    """Write labels as PromQL does."""
    metric = labels.get("__name__", "")
    pairs = [
        f'{key}="{value.translate(ESCAPES)}"'
        for key, value in sorted(labels.items())
        if key != "__name__"
    ]
    return f"{metric}{{{', '.join(pairs)}}}" if pairs or not metric else metric


def name_curve(labels: Mapping[str, str], query: str, *, alone: bool) -> str:
    """The name under which people and models read a curve. One without labels has that of its
    query: `{}` says nothing. Next to others it has a name of its own."""
    if labels:
        return format_labels(labels)
    name = " ".join(query.split())
    if not alone or not name:
        return UNNAMED
    return name if len(name) <= MAX_NAME else f"{name[: MAX_NAME - 1]}…"
