"""Align two sequences by content, in bounded time and memory. Pure."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from typing import NamedTuple

CELLS = 1_000_000
"""Size limit of the table for the longest common part: about 0.2 s, one byte per cell."""

LOOKS = 20
"""How often each item is searched for anchors, on average: some orders split off one at a time."""


class Match(NamedTuple):
    one: int
    other: int


class _Window(NamedTuple):
    """A part of both sequences not yet aligned."""

    start: Match
    end: Match


def align_items(
    one: Sequence[Hashable], other: Sequence[Hashable], cells: int = CELLS
) -> list[Match]:
    """Pair equal items, in the order of both sequences.

    Items that occur once on both sides are the anchors. Between them, the longest common part is
    found while `cells` last; then items at the same distance from an anchor are compared. Two
    equal runs of a thousand turns cost no more than two different ones.
    """
    found: list[Match] = []
    todo = [_Window(Match(0, 0), Match(len(one), len(other)))]
    looks = LOOKS * (len(one) + len(other))
    while todo:
        window, pairs = _trim_ends(one, other, todo.pop())
        found += pairs
        looks -= window.end.one - window.start.one + window.end.other - window.start.other
        anchors = _find_anchors(one, other, window) if looks > 0 else []
        if anchors:
            found += anchors
            todo += _windows_between(window, anchors)
            continue
        size = (window.end.one - window.start.one) * (window.end.other - window.start.other)
        if size <= cells:
            cells -= size
            found += _pair_longest(one, other, window)
        else:
            found += _pair_abreast(one, other, window)
    return sorted(found)


def _trim_ends(
    one: Sequence[Hashable], other: Sequence[Hashable], window: _Window
) -> tuple[_Window, list[Match]]:
    """Trim equal items from both ends: the rest of the window, and their pairs."""
    (left, right), (last, final) = window
    pairs: list[Match] = []
    while left < last and right < final and one[left] == other[right]:
        pairs.append(Match(left, right))
        left, right = left + 1, right + 1
    while left < last and right < final and one[last - 1] == other[final - 1]:
        last, final = last - 1, final - 1
        pairs.append(Match(last, final))
    return _Window(Match(left, right), Match(last, final)), pairs


def _find_anchors(
    one: Sequence[Hashable], other: Sequence[Hashable], window: _Window
) -> list[Match]:
    """Pair items that occur once on both sides, as many as are in the same order on both."""
    lines = one[window.start.one : window.end.one], other[window.start.other : window.end.other]
    counts = Counter(lines[0]), Counter(lines[1])
    places = {item: place for place, item in enumerate(lines[1], window.start.other)}
    pairs = [
        Match(place, places[item])
        for place, item in enumerate(lines[0], window.start.one)
        if counts[0][item] == 1 == counts[1][item]
    ]
    return _longest_rising(pairs)


def _longest_rising(pairs: Sequence[Match]) -> list[Match]:
    """The longest subsequence of `pairs` that rises on both sides (patience sorting)."""
    tops: list[int] = []
    piles: list[int] = []
    before: list[int | None] = []
    for number, pair in enumerate(pairs):
        at = bisect_left(tops, pair.other)
        before.append(piles[at - 1] if at else None)
        tops[at : at + 1] = [pair.other]
        piles[at : at + 1] = [number]
    chain: list[Match] = []
    at_last = piles[-1] if piles else None
    while at_last is not None:
        chain.append(pairs[at_last])
        at_last = before[at_last]
    return chain[::-1]


def _windows_between(window: _Window, anchors: Sequence[Match]) -> Iterator[_Window]:
    start = window.start
    for anchor in anchors:
        yield _Window(start, anchor)
        start = Match(anchor.one + 1, anchor.other + 1)
    yield _Window(start, window.end)


def _pair_longest(
    one: Sequence[Hashable], other: Sequence[Hashable], window: _Window
) -> Iterator[Match]:
    """Pair the longest common subsequence, by a table of steps with one byte per cell."""
    lines = one[window.start.one : window.end.one], other[window.start.other : window.end.other]
    width = len(lines[1])
    steps: list[bytes] = []
    lengths = [0] * (width + 1)
    for item in lines[0]:
        row, diagonal, left = bytearray(width), 0, 0
        for column, against in enumerate(lines[1]):
            above = lengths[column + 1]
            if item == against:
                here, row[column] = diagonal + 1, 2
            elif above >= left:
                here = above
            else:
                here, row[column] = left, 1
            diagonal, left = above, here
            lengths[column + 1] = here
        steps.append(bytes(row))
    row_at, column = len(steps), width
    while row_at and column:
        match steps[row_at - 1][column - 1]:
            case 2:
                row_at, column = row_at - 1, column - 1
                yield Match(window.start.one + row_at, window.start.other + column)
            case 1:
                column -= 1
            case _:
                row_at -= 1


def _pair_abreast(
    one: Sequence[Hashable], other: Sequence[Hashable], window: _Window
) -> Iterator[Match]:
    (left, right), (last, final) = window
    for at in range(min(last - left, final - right)):
        if one[left + at] == other[right + at]:
            yield Match(left + at, right + at)
