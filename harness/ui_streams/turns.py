"""Follows the run that answers a message, until it ends or needs a person."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncGenerator
from contextlib import aclosing

from harness.api.context import ApiContext
from harness.contracts.errors import RunFailed
from harness.contracts.event import LIVE, Cursor, Event, RunEnded
from harness.conversations.contracts import Card, turn_run
from harness.conversations.follow import wait_for_turn
from harness.engine.retry import run_not_found
from harness.history.position import Position
from harness.runs.holds import DECISIVE, Hold, HoldWatch
from harness.ui_streams.pieces import Piece, PieceReader

Shown = Piece | Hold | RunEnded


async def follow_turn(
    context: ApiContext, card: Card, number: int, after: Cursor | None = None
) -> AsyncGenerator[Shown]:
    """Yield the pieces of a conversation's run, and its hold or its end. With a cursor, what comes
    after that event.

    Raises:
        RunNotFound: The conversation has no such run.
    """
    run = turn_run(card.id, number)
    if not await wait_for_turn(context.connection, card, number):
        raise run_not_found(run)
    reader, position = PieceReader(run), Position(after)
    watch = HoldWatch(context.connection, run)
    # All events are read, so that pieces have the same ids wherever a reader begins.
    async with aclosing(context.feeds.follow_all(run)) as events:
        async for event in events:
            passed = position.reached if isinstance(event, LIVE) else position.passes(event)
            if not passed:
                _skip(reader, event)
                continue
            for piece in reader.take(event):
                yield piece
            hold = await watch.find_hold(event)
            if hold is not None:
                yield hold
            if hold is not None or isinstance(event, RunEnded):
                for piece in reader.end():
                    yield piece
            if isinstance(event, RunEnded):
                yield event
            if hold is not None or isinstance(event, RunEnded):
                return
    raise RunFailed(f"Run {run!r} has ended without a recorded result.")


def _skip(reader: PieceReader, event: Event) -> None:
    """Take an event that the reader has. At a hold, all that was begun is complete."""
    deque(reader.take(event), maxlen=0)
    if isinstance(event, DECISIVE):
        deque(reader.end(), maxlen=0)
