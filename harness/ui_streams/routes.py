"""The routes of the protocols of user interfaces."""

from __future__ import annotations

from urllib.parse import quote

from harness.api.caller import Role
from harness.api.context import CallerOf, Context, PathText
from harness.api.event_stream import BareStream
from harness.api.route import Route
from harness.contracts.errors import InvalidRequest
from harness.conversations.contracts import Card, turn_run
from harness.conversations.follow import Place
from harness.ui_streams.ag_ui import stream_ag_ui
from harness.ui_streams.ag_ui_input import AgUiInput, read_reply, read_user_message
from harness.ui_streams.questions import answer_question, find_question
from harness.ui_streams.threads import find_thread, open_thread, send_to_thread

RUN_HEADER = "x-harness-run"
CONVERSATION_HEADER = "x-harness-conversation"


async def run_ag_ui(
    agent: PathText, body: AgUiInput, context: Context, caller: CallerOf
) -> BareStream:
    """Answer the last message of an AG-UI thread, or go on after its interrupts, with AG-UI's
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
    card = await find_thread(context, caller, agent, body.threadId)
    if card is None:
        raise InvalidRequest(f"Thread {body.threadId[:80]!r} has no messages, so nothing waits.")
    answers = body.resume or []
    questions = [await find_question(context, card, each.interruptId) for each in answers]
    if len({question.place for question in questions}) > 1:
        raise InvalidRequest("resume: the interrupts are not those of one run.")
    replies = [read_reply(*each) for each in zip(answers, questions, strict=True)]
    for question, reply in zip(questions, replies, strict=True):
        await answer_question(context, caller, question, reply)
    return card, questions[0].place


def _name_run(response: BareStream, card: Card, number: int) -> BareStream:
    """Say in headers which conversation and run it is."""
    response.headers[CONVERSATION_HEADER] = quote(card.id)
    response.headers[RUN_HEADER] = quote(turn_run(card.id, number))
    return response


ROUTES = (
    Route("POST", "/ag-ui/{agent}", run_ag_ui, Role.OPERATOR, media_type="text/event-stream"),
)
