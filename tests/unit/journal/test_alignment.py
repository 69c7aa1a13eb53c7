"""The alignment of two sequences: which pairs it finds, and where its limits begin."""

from __future__ import annotations

from itertools import combinations, permutations

import pytest

from harness.contracts import event as e
from harness.journal import alignment, diff
from harness.journal.alignment import align_items
from harness.journal.diff import compare_runs
from tests.unit.stories import Story

CROSSED = "aabb", "bbaa"
"""No equal ends and no anchors: the table pairs two of them, side by side none are equal."""


def test_anchors_keep_the_longest_part_in_order() -> None:
    """All orders of five items, against every subset."""
    for order in permutations(range(5)):
        longest = max(
            size
            for size in range(1, 6)
            for part in combinations(order, size)
            if list(part) == sorted(part)
        )
        assert len(align_items(range(5), order)) == longest


@pytest.mark.parametrize(("cells", "found"), [(15, []), (16, [(0, 2), (1, 3)])])
def test_the_table_is_bounded(cells: int, found: list[tuple[int, int]]) -> None:
    assert align_items(*CROSSED, cells) == found


def test_all_windows_share_the_cells() -> None:
    one, other = (f"{side}x{side}" for side in CROSSED)
    both = [(0, 2), (1, 3), (4, 4), (5, 7), (6, 8)]
    assert align_items(one, other, 32) == both
    assert align_items(one, other, 31) == both[2:]


def test_beyond_the_cells_items_at_one_distance_are_compared() -> None:
    assert align_items("zaabb", "zbabab", 0) == [(0, 0), (2, 2), (3, 3), (4, 5)]
    assert align_items("zbabab", "zaabb", 0) == [(0, 0), (2, 2), (3, 3), (5, 4)]


@pytest.mark.parametrize(("looks", "found"), [(1, 0), (2, 1)])
def test_the_search_for_anchors_is_bounded(
    monkeypatch: pytest.MonkeyPatch, looks: int, found: int
) -> None:
    monkeypatch.setattr(alignment, "LOOKS", looks)
    assert len(align_items("ab", "ba", 0)) == found


def test_equal_ends_are_not_searched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alignment, "LOOKS", 1)
    assert len(align_items("zzab", "zzba", 0)) == 3
    assert len(align_items("abzz", "bazz", 0)) == 3


@pytest.mark.parametrize(("cells", "counterparts"), [(15, 0), (16, 2)])
def test_what_differs_has_a_table_of_its_own(
    monkeypatch: pytest.MonkeyPatch, cells: int, counterparts: int
) -> None:
    monkeypatch.setattr(diff, "KIND_CELLS", cells)

    def make(name: str, *kinds: str) -> list[e.DurableEvent]:
        story = Story(name)
        for number, kind in enumerate(kinds):
            if kind == "a":
                story.add(e.HintReceived, text=f"{name} {number}", interrupt=False)
            else:
                story.add(e.BudgetReached, budget=f"{name} {number}")
        return story.events

    rows = compare_runs(make("r", *CROSSED[0]), make("s", *CROSSED[1])).rows
    assert sum(bool(row.one and row.other) for row in rows) == counterparts
