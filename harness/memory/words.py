"""The words by which memories are found: lower case, without endings, without the most common ones.

Made here rather than by Postgres, because the index holds keyed digests of words: the database
learns no word of an encrypted memory, and an owner's words match no other owner's.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence

MOST_WORDS = 400
MOST_TERMS = 12
"""Words of a query that are looked up: the rarest."""
COMMON = 600
"""Entries that the looked-up words may match together; of more, only so many are ranked."""
LONG = 40
"""Different words of a long memory. Of longer ones, each word counts less: otherwise one stuffed
with words would be found by every query."""

_WORD = re.compile(r"[^\W_]+")
_ENDINGS = ("ingly", "edly", "ing", "ed", "es", "ly", "s", "e")
_COMMON_WORDS = """
a about after all also am an and any are as at be been before being but by can could did do
does doing for from had has have having he her here hers him his how i if in into is it its just
let may me might mine more most my no nor not now of off on once only or other our ours out over
own re s same shall she should so some such t than that the their theirs them then there these they
this those through to too under until up us very was we were what when where which while who whom
whose why will with would you your yours
"""
_STOP = frozenset(_COMMON_WORDS.split())


def split_words(text: str) -> list[str]:
    """The different words of a text, in their order."""
    found = (stem_word(each) for each in _WORD.findall(text.casefold()) if each not in _STOP)
    return list(dict.fromkeys(found))[:MOST_WORDS]


def stem_word(word: str) -> str:
    """Remove a common English ending, so that `paint`, `paints` and `painting` match."""
    for ending in _ENDINGS:
        rest = word.removesuffix(ending)
        if rest != word and len(rest) >= 3 and not (ending == "s" and rest[-1] == "s"):
            doubled = len(rest) > 3 and rest[-1] == rest[-2] and rest[-1] not in "ls"
            word = rest[:-1] if doubled else rest
            break
    return f"{word[:-1]}i" if len(word) > 3 and word[-1] == "y" else word


def weigh_terms(terms: Sequence[str], counts: Mapping[str, int], total: int) -> dict[str, float]:
    """How much each word of a query tells, the rarest first: a rare one tells more."""
    known = sorted((each for each in terms if counts.get(each)), key=lambda each: counts[each])
    return {
        each: math.log(1 + (max(total, counts[each]) - counts[each] + 0.5) / (counts[each] + 0.5))
        for each in known[:MOST_TERMS]
    }


def choose_terms(weights: Mapping[str, float], counts: Mapping[str, int]) -> list[str]:
    """Choose the words that entries are looked up by: the rarest, at least one, as long as they do
    not match too many."""
    chosen: list[str] = []
    matched = 0
    for term in weights:
        matched += counts[term]
        if chosen and matched > COMMON:
            break
        chosen.append(term)
    return chosen
