"""What a live socket can follow, by its topic."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing
from urllib.parse import parse_qsl, unquote

from pydantic import ValidationError

from harness.api.body import first_problem
from harness.api.caller import Caller
from harness.api.context import ApiContext, owner_filter
from harness.api.stream_event import StreamEvent
from harness.contracts.errors import InvalidRequest
from harness.conversations.event_source import open_events
from harness.page.presence import Presence
from harness.page.run_lists import RunLists
from harness.runs.pages import RunPage, RunQuery, find_page
from harness.runs.socket import read_cursor, stream_ready
from harness.runs.waiting import WaitFollower

MAX_FIELDS = 50
TURN = re.compile(r"[1-9][0-9]{0,5}")


async def follow_topic(
    context: ApiContext, caller: Caller, socket: str, topic: str, after: str | None
) -> AsyncGenerator[Iterable[StreamEvent]]:
    """Yield the events of a topic, those together that are ready at the same time.

    Args:
        context: What all requests share.
        caller: Who follows.
        socket: Identifies the caller's socket.
        topic: The topic, as the client has written it. What follows a `#` is the client's own: with
            it, several readers of one socket each have their own place in a topic.
        after: The id of the event that the client got last.

    Raises:
        HarnessError: There is no such topic, or the caller may not see it.
    """
    name, _, _ = topic.partition("#")
    source = await _open_topic(context, caller, socket, name, after)
    async with aclosing(source) as groups:
        async for group in groups:
            yield group


async def _open_topic(
    context: ApiContext, caller: Caller, socket: str, topic: str, after: str | None
) -> AsyncGenerator[Iterable[StreamEvent]]:
    if topic == "approvals":
        waits = context.parts.find(WaitFollower, lambda: WaitFollower(context.connection))
        return _one_by_one(waits.follow(owner_filter(caller), after))
    if topic == "runs" or topic.startswith("runs?"):
        lists = context.parts.find(RunLists, lambda: RunLists(context))
        return _one_by_one(lists.follow(caller, _read_page(caller, topic.partition("?")[2])))
    kind, _, rest = topic.partition("/")
    query = ""
    if kind == "conversation":
        rest, _, query = rest.partition("?")
    id = unquote(rest)
    match kind if id else "":
        case "run":
            await context.check_run(caller, id)
            return stream_ready(context, id, await read_cursor(context, id, after))
        case "conversation":
            return await open_events(context, caller, id, after, _read_turn(query))
        case "looking":
            await context.check_run(caller, id)
            presence = context.parts.find(Presence, lambda: Presence(context.connection))
            return _one_by_one(presence.look(id, socket, caller.user))
        case _:
            raise InvalidRequest(
                f"There is no topic {topic[:100]!r}.",
                fix="Use run/ID, conversation/ID, approvals, runs?QUERY or looking/ID.",
            )


async def _one_by_one(
    source: AsyncGenerator[StreamEvent],
) -> AsyncGenerator[Iterable[StreamEvent]]:
    async with aclosing(source) as events:
        async for event in events:
            yield (event,)


def _read_turn(query: str) -> int:
    """The run that a reader of a conversation begins with, as `?turn=` says."""
    if not query:
        return 1
    name, _, number = query.partition("=")
    if name != "turn" or TURN.fullmatch(number) is None:
        raise InvalidRequest(f"A topic of a conversation can have `?turn=N`, not {query[:50]!r}.")
    return int(number)


def _read_page(caller: Caller, query: str) -> RunPage:
    """The page that a query names, by the rules of `GET /runs`."""
    try:
        given = dict(parse_qsl(query, keep_blank_values=True, max_num_fields=MAX_FIELDS))
        return find_page(caller, RunQuery.model_validate(given))
    except ValidationError as error:
        raise first_problem(error) from None
    except ValueError:
        raise InvalidRequest(f"The query has more than {MAX_FIELDS} fields.") from None
