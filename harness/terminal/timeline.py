"""Steps of a run as bars over time. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from harness.journal.steps import Step

WAITS = ("wait", "pause")
SHARE = 0.25
"""Of the width, at most, for waits: a person may take a day for what the run does in a second."""
STYLES = {"model": "call", "tool": "good", "wait": "ask", "pause": "ask"}
NAME = 30


@dataclass(frozen=True)
class Scale:
    """Time to a place between 0 and 1, long waits pressed together."""

    start: float
    end: float
    waits: tuple[tuple[float, float], ...]
    """Times without any work, merged and in order."""
    squeeze: float
    """A second of waiting takes as much room as this much of one of work."""

    def place(self, at: float) -> float:
        whole = self._length(self.end)
        return min(1.0, max(0.0, self._length(at) / whole)) if whole > 0 else 0.0

    def _length(self, at: float) -> float:
        waited = sum(max(0.0, min(at, end) - start) for start, end in self.waits)
        return (at - self.start - waited) + waited * self.squeeze


def scale(steps: Sequence[Step], start: float, end: float) -> Scale:
    busy = [(s.start, s.end or end) for s in steps if s.kind not in WAITS]
    idle = [(s.start, s.end or end) for s in steps if s.kind in WAITS]
    waits = _without(_merged(idle), _merged(busy))
    waited = sum(b - a for a, b in waits)
    worked = max(end - start - waited, 1e-3)
    most = worked * SHARE / (1 - SHARE)
    return Scale(start, max(end, start), tuple(waits), min(1.0, most / waited) if waited else 1.0)


class Bar(NamedTuple):
    step: Step
    left: float
    began: float
    """Where the last attempt began: before that it was queued."""
    right: float
    seconds: float


def bars(steps: Sequence[Step], start: float, end: float) -> tuple[list[Bar], Scale]:
    scaled = scale(steps, start, end)
    found = [
        Bar(
            step,
            scaled.place(step.start),
            scaled.place(step.start + step.queued),
            scaled.place(step.end or end),
            (step.end or end) - step.start,
        )
        for step in steps
    ]
    return found, scaled


class Row(NamedTuple):
    turn: str
    name: str
    before: str
    queued: str
    bar: str
    style: str
    step: Step
    seconds: float


def rows(steps: Sequence[Step], start: float, end: float, width: int) -> list[Row]:
    """One line a step; `width` columns for the bars."""
    made: list[Row] = []
    turn = 0
    for bar in bars(steps, start, end)[0]:
        left = min(int(bar.left * width), width - 1)
        right = max(left + 1, min(round(bar.right * width), width))
        queued = min(max(int(bar.began * width) - left, 0), right - left - 1)
        glyph = {"wait": "▒", "pause": "▒"}.get(bar.step.kind, "█")
        name = bar.step.name
        made.append(
            Row(
                turn=str(bar.step.turn) if bar.step.turn != turn else "",
                name=name if len(name) <= NAME else name[: NAME - 1] + "…",
                before=" " * left,
                queued="░" * queued,
                bar=glyph * (right - left - queued),
                style=STYLES[bar.step.kind] if bar.step.ok else "bad",
                step=bar.step,
                seconds=bar.seconds,
            )
        )
        turn = bar.step.turn
    return made


def _merged(spans: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    merged: list[tuple[float, float]] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged


def _without(
    spans: Sequence[tuple[float, float]], holes: Sequence[tuple[float, float]]
) -> list[tuple[float, float]]:
    left: list[tuple[float, float]] = []
    for start, end in spans:
        at = start
        for begin, stop in holes:
            if stop <= at or begin >= end:
                continue
            if begin > at:
                left.append((at, begin))
            at = max(at, stop)
        if at < end:
            left.append((at, end))
    return left
