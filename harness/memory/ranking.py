"""Fuse what the words and the vectors found, with how recent and how used each memory is."""

from __future__ import annotations

from collections.abc import Sequence

from harness.memory.rows import Memory, Origin

CONSTANT = 60
"""Of reciprocal rank fusion."""
RECENT_SHARE, USED_SHARE = 0.2, 0.1
"""How much of a score recency and use can add."""
MUCH_USED = 10
CHARS_PER_TOKEN = 4
DAY_S = 86_400.0


def fuse_ranks(*lists: Sequence[int]) -> dict[int, float]:
    """Add up the reciprocal ranks of each item in several lists, the best first."""
    scores: dict[int, float] = {}
    for found in lists:
        for rank, item in enumerate(found, start=1):
            scores[item] = scores.get(item, 0.0) + 1.0 / (CONSTANT + rank)
    return scores


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
