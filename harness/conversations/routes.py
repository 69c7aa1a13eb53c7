"""The routes of conversations."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from fastapi import Header, Query, Response

from harness.api.body import location_of
from harness.api.caller import Role
from harness.api.context import CallerOf, Context, PathText, owner_filter
from harness.api.etags import answer_json, is_current, make_tag, write_json
from harness.api.event_stream import EventStream
from harness.api.route import Created, Route
from harness.api.stream_event import each_of
from harness.contracts.errors import ConversationChanged
from harness.conversations.client import Conversations
from harness.conversations.contracts import Card, Change, Receipt, State, TurnOptions
from harness.conversations.event_source import open_events
from harness.conversations.files import Exported
from harness.conversations.list_query import Filter
from harness.conversations.opening import open_conversations
from harness.conversations.outgoing import WithFiles
from harness.conversations.views import (
    ConversationChange,
    ConversationList,
    ConversationSummary,
    ConversationView,
    ImportedConversation,
    MessageList,
    NewBranch,
    NewConversation,
    NewMessage,
)
from harness.prompts.views import read_question
from harness.runs.uploads import find_uploads

IfMatch = Annotated[str | None, Header(max_length=1000)]
"""The `ETag` of the conversation as the client read it."""
Limit = Annotated[int, Query(ge=1, le=500)]


async def create_conversation(
    body: NewConversation, context: Context, caller: CallerOf, response: Response
) -> ConversationView:
    """Create a conversation that a published agent answers."""
    conversations = open_conversations(context, caller)
    card = await conversations.create(
        body.agent,
        id=body.id,
        owner=caller.user,
        title=body.title,
        tags=body.tags,
        policy=body.policy,
        model=body.model,
    )
    response.headers["Location"] = location_of("conversations", card.id)
    return await _view(conversations, card.id)


async def list_conversations(
    context: Context,
    caller: CallerOf,
    state: State | Literal["all"] = "active",
    agent: str | None = None,
    tag: str | None = None,
    text: str | None = None,
    limit: Limit = 50,
    cursor: str | None = None,
    owner: Annotated[str | None, Query(max_length=200)] = None,
) -> ConversationList:
    """List conversations, the most recently active first. `text` searches titles and messages;
    `owner` is for admins, who see those of all users."""
    own = owner_filter(caller)
    if own is not None and owner not in (None, own):
        return ConversationList(conversations=[])
    states: tuple[State, ...] = get_args(State) if state == "all" else (state,)
    which = Filter(owner=owner, states=states, agent=agent, tag=tag, text=text)
    page = await open_conversations(context, caller).list(which, limit=limit, after=cursor)
    return ConversationList.of(page)


async def show_conversation(conversation: PathText, context: Context, caller: CallerOf) -> Response:
    """Read a conversation as it is now, with its messages."""
    _, view = await _read_view(open_conversations(context, caller), conversation)
    return answer_json(view)


async def change_conversation(
    conversation: PathText,
    body: ConversationChange,
    context: Context,
    caller: CallerOf,
    if_match: IfMatch = None,
) -> ConversationSummary:
    """Rename, tag, archive or restore a conversation, or set its policy. With `If-Match`, only if
    it is still as it was read."""
    act = None if body.archived is None else ("archive" if body.archived else "restore")
    tags = None if body.tags is None else tuple(body.tags)
    conversations = open_conversations(context, caller)
    known = await _check_unchanged(conversations, conversation, if_match)
    change = Change(title=body.title, tags=tags, act=act, policy=body.policy, known=known)
    card = await conversations.change(conversation, change)
    return ConversationSummary.of(card)


async def delete_conversation(
    conversation: PathText, context: Context, caller: CallerOf, if_match: IfMatch = None
) -> ConversationSummary:
    """Delete a conversation. It can be restored; `harness forget` makes it unreadable for good."""
    conversations = open_conversations(context, caller)
    known = await _check_unchanged(conversations, conversation, if_match)
    card = await conversations.change(conversation, Change(act="delete", known=known))
    return ConversationSummary.of(card)


def _options_of(body: NewMessage) -> TurnOptions | None:
    """What the message sets for its run. Not the workspace: a folder of another machine."""
    if body.model is None and body.budget is None:
        return None
    return TurnOptions(model=body.model, budget=body.budget)


async def send_message(
    conversation: PathText,
    body: NewMessage,
    context: Context,
    caller: CallerOf,
    idempotency_key: Annotated[str | None, Header(min_length=1, max_length=200)] = None,
) -> Receipt:
    """Send a message. With an `id` or an `Idempotency-Key`, repeating it is the same message."""
    asked = read_question(body.content, body.template, body.variables, "content")
    files = await find_uploads(context, caller, body.files)
    return await open_conversations(context, caller).send(
        conversation,
        WithFiles(asked, files),
        message=body.id or idempotency_key,
        policy=body.policy,
        options=_options_of(body),
    )


async def list_messages(
    conversation: PathText,
    context: Context,
    caller: CallerOf,
    limit: Limit = 50,
    cursor: str | None = None,
) -> MessageList:
    """Read the messages of runs that have ended, oldest first."""
    page = await open_conversations(context, caller).messages(
        conversation, limit=limit, after=cursor
    )
    return MessageList.of(page)


async def follow_conversation_events(
    conversation: PathText,
    context: Context,
    caller: CallerOf,
    last_event_id: Annotated[str | None, Header()] = None,
    after: str | None = None,
    turn: Annotated[int, Query(ge=1, le=1_000_000)] = 1,
) -> EventStream:
    """Follow a conversation: the events of its runs, one after another, from the run number `turn`
    on. It has no end. `Last-Event-ID` (or `after`) resumes after that event."""
    source = await open_events(context, caller, conversation, last_event_id or after, turn)
    return EventStream(context, caller, each_of(source))


async def fork_conversation(
    conversation: PathText, body: NewBranch, context: Context, caller: CallerOf, response: Response
) -> ConversationSummary:
    """Create a conversation that continues from before a message, to ask it differently."""
    card = await open_conversations(context, caller).fork(conversation, body.message)
    response.headers["Location"] = location_of("conversations", card.id)
    return ConversationSummary.of(card)


async def export_conversation(
    conversation: PathText, context: Context, caller: CallerOf
) -> Response:
    """Download a conversation whose runs have ended, to keep or to import elsewhere."""
    exported = await open_conversations(context, caller).export(conversation)
    return Response(exported.wire(), media_type="application/json")


async def import_conversation(
    body: ImportedConversation, context: Context, caller: CallerOf, response: Response
) -> ConversationSummary:
    """Create a conversation that continues an exported one."""
    card = await open_conversations(context, caller).load(
        body.exported, agent=body.agent, id=body.id, owner=caller.user
    )
    response.headers["Location"] = location_of("conversations", card.id)
    return ConversationSummary.of(card)


async def _view(conversations: Conversations, id: str) -> ConversationView:
    return (await _read_view(conversations, id))[1]


async def _read_view(conversations: Conversations, id: str) -> tuple[Card, ConversationView]:
    read = await conversations.read(id)
    return read.card, ConversationView.of_read(read, await conversations.messages(id))


async def _check_unchanged(
    conversations: Conversations, id: str, if_match: str | None
) -> float | None:
    """Raise ConversationChanged unless `If-Match` names what reading the conversation answers.
    Returns the time of its last change, for the session to compare once more."""
    if if_match is None:
        return None
    card, view = await _read_view(conversations, id)
    if not is_current(if_match, make_tag(write_json(view))):
        raise ConversationChanged(
            f"Conversation {id!r} has changed since the version that If-Match names."
        )
    return card.changed


CONVERSATION = Created("conversation")
ROUTES = (
    Route("POST", "/conversations", create_conversation, Role.OPERATOR, 201, creates=CONVERSATION),
    Route(
        "POST",
        "/imported-conversations",
        import_conversation,
        Role.OPERATOR,
        201,
        creates=CONVERSATION,
    ),
    Route("GET", "/conversations", list_conversations, Role.VIEWER),
    Route(
        "GET",
        "/conversations/{conversation}",
        show_conversation,
        Role.VIEWER,
        answer=ConversationView,
    ),
    Route("PATCH", "/conversations/{conversation}", change_conversation, Role.OPERATOR),
    Route("DELETE", "/conversations/{conversation}", delete_conversation, Role.OPERATOR),
    Route("POST", "/conversations/{conversation}/messages", send_message, Role.OPERATOR, 202),
    Route("GET", "/conversations/{conversation}/messages", list_messages, Role.VIEWER),
    Route(
        "GET",
        "/conversations/{conversation}/events",
        follow_conversation_events,
        Role.VIEWER,
        media_type="text/event-stream",
    ),
    Route(
        "POST",
        "/conversations/{conversation}/fork",
        fork_conversation,
        Role.OPERATOR,
        201,
        creates=CONVERSATION,
    ),
    Route(
        "GET",
        "/conversations/{conversation}/export",
        export_conversation,
        Role.VIEWER,
        answer=Exported,
    ),
)
