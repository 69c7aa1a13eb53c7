"""Waits for the answer of a run: until it ends, or needs a person to go on."""

from __future__ import annotations

from contextlib import aclosing

from starlette.types import Receive

from harness.api.attended import finish_while_connected
from harness.api.caller import Caller
from harness.api.context import ApiContext
from harness.contracts.errors import RunFailed
from harness.contracts.errors.run import not_a_run
from harness.contracts.event import Event, RunEnded
from harness.engine.connection import Connection
from harness.history import reader
from harness.openai_api.answer import Answer, read_answer
from harness.runs.holds import HoldWatch


async def read_answer_so_far(connection: Connection, run: str) -> Answer:
    """Read what a run has answered so far.

    Raises:
        RunNotFound: No run has this id.
    """
    events = reader.read_events(connection, run, wait=False)
    answer = read_answer([event async for event in events])
    if answer is None:
        raise not_a_run(run)
    return answer


async def wait_for_answer(context: ApiContext, run: str) -> Answer:
    """The answer of a run, once it has ended or waits for a person."""
    watch = HoldWatch(context.connection, run)
    async with aclosing(context.feeds.follow_durable(run)) as events:
        async for event in events:
            if held := await find_held(watch, event):
                return held
            if isinstance(event, RunEnded):
                answer = await read_answer_so_far(context.connection, run)
                if answer.state.over:  # or else it was reset, and goes on
                    return answer
    raise RunFailed(f"Run {run!r} has ended without a recorded result.")


async def find_held(watch: HoldWatch, event: Event) -> Answer | None:
    """The answer so far, if the run has needed a person since this event."""
    hold = await watch.find_hold(event)
    return read_answer(hold.events) if hold else None


async def wait_while_connected(
    context: ApiContext, caller: Caller, receive: Receive, run: str
) -> Answer | None:
    """The answer of a run; None if the client leaves before. The run goes on without it.

    Raises:
        NotSignedIn: The caller's token was revoked before.
    """
    return await finish_while_connected(
        wait_for_answer(context, run), context, caller, receive, otherwise=f"Run {run!r} goes on."
    )
