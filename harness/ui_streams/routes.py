"""The routes of the protocols of user interfaces."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

from fastapi import Query
from pydantic import BaseModel
from starlette.responses import Response

from harness.api.caller import Caller, Role
from harness.api.context import ApiContext, CallerOf, Context, PathText
from harness.api.event_stream import BareStream
from harness.api.route import NOTHING, Route
from harness.contracts.errors import InvalidRequest
from harness.conversations.contracts import Card, turn_run
from harness.conversations.follow import Place
from harness.ui_streams.ag_ui import stream_ag_ui
from harness.ui_streams.ag_ui_input import AgUiInput, read_reply, read_user_message
from harness.ui_streams.ai_sdk import HEADERS, stream_ai_sdk
from harness.ui_streams.ai_sdk_input import MAX_NAME, AiSdkInput, read_replies
from harness.ui_streams.ai_sdk_input import read_text as read_ui_text
from harness.ui_streams.ai_sdk_messages import read_messages
from harness.ui_streams.questions import Question, Reply, answer_question, find_question
from harness.ui_streams.threads import find_open_turn, find_thread, open_thread, send_to_thread

RUN_HEADER = "x-harness-run"
CONVERSATION_HEADER = "x-harness-conversation"


async def run_ag_ui(
    agent: PathText, body: AgUiInput, context: Context, caller: CallerOf
) -> BareStream:
    """Answer the last message of an AG-UI thread, or continue after its interrupts, with AG-UI's
    events. A client that disconnects does not stop the run; the same request again follows it."""
    if body.resume:
        card, place = await _resume_ag_ui(context, caller, agent, body)
    else:
        message, text = read_user_message(body)
        card = await open_thread(context, caller, agent, body.threadId)
        place = Place(await send_to_thread(context, caller, card, message, text))
    source = stream_ag_ui(context, card, body, place.number, place.cursor)
    return _name_run(BareStream(context, caller, source), card, place.number)


async def _resume_ag_ui(
    context: Context, caller: CallerOf, agent: str, body: AgUiInput
) -> tuple[Card, Place]:
    card = await _find_waiting(context, caller, agent, body.threadId)
    answers = body.resume or []
    questions = [await find_question(context, card, each.interruptId) for each in answers]
    replies = [read_reply(*each) for each in zip(answers, questions, strict=True)]
    return card, await _answer_all(context, caller, questions, replies)


async def run_ai_sdk(
    agent: PathText, body: AiSdkInput, context: Context, caller: CallerOf
) -> BareStream:
    """Answer the last message of an AI SDK chat, or continue after the user's replies to questions,
    with a UI message stream. A client that disconnects does not stop the run."""
    last = body.last
    if last.role == "user":
        text = read_ui_text(last)
        card = await open_thread(context, caller, agent, body.id)
        place = Place(await send_to_thread(context, caller, card, last.id, text))
    else:
        replies = read_replies(last)
        card = await _find_waiting(context, caller, agent, body.id)
        questions = [await find_question(context, card, id) for id in replies]
        place = await _answer_all(context, caller, questions, list(replies.values()))
    return _stream_ai_sdk(context, caller, card, place)


class UiMessages(BaseModel):
    """The messages of a chat, in the AI SDK's format."""

    messages: list[dict[str, Any]]


async def list_ai_sdk_messages(
    agent: PathText,
    chat: PathText,
    context: Context,
    caller: CallerOf,
    turns: Annotated[int, Query(ge=1, le=50)] = 20,
) -> UiMessages:
    """Read the messages of the newest runs of an AI SDK chat. The answer of an open run is left
    out, because the chat's stream repeats it."""
    card = await _find_chat(context, caller, agent, chat)
    found = await read_messages(context.connection, card, turns) if card else []
    return UiMessages(messages=found)


async def resume_ai_sdk(
    agent: PathText, chat: PathText, context: Context, caller: CallerOf
) -> Response:
    """Follow the open run of an AI SDK chat from its beginning; 204 if no run is open."""
    card = await _find_chat(context, caller, agent, chat)
    number = await find_open_turn(context, card) if card else None
    if card is None or number is None:
        return Response(status_code=204)
    return _stream_ai_sdk(context, caller, card, Place(number))


async def _find_chat(context: ApiContext, caller: Caller, agent: str, chat: str) -> Card | None:
    if not 0 < len(chat) <= MAX_NAME:
        raise InvalidRequest(f"The chat's id has 1 to {MAX_NAME} characters.")
    return await find_thread(context, caller, agent, chat)


def _stream_ai_sdk(context: ApiContext, caller: Caller, card: Card, place: Place) -> BareStream:
    source = stream_ai_sdk(context, card, place.number, place.cursor)
    response = BareStream(context, caller, source)
    response.headers.update(HEADERS)
    return _name_run(response, card, place.number)


async def _find_waiting(context: ApiContext, caller: Caller, agent: str, thread: str) -> Card:
    card = await find_thread(context, caller, agent, thread)
    if card is None:
        raise InvalidRequest(f"Thread {thread[:80]!r} has no messages, so nothing waits.")
    return card


async def _answer_all(
    context: ApiContext, caller: Caller, questions: list[Question], replies: list[Reply]
) -> Place:
    """Send the replies to the questions of one run; return the place where it asked them."""
    if len({question.place for question in questions}) > 1:
        raise InvalidRequest("The replies are not to the questions of one place in one run.")
    for question, reply in zip(questions, replies, strict=True):
        await answer_question(context, caller, question, reply)
    return questions[0].place


def _name_run(response: BareStream, card: Card, number: int) -> BareStream:
    """Say in headers which conversation and run it is."""
    response.headers[CONVERSATION_HEADER] = quote(card.id)
    response.headers[RUN_HEADER] = quote(turn_run(card.id, number))
    return response


ROUTES = (
    Route("POST", "/ag-ui/{agent}", run_ag_ui, Role.OPERATOR, media_type="text/event-stream"),
    Route("POST", "/ai-sdk/{agent}", run_ai_sdk, Role.OPERATOR, media_type="text/event-stream"),
    Route("GET", "/ai-sdk/{agent}/{chat}/messages", list_ai_sdk_messages, Role.VIEWER),
    Route(
        "GET",
        "/ai-sdk/{agent}/{chat}/stream",
        resume_ai_sdk,
        Role.VIEWER,
        media_type="text/event-stream",
        also=(NOTHING,),
    ),
)
