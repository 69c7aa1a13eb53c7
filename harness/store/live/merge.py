"""Turn rows of live output into events: no duplicates, no attempts mixed. Pure."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from harness.contracts.event import OutputDelta, OutputGap, OutputReset, ToolProgress

Live = OutputDelta | OutputReset | OutputGap | ToolProgress

MARKER = -1
"""Position of the empty row that marks the beginning of a new attempt."""


class OutputRow(NamedTuple):
    scheduled: int
    turn: int
    call: int
    attempt: int
    pos: int
    text: str
    at: float

    @property
    def stream(self) -> tuple[int, int, int, int]:
        return self.scheduled, self.turn, self.call, self.attempt


class ProgressRow(NamedTuple):
    turn: int
    call_id: str
    n: int
    text: str
    at: float


class LiveMerger:
    """The position of one reader: rows it is fed may overlap with earlier ones."""

    def __init__(self, run: str, trace: str) -> None:
        self._run = run
        self._trace = trace
        self._stream = (0, 0, 0, 0)
        self._end = 0
        self._lanes: dict[tuple[int, str], int] = {}

    def feed(self, output: Iterable[OutputRow], progress: Iterable[ProgressRow]) -> list[Live]:
        """Return the events that are new, in order."""
        both: list[Iterator[Live]] = [self._merge_output(output), self._merge_progress(progress)]
        return list(heapq.merge(*both, key=lambda event: event.at))

    def _merge_output(self, rows: Iterable[OutputRow]) -> Iterator[Live]:
        ordered = sorted(rows)
        newest = {row.stream[:3]: row.attempt for row in ordered}
        piece: list[str] = []
        start, at = 0, 0.0
        for row in ordered:
            if row.stream < self._stream or row.attempt < newest[row.stream[:3]]:
                continue
            begins = row.stream > self._stream
            if (begins or row.pos > self._end) and piece:
                yield self._make_delta(start, piece, at)
                piece = []
            if begins:
                self._stream, self._end = row.stream, 0
                if row.attempt > 1:
                    yield OutputReset(**self._common_fields(row.at))
            if row.pos > self._end:
                yield OutputGap(offset=row.pos, **self._common_fields(row.at))
                self._end = row.pos
            text = row.text[self._end - row.pos :] if row.pos >= 0 else ""
            if text:
                if not piece:
                    start = self._end
                piece.append(text)
                self._end += len(text)
                at = row.at
        if piece:
            yield self._make_delta(start, piece, at)

    def _make_delta(self, start: int, piece: list[str], at: float) -> OutputDelta:
        return OutputDelta(offset=start, text="".join(piece), **self._common_fields(at))

    def _common_fields(self, at: float) -> dict[str, Any]:
        _, turn, call, attempt = self._stream
        return {
            "run": self._run, "at": at, "trace": self._trace,
            "turn": turn, "call": call, "attempt": attempt,
        }  # fmt: skip

    def _merge_progress(self, rows: Iterable[ProgressRow]) -> Iterator[ToolProgress]:
        for row in sorted(rows, key=lambda row: row.n):
            lane = (row.turn, row.call_id)
            if row.n <= self._lanes.get(lane, -1):
                continue
            self._lanes[lane] = row.n
            yield ToolProgress(
                run=self._run,
                at=row.at,
                trace=self._trace,
                turn=row.turn,
                call_id=row.call_id,
                text=row.text,
            )
