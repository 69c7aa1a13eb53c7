"""Finds the first step in which today's code differs from history. Pure."""

from __future__ import annotations

import difflib
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, cast

from harness.replay.step import Step

WIDTH = 200
AROUND = 2
"""Lines shown on either side of those that differ."""


EPOCH = 1e9
"""Floats above are seconds since 1970."""
CLOCK_S = 1.0


@dataclass(frozen=True)
class Difference:
    """The first step that differs; a side that lacks the step is None."""

    recorded: Step | None
    today: Step | None

    @property
    def entry(self) -> int | None:
        """The entry of history that differs; None where history has no such step."""
        return self.recorded.entry if self.recorded else None

    @property
    def text(self) -> str:
        """Both sides as a readable diff."""
        if self.recorded is None:
            return f"not in history; today's code adds {_format_step(self.today)}"
        where = f"history entry {self.entry} ({self.recorded.lane})"
        if self.today is None:
            return f"{where}: missing in today's code: {_format_step(self.recorded)}"
        if self.today.lane != self.recorded.lane:
            return (
                f"{where}: recorded {_format_step(self.recorded)}\n"
                f"today's code has {self.today.lane}: {_format_step(self.today)}"
            )
        lines = difflib.unified_diff(
            _format_content(self.recorded.content),
            _format_content(self.today.content),
            "recorded",
            "today",
            n=AROUND,
            lineterm="",
        )
        shown = [line for line in lines if not line.startswith("@@")]
        return "\n".join([f"{where}: its content differs", *map(_cut_line, shown)])


def find_difference(
    recorded: Sequence[Step], today: Sequence[Step], *, closed: bool
) -> Difference | None:
    """Find the first difference in the order of history. For an open run, today's code may be ahead
    of history."""
    found: list[tuple[float, Difference]] = []
    lanes, now = _group_by_lane(recorded), _group_by_lane(today)
    for lane in lanes | now:
        for was, asks in zip_longest(lanes.get(lane, []), now.get(lane, [])):
            if was is None and not closed:
                break
            if was is None or asks is None or not is_same(was.content, asks.content):
                place = float("inf") if was is None or was.entry is None else was.entry
                found.append((place, Difference(was, asks)))
                break
    if not found:
        return None
    difference = min(found, key=lambda pair: pair[0])[1]
    if difference.today is None:
        return Difference(difference.recorded, _find_unrecorded(recorded, today))
    return difference


def is_same(was: Any, now: Any) -> bool:
    """Compare values, allowing for the clock: in a task that ran a local activity, replay reads a
    time that is some milliseconds off."""
    if isinstance(was, Mapping) and isinstance(now, Mapping):
        one, other = cast("Mapping[str, Any]", was), cast("Mapping[str, Any]", now)
        return one.keys() == other.keys() and all(is_same(one[key], other[key]) for key in one)
    if isinstance(was, list) and isinstance(now, list):
        first, second = cast("list[Any]", was), cast("list[Any]", now)
        return len(first) == len(second) and all(map(is_same, first, second))
    if isinstance(was, float) and isinstance(now, float) and min(was, now) > EPOCH:
        return was == now or abs(was - now) < CLOCK_S
    return bool(was == now)


def _find_unrecorded(recorded: Sequence[Step], today: Sequence[Step]) -> Step | None:
    """Find the first step of today's code that history does not have."""
    counts = {lane: len(steps) for lane, steps in _group_by_lane(recorded).items()}
    for step in today:
        counts[step.lane] = counts.get(step.lane, 0) - 1
        if counts[step.lane] < 0:
            return step
    return None


def _group_by_lane(steps: Sequence[Step]) -> dict[str, list[Step]]:
    lanes: dict[str, list[Step]] = defaultdict(list)
    for step in steps:
        lanes[step.lane].append(step)
    return dict(lanes)


def _format_content(content: Any) -> list[str]:
    return json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False).splitlines()


def _format_step(step: Step | None) -> str:
    return _cut_line(json.dumps(step.content, ensure_ascii=False)) if step else "nothing"


def _cut_line(text: str) -> str:
    return text if len(text) <= WIDTH else text[: WIDTH - 1] + "…"
