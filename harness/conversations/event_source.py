"""A conversation's events for readers of the API."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing
from functools import partial

from harness.api.caller import Caller
from harness.api.context import ApiContext
from harness.api.stream_event import StreamEvent
from harness.contracts.errors import CursorUnknown
from harness.contracts.event import LIVE, Event
from harness.conversations.contracts import Card
from harness.conversations.follow import Place, follow_conversation, parse_place
from harness.conversations.opening import open_conversations


async def open_events(
    context: ApiContext, caller: Caller, conversation: str, after: str | None, turn: int = 1
) -> AsyncGenerator[Iterable[StreamEvent]]:
    """Find what follows an event, or what a run of the conversation begins with.

    Returns:
        The events, those together that are ready at the same time, without end.

    Raises:
        ConversationNotFound: The caller may see no such conversation.
        CursorUnknown: `after` is malformed, or of another conversation.
    """
    card = await open_conversations(context, caller).find(conversation)
    place = Place(turn)
    if after:
        found = await parse_place(context.connection, card, after[:200])
        if found is None:
            raise CursorUnknown(f"{after[:100]!r} is not a cursor of this conversation.")
        place = found
    return _stream_events(context, card, place)


async def _stream_events(
    context: ApiContext, card: Card, after: Place
) -> AsyncGenerator[Iterable[StreamEvent]]:
    following = follow_conversation(context.connection, context.feeds, card, after)
    async with aclosing(following) as groups:
        async for number, group in groups:
            yield map(partial(_write_event, number), group)


def _write_event(number: int, event: Event) -> StreamEvent:
    place = None if isinstance(event, LIVE) else str(Place(number, event.cursor))
    return StreamEvent(event.type, event.wire(), place)
