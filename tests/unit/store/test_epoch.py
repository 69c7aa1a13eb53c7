"""Which of the three records of a store counts as restored to an earlier state."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest

from harness.engine.epoch import read_memo
from harness.store.epoch import Branch, Doubt, Doubts, Outside, Seen, compare_records, started_at

OLD, NOW, LATER = "old", "now", "later"


def branch(
    id: str = NOW, *, number: int = 0, generation: int = 5, confirmed: int = 5,
    doubts: Doubt | None = None, since: float = 0.0,
) -> Branch:  # fmt: skip
    return Branch(number, id, generation, confirmed, 0, doubts, since, 0.0, True)


FORMER = (branch(OLD, generation=9, confirmed=9), branch(number=1))


@pytest.mark.parametrize(
    ("branches", "engine", "outside", "lost", "doubts"),
    [
        pytest.param((branch(),), Seen(NOW, 5), Seen(NOW, 5), False, None, id="all agree"),
        pytest.param((branch(),), Seen(NOW, 5), None, False, None, id="another machine"),
        pytest.param((branch(),), Seen(NOW, 5), Seen(NOW, 3), False, None, id="others served it"),
        pytest.param(
            (branch(generation=6),), Seen(NOW, 5), Seen(NOW, 5), False, None,
            id="killed before the engine was told",
        ),
        pytest.param(
            (branch(generation=6),), Seen(NOW, 6), Seen(NOW, 5), False, None,
            id="killed before it was confirmed",
        ),
        pytest.param(
            (branch(generation=1, confirmed=0),), None, None, False, None,
            id="killed before the first engine record",
        ),
        pytest.param(
            (branch(generation=0, confirmed=0),), None, None, False, None, id="the first start"
        ),
        pytest.param(
            (FORMER[0], branch(number=1, generation=0, confirmed=0)), Seen(OLD, 9), Seen(OLD, 9),
            False, None, id="killed right after a branch began",
        ),
        pytest.param(
            (branch(),), Seen(NOW, 5), Seen(NOW, 7), False, "database", id="all put back together"
        ),
        pytest.param(
            (branch(),), Seen(NOW, 7), None, False, "database", id="the database put back"
        ),
        pytest.param(
            (branch(),), Seen(NOW, 5), Seen(NOW, 5), True, "database",
            id="put back by less than a generation",
        ),
        pytest.param(
            (branch(),), Seen(NOW, 5), Seen(LATER, 1), False, "database",
            id="the same copy put back a second time",
        ),
        pytest.param(
            (branch(),), Seen(LATER, 1), None, False, "database", id="they do not belong together"
        ),
        pytest.param((branch(),), Seen(NOW, 3), None, False, "engine", id="the engine put back"),
        pytest.param((branch(),), None, None, False, "database", id="an engine without a record"),
        pytest.param(
            (branch(generation=7),), Seen(NOW, 5), Seen(NOW, 6), False, "engine",
            id="the engine put back, and a step that was cut off",
        ),
        pytest.param(
            FORMER, Seen(OLD, 9), None, False, "engine", id="the engine is of a former branch"
        ),
    ],
)  # fmt: skip
def test_which_part_was_restored(
    branches: tuple[Branch, ...], engine: Seen | None, outside: Seen | None, lost: bool,
    doubts: Doubt | None,
) -> None:  # fmt: skip
    verdict = compare_records(branches, engine, outside, lost=lost)
    assert (verdict and verdict.doubts) == doubts


def run_id(seconds: float) -> str:
    """As the engine makes them: version 7."""
    return str(uuid.UUID(int=(int(seconds * 1000) << 80) | (7 << 76) | (2 << 62)))


def test_only_runs_that_were_there_are_doubted() -> None:
    doubts = Doubts((
        branch(OLD), branch(number=1, doubts="database", since=100.0),
        branch(LATER, number=2, doubts="engine", since=200.0),
    ))  # fmt: skip
    assert started_at(run_id(99.5)) == 99.5
    assert doubts.doubt_of(run_id(99.0)) == "database"
    assert doubts.doubt_of(run_id(150.0)) == "engine"
    assert doubts.doubt_of(run_id(201.0)) is None
    assert doubts.doubt_of(str(uuid.uuid4())) == "database"  # it does not say when it began
    assert Doubts((branch(),)).doubt_of(run_id(1.0)) is None
    assert Doubts().doubt_of("any") is None


def test_the_newest_write_is_remembered_by_branch(tmp_path: Path) -> None:
    mine, other = Outside(tmp_path / "store"), Outside(tmp_path / "store")
    assert (mine.read_seen(), mine.read_mark()) == (None, None)
    mine.write_seen(Seen(NOW, 1))
    mine.mark("long" * 30, 8)
    other.mark("b", 9)
    mine.mark("late", 7)  # of another worker, which was slower
    assert mine.read_mark() == ("b", 9)
    assert (tmp_path / "store" / "mark").stat().st_mode & 0o077 == 0
    mine.write_seen(Seen(NOW, 2))
    assert (mine.read_seen(), mine.read_mark()) == (Seen(NOW, 2), ("b", 9))
    mine.write_seen(Seen(LATER, 1))
    assert mine.read_mark() is None
    mine.close()
    other.close()


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"branch": 1}', b"\xff"])
def test_a_damaged_record_is_ignored(tmp_path: Path, content: bytes) -> None:
    outside = Outside(tmp_path)
    (tmp_path / "seen").write_bytes(content)
    (tmp_path / "mark").write_bytes(content)
    assert (outside.read_seen(), outside.read_mark()) == (None, None)
    outside.mark("a", 1)
    assert outside.read_mark() == ("a", 1)
    outside.close()


@pytest.mark.parametrize(
    "data", [b"", b'"now/"', b'"now/x"', b'"now/\xff"', b'"\xff/1"', b'"now/' + b"9" * 5_000]
)
def test_an_unreadable_record_in_temporal_is_ignored(data: bytes) -> None:
    assert read_memo(data) is None
    assert read_memo(b'"now/5"') == Seen(NOW, 5)


def test_a_long_mark_is_replaced_by_a_short_one(tmp_path: Path) -> None:
    outside = Outside(tmp_path)
    for seq, key in enumerate(("a" * 2_000, "b", "c" * 600, "d"), 1):
        outside.mark(key, seq)
        outside.mark("older", seq - 1)
        assert outside.read_mark() == (key, seq)
    outside.close()
