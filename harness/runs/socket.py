"""The WebSocket of a run: its events, and steering on the same connection."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing
from functools import partial
from typing import TypeVar

from fastapi import WebSocket
from pydantic import ValidationError

from harness.api.body import Body, first_problem
from harness.api.caller import Caller, Role
from harness.api.context import ApiContext, CallerOf, Context, VisibleRun
from harness.api.event_socket import EventSocket, SocketCommand
from harness.api.stream_event import StreamEvent, each_of
from harness.contracts.errors import CursorUnknown, InvalidRequest, NotAllowed
from harness.contracts.event import LIVE, Cursor, Event
from harness.history.cursors import is_of_run, parse_cursor
from harness.runs.steer import abort_run, decide_run, send_signal
from harness.runs.views import AbortBody, DecideBody, HintBody, ReasonBody

BodyT = TypeVar("BodyT", bound=Body)
COMMANDS = ("hint", "abort", "pause", "resume", "decide")


async def open_socket(
    websocket: WebSocket,
    run: VisibleRun,
    context: Context,
    caller: CallerOf,
    after: str | None = None,
) -> None:
    """Follow and steer a run on one connection."""
    cursor = await read_cursor(context, run, after)
    socket = EventSocket(websocket, context, caller)
    await socket.run(stream_run(context, run, cursor), partial(_obey, context, caller, run))


async def stream_run(
    context: ApiContext, run: str, after: Cursor | None
) -> AsyncGenerator[StreamEvent]:
    """A run's events for a reader of the API."""
    async with aclosing(each_of(stream_ready(context, run, after))) as events:
        async for event in events:
            yield event


async def stream_ready(
    context: ApiContext, run: str, after: Cursor | None
) -> AsyncGenerator[Iterable[StreamEvent]]:
    """As `stream_run`, with those together that are ready. They are written as they are taken."""
    async with aclosing(context.feeds.follow_ready(run, after)) as groups:
        async for group in groups:
            yield map(_write_event, group)


def _write_event(event: Event) -> StreamEvent:
    cursor = None if isinstance(event, LIVE) else str(event.cursor)
    return StreamEvent(event.type, event.wire(), cursor)


async def read_cursor(context: ApiContext, run: str, text: str | None) -> Cursor | None:
    """The cursor that a reader resumes from.

    Raises:
        CursorUnknown: It is malformed, or of another run.
    """
    if not text:
        return None
    cursor = parse_cursor(text)
    if cursor is None:
        raise CursorUnknown(f"{text[:100]!r} is not the cursor of an event.")
    if not await is_of_run(context.connection, run, cursor):
        raise CursorUnknown(f"The cursor {text!r} does not belong to run {run!r}.")
    return cursor


async def _obey(context: ApiContext, caller: Caller, run: str, command: SocketCommand) -> None:
    if command.command not in COMMANDS:
        raise InvalidRequest(
            f"There is no command {command.command[:40]!r}.", fix=f"Use {', '.join(COMMANDS)}."
        )
    if not caller.role.covers(Role.OPERATOR):
        raise NotAllowed(f"Steering needs the role operator; this token has {caller.role}.")
    connection, by = context.connection, caller.user
    match command.command:
        case "hint":
            hint = _read(HintBody, command)
            value = {"text": hint.text, "interrupt": hint.interrupt}
            await send_signal(connection, run, "hint", value, by=by)
        case "abort":
            abort = _read(AbortBody, command)
            await abort_run(connection, run, abort.reason, undo=abort.undo, by=by)
        case "pause":
            reason = _read(ReasonBody, command).reason
            await send_signal(connection, run, "pause", reason, by=by)
        case "resume":
            reason = _read(ReasonBody, command).reason
            await send_signal(connection, run, "resume", reason, by=by)
        case _:
            body = _read(DecideBody, command)
            # Not keyed by the command's id: clients number their commands, so the first one of
            # another socket would be taken for a repetition of this one.
            await decide_run(connection, run, body.item, body.said(), key=None, by=caller)


def _read(kind: type[BodyT], command: SocketCommand) -> BodyT:
    try:
        return kind.model_validate(command.model_extra)
    except ValidationError as error:
        raise first_problem(error) from None
