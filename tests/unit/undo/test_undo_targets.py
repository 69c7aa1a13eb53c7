"""Which targets a dry run reports as changed: the rule about newer and older effects."""

from __future__ import annotations

from typing import Any

import pytest

from harness.agent import Target
from harness.undo.targets import MAX_STATE, MOST_TARGETS, Preview, read_targets


def one(now: Any, after: Any, before: Any, name: str = "a") -> list[Target]:
    return [Target(name=name, now=now, after=after, before=before)]


def test_compares_only_the_newest_effect_on_a_target_with_the_world() -> None:
    """Writes 1, 2, 3: while 3 stands, the world looks changed to the older ones."""
    preview = Preview()
    assert preview.judge("c3", one("3", "3", "2")) == (False, "as the call left it")
    assert preview.judge("c2", one("3", "2", "1")) == (False, "follows from the undo of c3")
    assert preview.judge("c1", one("3", "1", None)) == (False, "follows from the undo of c2")


def test_an_effect_that_has_changed_stays_for_the_older_ones() -> None:
    preview = Preview()
    assert preview.judge("c2", one("by hand", "2", "1")) == (
        True,
        "'a' was changed after the call.",
    )
    assert preview.judge("c1", one("by hand", "1", None)).changed is True


def test_finds_a_change_between_two_calls() -> None:
    preview = Preview()
    assert preview.judge("c2", one("2", "2", "by hand")).changed is False
    changed, why = preview.judge("c1", one("2", "1", None))
    assert changed is True
    assert why == "'a' was changed between this call and c2."


def test_a_target_that_is_back_already_has_not_changed() -> None:
    assert Preview().judge("c1", one("0", "1", "0")) == (False, "already as before the call")


@pytest.mark.parametrize(
    ("now", "after", "why"), [(None, "1", "'a' is gone."), ("1", None, "'a' exists again.")]
)
def test_says_what_happened_to_a_target(now: Any, after: Any, why: str) -> None:
    assert Preview().judge("c1", one(now, after, "0")) == (True, why)


def test_targets_of_one_call_must_all_be_in_the_same_state() -> None:
    """A move whose source is back although its target is there too."""
    moved = [*one("x", None, "x", "source"), *one("x", "x", None, "target")]
    assert Preview().judge("c1", moved).changed is True


def test_of_an_object_only_wanted_fields_count() -> None:
    world = {"digest": "d", "mode": 420}
    assert Preview().judge("c1", one(world, {"digest": "d"}, None)).changed is False
    assert Preview().judge("c1", one(world, {"digest": "d", "mode": 384}, None)).changed is True
    assert Preview().judge("c1", one({"digest": "d"}, world, None)).changed is True
    assert Preview().judge("c1", one(True, 1, None)).changed is True


def test_a_newer_effect_without_a_check_leaves_a_difference_open() -> None:
    """Its undo comes first, and may be what restores the target."""
    preview = Preview()
    assert preview.pass_unchecked("c2", "no check").changed is None
    changed, why = preview.judge("c1", one("2", "1", "0"))
    assert changed is None
    assert "c2" in why
    assert preview.judge("c0", one("b", "b", None, "b")).changed is False


class Liar(list[Target]):
    def __len__(self) -> int:
        return 1


@pytest.mark.parametrize(
    "found",
    [
        None, "a", [], [None], {"name": "a"}, object(),
        one("x", "x", None) * (MOST_TARGETS + 1),
        Liar(one("x", "x", None) * 10_000),
        one("x" * MAX_STATE, "x", None),
        one(object(), "x", None),
        one("x", "x", None, name=""),
        one("x", "x", None, name="n" * 301),
        [Target(name=1, now=1, after=1, before=1)],  # pyright: ignore[reportArgumentType]
    ],
)  # fmt: skip
def test_refuses_what_a_check_may_not_return(found: object) -> None:
    with pytest.raises(ValueError, match=r"return|name|state|serialize"):
        read_targets(found)


def test_a_hostile_name_is_one_line_of_a_reason() -> None:
    _, why = Preview().judge("c1", one("x", "y", None, name="a\n\x1b[2Jb"))
    assert "\n" not in why and "\x1b" not in why
