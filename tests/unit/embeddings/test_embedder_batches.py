"""How texts are cut into batches before anything embeds them."""

from __future__ import annotations

import pytest

from harness.embeddings.embedder import MAX_CHARACTERS, MAX_TEXTS, split_batches


def test_batches_are_bounded_in_texts_and_characters() -> None:
    texts = ["a" * 10, "b" * 10, "c" * 30, "d", "e", "f"]
    batches = list(split_batches(texts, 3, 30))
    assert batches == [["a" * 10, "b" * 10], ["c" * 30], ["d", "e", "f"]]


def test_long_texts_are_cut_and_empty_ones_become_a_space() -> None:
    ((long, empty, blank),) = split_batches(["x" * (MAX_CHARACTERS + 1), "", "\n "], 10, 10**6)
    assert (len(long), empty, blank) == (MAX_CHARACTERS, " ", " ")


def test_lone_surrogates_are_replaced() -> None:
    (batch,) = split_batches(["a\ud800b"], 1, 10)
    assert batch == ["a?b"]


def test_too_many_texts_are_refused() -> None:
    with pytest.raises(ValueError, match="10001 texts"):
        list(split_batches(["a"] * (MAX_TEXTS + 1), 10, 10))


def test_nothing_makes_no_batch() -> None:
    assert list(split_batches([], 10, 10)) == []
