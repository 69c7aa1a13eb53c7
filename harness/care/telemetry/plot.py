"""Draw a curve with characters, for terminals and for models."""

from __future__ import annotations

import math
from collections.abc import Sequence
from time import localtime, strftime

from harness.care.telemetry.series import Point

BLANK = 0x2800
DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
"""The dots of a braille character, from the top; left and right."""
BARS = "▁▂▃▄▅▆▇█"
MARKS, MORE = "123456789abcdefghijklmnopqrstuvwxyz", "*"


def draw_plot(
    points: Sequence[Point], *, width: int = 60, height: int = 8, marks: Sequence[float] = ()
) -> list[str]:
    """Draw a curve with its scale: a line of text for each row, and one for the times. `marks`:
    moments, numbered in a row of their own."""
    finite = [each for each in points if math.isfinite(each.value)]
    if not finite:
        return ["no data"]
    low, high = _find_scale([each.value for each in finite])
    start, end = points[0].at, points[-1].at
    cells = [[0] * width for _ in range(height)]
    for at, value in finite:
        x = round((at - start) / (end - start) * (2 * width - 1)) if end > start else 0
        y = round((1 - _place(value, low, high)) * (4 * height - 1))
        cells[y // 4][x // 2] |= DOTS[y % 4][x % 2]
    labels = [format_value(high), *[""] * (height - 2), format_value(low)]
    margin = max(map(len, labels))
    rows = [
        f"{label:>{margin}} ┤{''.join(chr(BLANK + cell) if cell else ' ' for cell in row)}".rstrip()
        for label, row in zip(labels, cells, strict=True)
    ]
    first, last = (strftime("%H:%M:%S", localtime(at)) for at in (start, end))
    rows.append(f"{'':>{margin}} └{first}{last:>{max(1, width - len(first))}}")
    row = _draw_marks(marks, start, end, width)
    return [*rows, f"{'':>{margin}}  {row}"] if row else rows


def name_mark(place: int) -> str:
    """The character of a mark: 1 to 9, then a to z."""
    return MARKS[place] if place < len(MARKS) else MORE


def _draw_marks(marks: Sequence[float], start: float, end: float, width: int) -> str:
    cells = [" "] * width
    for place, at in enumerate(marks):
        if start <= at <= end and end > start:
            x = min(width - 1, int((at - start) / (end - start) * width))
            cells[x] = name_mark(place) if cells[x] == " " else MORE
    return "".join(cells).rstrip()


def draw_sparkline(values: Sequence[float], *, width: int = 24) -> str:
    """Draw the newest values in one line; gaps are spaces."""
    shown = values[-width:]
    finite = [value for value in shown if math.isfinite(value)]
    if not finite:
        return ""
    low, high = _find_scale(finite)
    return "".join(
        BARS[round(_place(value, low, high) * (len(BARS) - 1))] if math.isfinite(value) else " "
        for value in shown
    )


def format_value(value: float) -> str:
    """Write a value short: 0.0123, 12.3, 1.23k, 45.6M."""
    if not math.isfinite(value):
        return str(value)
    size = abs(value)
    for limit, letter in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if size >= limit * 0.9995:  # what three digits round up
            return f"{value / limit:.3g}{letter}"
    return f"{value:.3g}"


def _find_scale(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    if high > low:
        return low, high
    return (low - abs(low) / 2, high + abs(high) / 2) if low else (0.0, 1.0)


def _place(value: float, low: float, high: float) -> float:
    """Where a value lies between two others: from 0 to 1."""
    # Halves, because the difference of the largest numbers is infinite; of the smallest, it is 0.
    span = high / 2 - low / 2
    return (value / 2 - low / 2) / span if 0 < span < math.inf else 0.5
