"""Fuse what the words and the vectors found, with how recent and how used each memory is."""

from __future__ import annotations

from collections.abc import Sequence

from harness.memory.rows import Memory, Origin

WORDS_SHARE = 0.5
"""How much of the relevance the words decide, if there are vectors. Tuned on five of LoCoMo's
conversations, see `bench/recall.py`. Adding up reciprocal ranks found less than the words alone:
the 50th of both lists came before the first of one."""
RECENT_SHARE, USED_SHARE = 0.2, 0.1
"""How much of a score recency and use can add."""
MUCH_USED = 10
CHARS_PER_TOKEN = 4
DAY_S = 86_400.0


def fuse_scores(words: float, similarity: float | None) -> float:
    """Relevance between 0 and 1.

    Args:
        words: The share of the query's weight that the memory's words have.
        similarity: Of the vectors; None if there are none.
    """
    if similarity is None:
        return words
    return WORDS_SHARE * words + (1.0 - WORDS_SHARE) * max(0.0, similarity)


def weigh_memory(
    score: float, origin: Origin, used: int, now: float, half_life_days: float
) -> float:
    """The final score: relevance first, then recency and use."""
    age = max(0.0, now - (origin.valid_from or origin.made)) / DAY_S
    recent = 0.5 ** (age / half_life_days)
    often = min(used, MUCH_USED) / MUCH_USED
    return score * (1.0 + RECENT_SHARE * recent + USED_SHARE * often)


def fit_tokens(memories: Sequence[Memory], tokens: int) -> list[Memory]:
    """The first ones that fit into so many tokens together, by the length of their text."""
    kept: list[Memory] = []
    for each in memories:
        tokens -= (len(each.text.encode()) + 40) // CHARS_PER_TOKEN
        if tokens < 0:
            break
        kept.append(each)
    return kept
