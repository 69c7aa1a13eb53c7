"""Waits for the answer of a run: until it ends, or needs a person to go on."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

from starlette.types import Receive

from harness.api.caller import Caller
from harness.api.context import ApiContext
from harness.api.event_stream import wait_disconnected
from harness.contracts.errors import NotSignedIn, RunFailed, RunNotFound
from harness.contracts.event import Cursor, RunEnded, StateChanged
from harness.engine.connection import Connection
from harness.history import reader
from harness.openai_api.answer import HELD, Answer, read_answer


async def read_answer_so_far(connection: Connection, run: str) -> Answer:
    """Read what a run has answered so far.

    Raises:
        RunNotFound: No run has this id.
    """
    events = reader.read_events(connection, run, wait=False)
    answer = read_answer([event async for event in events])
    if answer is None:
        raise RunNotFound(f"{run!r} is a workflow, but not a run of an agent.")
    return answer


async def wait_for_answer(context: ApiContext, run: str) -> Answer:
    """The answer of a run, once it has ended or waits for a person."""
    watch = HeldWatch(context.connection, run)
    async with aclosing(context.feeds.follow_durable(run)) as events:
        async for event in events:
            if isinstance(event, StateChanged) and (held := await watch.find_held(event)):
                return held
            if isinstance(event, RunEnded):
                answer = await read_answer_so_far(context.connection, run)
                if answer.state.over:  # or else it was reset, and goes on
                    return answer
    raise RunFailed(f"Run {run!r} has ended without saying how.")


async def wait_while_connected(
    context: ApiContext, caller: Caller, receive: Receive, run: str
) -> Answer | None:
    """The answer of a run; None if the client leaves before. The run goes on without it.

    Raises:
        NotSignedIn: The caller's token was revoked before.
    """
    answering = asyncio.create_task(wait_for_answer(context, run))
    leaving = asyncio.create_task(wait_disconnected(receive))
    revoked = asyncio.create_task(context.wait_revoked(caller))
    tasks = (answering, leaving, revoked)
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        if answering.done():
            return answering.result()
        if revoked.done():
            raise NotSignedIn(f"The token was revoked. Run {run!r} goes on.")
        return None
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class HeldWatch:
    """Tells a wait that lasts from one that is history."""

    def __init__(self, connection: Connection, run: str) -> None:
        self._connection = connection
        self._run = run
        self._past: Cursor | None = None
        """Waits up to this one are over, or are not the newest."""

    async def find_held(self, event: StateChanged) -> Answer | None:
        """The answer so far, if the run still waits since this event."""
        if event.state not in HELD or self._is_past(event.cursor):
            return None
        answer = await read_answer_so_far(self._connection, self._run)
        if answer.held and answer.held_at == event.cursor:
            return answer
        self._past = answer.held_at
        return None

    def _is_past(self, cursor: Cursor | None) -> bool:
        """Whether a newer wait is known in the same history, which saves reading it again."""
        past = self._past
        if past is None or cursor is None or past.run_id != cursor.run_id:
            return False
        return (cursor.event_id, cursor.place) < (past.event_id, past.place)
