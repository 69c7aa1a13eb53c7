"""Find the conversation that a person means by its id, its title, or how one of them begins."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from harness.contracts.clean_text import clean_line
from harness.contracts.errors import ConversationNotFound, InvalidValue
from harness.conversations.contracts import MAX_ID
from harness.conversations.list_query import Filter
from harness.terminal.view.text import format_age

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.conversations.client import ListedCard
    from harness.conversations.contracts import Card
    from harness.terminal.backend import Backend

PAGE = 500
MOST = 5_000
"""The newest conversations that are searched for a title."""
SHOWN = 10


async def find_conversation(backend: Backend, name: str, besides: Card | None = None) -> Card:
    """The conversation with this id or title, or the only one whose id or title begins so.
    `besides`: one that is not meant.

    Raises:
        ConversationNotFound: There is none.
        InvalidValue: There are several.
    """
    if 0 < len(name) <= MAX_ID and name.isprintable():
        try:
            return (await backend.conversations.read(name)).card
        except ConversationNotFound:
            pass
    listed = await list_newest(backend, MOST)
    if besides is not None:
        listed = [each for each in listed if each.card.id != besides.id]
    found = match_name(listed, name)
    if not found:
        raise ConversationNotFound(
            f"No conversation matches {clean_line(name[:100])!r}.",
            fix="List them: harness conversation list. To start one with this title: "
            "harness chat --title TITLE",
        )
    if len(found) > 1:
        lines = "".join(f"\n  {describe_listed(each)}" for each in found[:SHOWN])
        more = f"\n  and {len(found) - SHOWN:,} more" if len(found) > SHOWN else ""
        raise InvalidValue(
            f"{len(found):,} conversations match {clean_line(name[:100])!r}:{lines}{more}",
            fix="Name one by its id.",
        )
    return found[0].card


async def find_newest(backend: Backend, agent: str | None) -> Card:
    """The conversation that was active last.

    Raises:
        ConversationNotFound: There is none.
    """
    page = await backend.conversations.list(Filter(agent=agent), limit=1)
    if not page.conversations:
        raise ConversationNotFound("There is no conversation yet.", fix="Start one: harness chat")
    return page.conversations[0].card


async def list_newest(backend: Backend, most: int) -> list[ListedCard]:
    """The conversations that were active last, newest first."""
    found, after = list["ListedCard"](), None
    while len(found) < most:
        page = await backend.conversations.list(limit=min(PAGE, most), after=after)
        found += page.conversations
        after = page.next
        if after is None:
            break
    return found[:most]


def match_name(listed: Sequence[ListedCard], name: str) -> list[ListedCard]:
    """Those with exactly this title; else those whose title or id begins so."""
    wanted = name.strip().casefold()
    if not wanted:
        return []
    exact = [each for each in listed if (each.card.title or "").casefold() == wanted]
    return exact or [
        each
        for each in listed
        if (each.card.title or "").casefold().startswith(wanted)
        or each.card.id.casefold().startswith(wanted)
    ]


def describe_listed(listed: ListedCard) -> str:
    """A conversation on one line: id, age, agent, title."""
    card, age = listed.card, format_age(time.time() - listed.active)
    return clean_line(f"{card.id}  {age} ago  {card.agent}  {card.title or ''}".rstrip())
