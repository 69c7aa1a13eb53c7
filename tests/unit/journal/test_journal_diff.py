"""Comparing two runs: aligned by what happened, in bounded time and memory."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.contracts.message import ToolCall, user_message
from harness.contracts.run import Parent
from harness.journal.alignment import align_items
from harness.journal.diff import compare_runs
from tests.unit.stories import FOUND, LOOK, Story

ITEMS = st.lists(st.sampled_from("abcd"), max_size=12)


def story(*answers: str) -> Story:
    """A run that looks once per turn, with the results."""
    made = Story().ask(1, user_message("go"))
    for turn, found in enumerate(answers, 1):
        made.reply(turn, f"I look for {found}.", LOOK).result(turn, f"c{turn}", found)
        made.ask(turn + 1, user_message(f"found {found}"))
    return made.reply(len(answers) + 1, "done")


def test_equal_runs_do_not_diverge() -> None:
    parting = compare_runs(story("rain").events, story("rain").events)
    assert (parting.same, parting.turn, parting.rows) == (5, 0, ())
    assert [side.events for side in parting.sides] == [(), ()]


def test_a_fork_diverges_at_its_first_own_turn() -> None:
    parent = Story().ask(1, user_message("go")).reply(1, "", LOOK).result(1, "c1", "rain")
    parent.ask(2, FOUND, head="h1").reply(2, "It rains.")
    forked = Story("f", parent=Parent(run="r", turn=1)).ask(2, FOUND, head="h1").reply(2, "Dry.")
    parting = compare_runs(parent.events, forked.events)
    assert (parting.turn, parting.same) == (2, 1)
    assert [side.kept for side in parting.sides] == [0, 1]
    assert [len(side.events) for side in parting.sides] == [1, 1]


def test_after_an_additional_turn_later_turns_still_match() -> None:
    one = story("rain", "wind", "snow")
    other = story("rain", "hail", "wind", "snow")
    parting = compare_runs(one.events, other.events)
    news = [row for row in parting.rows if not row.same]
    assert [(row.one, getattr(row.other, "turn", None)) for row in news] == [(None, 2)] * 2 + [
        (None, 3)
    ]
    assert parting.turn == 2
    assert parting.same == len(one.events) - 1  # all but the start, which is not compared
    assert [row.same for row in parting.rows[-6:]] == [True] * 6


def test_changes_are_paired() -> None:
    parting = compare_runs(story("rain", "wind").events, story("rain", "hail").events)
    changed = [row for row in parting.rows if not row.same]
    assert all(row.one and row.other and row.one.type == row.other.type for row in changed)
    assert [row.one.type for row in changed if row.one] == [
        "model_replied", "tool_call_finished", "model_called",
    ]  # fmt: skip


def test_calls_of_different_tools_are_not_counterparts() -> None:
    sent = ToolCall(id="c1", name="send", arguments={})
    one = Story().ask(1, user_message("go")).reply(1, "", LOOK).result(1, "c1", "rain")
    other = Story().ask(1, user_message("go")).reply(1, "", sent)
    finished = one.events[-1].model_copy(update={"name": "send", "content": "sent"})
    rows = compare_runs(one.events, [*other.events, finished]).rows
    assert [(bool(row.one), bool(row.other)) for row in rows[1:]] == [(True, False), (False, True)]


@given(ITEMS, ITEMS, st.sampled_from([0, 5, 1000]))
def test_pairs_are_equal_and_in_order(one: list[str], other: list[str], cells: int) -> None:
    pairs = align_items(one, other, cells)
    assert all(one[pair.one] == other[pair.other] for pair in pairs)
    for side in zip(*pairs, strict=True):
        assert list(side) == sorted(set(side))


@pytest.mark.parametrize(
    ("one", "other", "common"),
    [
        ("aabb", "abab", 3),
        ("abab", "baba", 3),
        ("aaa", "aa", 2),
        ("abcabc", "bcbcaa", 4),
        ("aab", "bbaa", 2),
    ],
)
def test_without_anchors_the_longest_common_part_is_found(
    one: str, other: str, common: int
) -> None:
    assert len(align_items(one, other)) == common


SIZE = 4_000


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ([1] * SIZE, [1] * (SIZE - 7)),
        ([0, 1] * SIZE, [1, 0] * SIZE),
        (list(range(SIZE)), list(range(SIZE))[::-1]),
        ([n % 7 for n in range(SIZE)], [n % 5 for n in range(SIZE)]),
        ([n // 2 for n in range(SIZE)], [n // 2 for n in range(SIZE)][::-1]),
    ],
    ids=["one item", "shifted", "reversed", "few items", "pairs"],
)
def test_the_work_is_bounded_for_every_order(one: list[int], other: list[int]) -> None:
    """The layer's CPU budget bounds it: a table of all pairs would take a hundred times as much."""
    assert all(one[pair.one] == other[pair.other] for pair in align_items(one, other, cells=10_000))
