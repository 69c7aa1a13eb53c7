"""Merges sources of acts, newest first, and reads no more of them than a page needs."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass
from typing import NamedTuple

from harness.activity.views import Act

MOST_ITEMS = 500
"""How many items one request loads."""
BATCH = 16
"""How many it loads at the same time."""


@dataclass(frozen=True)
class Item:
    """Something that has acts, such as a run."""

    latest: float
    """None of its acts is later."""
    load: Callable[[], Awaitable[Sequence[Act]]]


Source = AsyncGenerator[Item]
"""Items, those with the latest acts first."""


class Place(NamedTuple):
    """A place in the log: what is before it comes later in the order."""

    at: float
    id: str


TOP = Place(math.inf, "")
LAST_ID = "\U0010ffff"
"""Comes after every id."""


class Merged(NamedTuple):
    """A page."""

    acts: list[Act]
    next: Place | None
    incomplete: bool


async def merge_acts(
    sources: Sequence[Source],
    keep: Callable[[Act], bool],
    *,
    limit: int,
    place: Place = TOP,
    since: float = -math.inf,
) -> Merged:
    """The acts after a place that are to be kept.

    Args:
        sources: Where acts come from. They may leave out items without an act after the place.
        keep: Whether an act is wanted.
        limit: How many to return at most.
        place: Where the page begins.
        since: Acts before this time are not wanted.
    """
    found = dict[str, Act]()

    def add(act: Act) -> None:
        if since <= act.at.timestamp() and act.place < place and keep(act):
            found[act.id] = act

    async with AsyncExitStack() as stack:
        heads = _Heads([await stack.enter_async_context(aclosing(each)) for each in sources])
        await heads.open()
        loaded = 0
        while True:
            bound = min(heads.latest, place.at)
            if heads.empty or bound < since:
                return _cut_page(found, limit, None)
            if sum(act.at.timestamp() > bound for act in found.values()) > limit:
                return _cut_page(found, limit, bound)
            if loaded >= MOST_ITEMS:
                crowded = bound >= place.at  # nothing is certain: other items may have newer acts
                return _cut_page(found, limit, bound, crowded=crowded)
            batch = [each for _ in range(BATCH) if (each := await heads.take()) is not None]
            loaded += len(batch)
            for acts in await asyncio.gather(*(each.load() for each in batch)):
                for act in acts:
                    add(act)


def _cut_page(
    found: dict[str, Act], limit: int, bound: float | None, *, crowded: bool = False
) -> Merged:
    """The page of what was found. `bound`: unread items have acts up to this time."""
    certain = -math.inf if bound is None or crowded else bound
    acts = sorted(
        (act for act in found.values() if act.at.timestamp() > certain),
        key=lambda act: act.place,
        reverse=True,
    )
    page = acts[:limit]
    if len(acts) > limit or (crowded and page):
        return Merged(page, Place(*page[-1].place), crowded)
    if bound is None or crowded:
        return Merged(page, None, crowded)
    return Merged(page, Place(bound, LAST_ID), incomplete=False)


class _Heads:
    """The next item of each source."""

    def __init__(self, sources: Sequence[Source]) -> None:
        self._sources = sources
        self._heads = list[Item | None]()

    async def open(self) -> None:
        self._heads = list(await asyncio.gather(*(anext(each, None) for each in self._sources)))

    @property
    def empty(self) -> bool:
        return all(each is None for each in self._heads)

    @property
    def latest(self) -> float:
        """No act of what is left is later."""
        return max((each.latest for each in self._heads if each is not None), default=-math.inf)

    async def take(self) -> Item | None:
        """The item with the latest acts."""
        if self.empty:
            return None
        place = max(
            range(len(self._heads)),
            key=lambda at: head.latest if (head := self._heads[at]) is not None else -math.inf,
        )
        taken = self._heads[place]
        self._heads[place] = await anext(self._sources[place], None)
        return taken
