"""Steps of a run as bars over time. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from math import inf
from typing import NamedTuple

from harness.journal.steps import Step

WAITS = ("wait", "pause")
SHARE = 0.25
"""The largest share of the width for waits: a person may take a day, the run a second."""
STYLES = {"model": "call", "tool": "good", "check": "quiet", "wait": "ask", "pause": "ask"}
NAME = 30
APART = 0.08
"""The smallest share of the width between two labels of the time axis."""
STEPS_S = (
    *(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600),
    *(1800, 3600, 2 * 3600, 6 * 3600, 12 * 3600, 86_400, 7 * 86_400, 30 * 86_400, inf),
)
"""Possible steps between two marks of the time axis."""


@dataclass(frozen=True)
class Scale:
    """Maps time to a place between 0 and 1; long waits are compressed."""

    start: float
    end: float
    waits: tuple[tuple[float, float], ...]
    """Times without any work, merged and in order."""
    squeeze: float
    """The width of a second of waiting, relative to a second of work."""

    def share_of(self, at: float) -> float:
        whole = self._scaled_length(self.end)
        return min(1.0, max(0.0, self._scaled_length(at) / whole)) if whole > 0 else 0.0

    def _scaled_length(self, at: float) -> float:
        waited = sum(max(0.0, min(at, end) - start) for start, end in self.waits)
        return (at - self.start - waited) + waited * self.squeeze


def make_scale(steps: Sequence[Step], start: float, end: float) -> Scale:
    busy = [(s.start, s.end or end) for s in steps if s.kind not in WAITS]
    idle = [(s.start, s.end or end) for s in steps if s.kind in WAITS]
    waits = _subtract_spans(_merge_spans(idle), _merge_spans(busy))
    waited = sum(b - a for a, b in waits)
    worked = max(end - start - waited, 1e-3)
    most = worked * SHARE / (1 - SHARE)
    return Scale(start, max(end, start), tuple(waits), min(1.0, most / waited) if waited else 1.0)


class Bar(NamedTuple):
    step: Step
    left: float
    began: float
    """Where the last attempt began; before that, the call was queued."""
    first: float
    """Where the first token arrived; equals `began` without one."""
    right: float
    tries: tuple[tuple[float, float], ...]
    """Earlier attempts that are logged."""
    lost: bool
    """Some attempts are not logged: they failed between `left` and `began`."""
    seconds: float


def make_bars(steps: Sequence[Step], start: float, end: float) -> tuple[list[Bar], Scale]:
    scaled = make_scale(steps, start, end)
    return [_make_bar(step, scaled, end) for step in steps], scaled


def _make_bar(step: Step, scaled: Scale, end: float) -> Bar:
    until = step.end or end
    share_of = scaled.share_of
    tries = [(each.logged.started, each.logged.ended) for each in step.earlier if each.logged]
    # The queue time is known once a call has returned; before that, use its attempts.
    began = min(until, max([step.start + step.queued, *(stop for _, stop in tries)]))
    return Bar(
        step=step,
        left=share_of(step.start),
        began=share_of(began),
        first=share_of(min(until, began + (step.first or 0))),
        right=share_of(until),
        tries=tuple((share_of(max(a, step.start)), share_of(min(b, until))) for a, b in tries),
        lost=step.attempts - 1 > len(tries),
        seconds=until - step.start,
    )


def axis_ticks(scaled: Scale, apart: float = APART) -> list[tuple[float, float]]:
    """Round times since the start and their places, not too close to each other or to the end."""
    whole = scaled.end - scaled.start
    step = next(each for each in STEPS_S if whole / each <= 10)
    found: list[tuple[float, float]] = []
    last = 0.0
    for number in range(1, int(whole / step) + 1):
        place = scaled.share_of(scaled.start + number * step)
        if last + apart <= place <= 1 - apart / 2:
            found.append((number * step, place))
            last = place
    return found


class Row(NamedTuple):
    turn: str
    name: str
    cells: tuple[tuple[str, str], ...]
    """Pieces of the bar with their styles, from the left edge."""
    step: Step
    seconds: float


def make_rows(steps: Sequence[Step], start: float, end: float, width: int) -> list[Row]:
    """One line per step; `width` columns for the bars."""
    made: list[Row] = []
    turn = 0
    for bar in make_bars(steps, start, end)[0]:
        name = bar.step.name
        made.append(
            Row(
                turn=str(bar.step.turn) if bar.step.turn != turn else "",
                name=name if len(name) <= NAME else name[: NAME - 1] + "…",
                cells=_bar_cells(bar, width),
                step=bar.step,
                seconds=bar.seconds,
            )
        )
        turn = bar.step.turn
    return made


def _bar_cells(bar: Bar, width: int) -> tuple[tuple[str, str], ...]:
    left = min(int(bar.left * width), width - 1)
    right = max(left + 1, min(round(bar.right * width), width))
    began = min(max(int(bar.began * width), left), right - 1)
    first = min(max(int(bar.first * width), began), right - 1)
    style = step_style(bar.step)
    wait = bar.step.kind in WAITS
    columns = [(" ", "")] * left
    columns += [("╳", "bad") if bar.lost else ("░", "quiet")] * (began - left)
    columns += [("▓", style)] * (first - began)
    columns += [("▒" if wait else "█", style)] * (right - first)
    for begin, stop in bar.tries:
        at = min(int(begin * width), right - 1)
        for column in range(at, max(at + 1, min(round(stop * width), began))):
            columns[column] = ("×", "bad")
    return tuple(
        ("".join(text for text, _ in same), kind)
        for kind, same in groupby(columns, key=lambda each: each[1])
    )


def step_style(step: Step) -> str:
    return "quiet" if step.left else STYLES[step.kind] if step.ok else "bad"


def _merge_spans(spans: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    merged: list[tuple[float, float]] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged


def _subtract_spans(
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
