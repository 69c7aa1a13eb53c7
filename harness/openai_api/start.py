"""Starts the run of a request."""

from __future__ import annotations

from collections.abc import Sequence

from harness.api.caller import Caller
from harness.api.context import ApiContext
from harness.contracts.errors import InvalidRequest, RunBusy, RunNotFound, TranscriptMissing
from harness.contracts.errors.openai_api import UnsupportedParameter
from harness.contracts.message import Message, user_message
from harness.engine.connection import Connection
from harness.history import reader
from harness.history.written import check_written
from harness.openai_api.follow import read_answer_so_far
from harness.openai_api.ids import read_response_id, response_not_found
from harness.openai_api.parameters import OWN_TOOLS, check_parameters
from harness.openai_api.parts import make_instructions, read_messages
from harness.openai_api.requests import (
    ChatCompletionBody,
    ClientMessage,
    Generation,
    InputItem,
    ResponseBody,
)
from harness.openai_api.response import BACKGROUND, OURS, PREVIOUS, Facts
from harness.runs.published import find_published
from harness.runs.requests import digest_key
from harness.runs.start import start_run
from harness.runs.start_request import Request, as_messages
from harness.store.transcripts.lookup import has_node

USER = f"{OURS}user"


async def start_completion(
    context: ApiContext, caller: Caller, body: ChatCompletionBody, key: str | None
) -> str:
    """Start the run of a chat completion; return its id."""
    check_parameters(body.model_extra)
    labels = _make_labels(body)
    agent = await find_published(context.connection, body.model)
    messages = await read_messages(context.connection, body.messages, "messages")
    request = Request(
        messages=as_messages(messages),
        id=_run_id(caller, body.model, key),
        labels=labels or None,
        owner=caller.user,
        by=caller.user,
    )
    run = await start_run(context.connection, agent, request, eager=False)
    context.counts.runs_started += 1
    return run


async def start_response(
    context: ApiContext, caller: Caller, body: ResponseBody, key: str | None
) -> tuple[str, Facts]:
    """Start the run of a response; return its id, and what the response repeats of the request."""
    check_parameters(body.model_extra)
    labels = _make_labels(body)
    connection = context.connection
    agent = await find_published(connection, body.model)
    head, lineage = None, None
    if body.previous_response_id is not None:
        previous = await find_response_run(context, caller, body.previous_response_id)
        labels[PREVIOUS] = previous
        head, lineage = await _find_transcript(connection, previous)
    if body.background:
        labels[BACKGROUND] = "true"
    request = Request(
        messages=as_messages(await _read_input(connection, body)),
        id=_run_id(caller, body.model, key),
        head=head,
        lineage=lineage,
        labels=labels or None,
        owner=caller.user,
        by=caller.user,
    )
    run = await start_run(connection, agent, request, eager=False)
    return run, Facts.of(labels)


async def find_response_run(context: ApiContext, caller: Caller, id: str) -> str:
    """The run that a response id stands for, if the caller may see it.

    Raises:
        ResponseNotFound: It does not exist, or belongs to somebody else.
    """
    run = read_response_id(id)
    try:
        await context.check_run(caller, run)
    except RunNotFound:
        raise response_not_found(id) from None
    return run


async def read_facts(connection: Connection, run: str) -> Facts:
    """What the response of a run repeats of its request."""
    spec = await reader.read_spec(connection, run)
    return Facts.of(spec.labels if spec else None)


async def _find_transcript(connection: Connection, run: str) -> tuple[str, str]:
    """The transcript that a run left behind, and the family that reads it.

    Raises:
        RunBusy: The run has not ended.
        TranscriptMissing: It has left none.
    """
    answer = await read_answer_so_far(connection, run)
    if answer.end is None:
        raise RunBusy(
            f"The previous response is that of run {run!r}, which has not ended.",
            fix="Wait until it has, or cancel it.",
        )
    spec = await reader.read_spec(connection, run)
    await check_written(connection, run, answer.end.head, spec.head if spec else None)
    # A terminated run does not report its transcript: continue where it had started.
    head = answer.end.head or (spec.head if spec else None)
    if spec is None or head is None or not await has_node(connection.database, head):
        raise TranscriptMissing(
            f"Run {run!r} left no transcript in this store.",
            fix="Send the whole conversation as input, without previous_response_id.",
        )
    return head, spec.lineage or run


async def _read_input(connection: Connection, body: ResponseBody) -> Sequence[Message]:
    """The input as messages, after the instructions."""
    begun = [make_instructions(body.instructions)] if body.instructions else []
    if isinstance(body.input, str):
        return (*begun, user_message(body.input))
    given = [_as_message(item, place) for place, item in enumerate(body.input)]
    found = await read_messages(connection, given, "input")
    if not found:
        raise InvalidRequest("The input is empty.")
    return (*begun, *found)


def _as_message(item: InputItem, place: int) -> ClientMessage:
    if item.type != "message" or item.role is None:
        raise UnsupportedParameter.of(
            f"input[{place}]",
            f"input[{place}] is {item.type[:40]!r}, not a message. {OWN_TOOLS}",
            "Send messages alone.",
        )
    return ClientMessage(role=item.role, content=item.content)


def _make_labels(body: Generation) -> dict[str, str]:
    labels = dict(body.metadata or {})
    reserved = [name for name in labels if name.startswith(OURS)]
    if reserved:
        raise UnsupportedParameter.of(
            "metadata", f"The key {reserved[0]!r} of metadata is reserved.", "Choose another key."
        )
    if body.user:
        labels[USER] = body.user
    return labels


def _run_id(caller: Caller, agent: str, key: str | None) -> str | None:
    return f"{agent}-{digest_key(caller, key)}" if key else None
