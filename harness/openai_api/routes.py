"""The routes of OpenAI's protocols: models, chat completions and responses."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import Depends, Query, Request
from starlette.convertors import StringConvertor, register_url_convertor
from starlette.responses import JSONResponse, Response

from harness.api.caller import Caller, Role
from harness.api.context import ApiContext, CallerOf, Context, PathText
from harness.api.event_stream import BareStream, EventStream
from harness.api.idempotency import IdempotencyKey
from harness.api.route import EVENTS, Route
from harness.api.stream_event import StreamEvent
from harness.contracts.errors import RunOver, UnknownAgent
from harness.contracts.run import RunState
from harness.openai_api.answer import Answer
from harness.openai_api.chat import find_failure, make_completion, stream_completion
from harness.openai_api.follow import read_answer_so_far, wait_while_connected
from harness.openai_api.ids import COMPLETION, RESPONSE
from harness.openai_api.models import describe_model
from harness.openai_api.problems import openai_error_response
from harness.openai_api.requests import ChatCompletionBody, ResponseBody
from harness.openai_api.response import Facts, make_response
from harness.openai_api.response_stream import stream_response
from harness.openai_api.start import (
    find_response_run,
    read_facts,
    start_completion,
    start_response,
)
from harness.runs.steer import abort_run

CANCEL_S = 10.0
"""How long a cancelled run may take to end before the answer says that it has not."""
CLIENT_LEFT = 499
"""Nobody reads this status; logs of proxies name it so."""
RUN_HEADER = "x-harness-run"
Format = dict[str, Any]
"""An answer in OpenAI's format, which its own documents describe."""


class ResponseIdConvertor(StringConvertor):
    """Matches response ids, so that other paths below `/v1/responses` are not found."""

    regex = f"(?:{RESPONSE}|{COMPLETION})[^/]*"


register_url_convertor("response_id", ResponseIdConvertor())


async def check_response(response_id: PathText, context: Context, caller: CallerOf) -> str:
    """The run of the response that a path names, if the caller may see it."""
    return await find_response_run(context, caller, response_id)


ResponseRun = Annotated[str, Depends(check_response)]


async def list_models(context: Context) -> Response:
    """List the published agents as models."""
    connection = context.connection
    found = await connection.stores.agents.list_all(connection.endpoints.namespace)
    return JSONResponse({"object": "list", "data": [describe_model(each) for each in found]})


async def show_model(model: PathText, context: Context) -> Response:
    """Read one published agent as a model."""
    connection = context.connection
    found = await connection.stores.agents.find(connection.endpoints.namespace, model)
    if found is None:
        raise UnknownAgent(f"No agent {model[:200]!r} is published.")
    return JSONResponse(describe_model(found))


async def create_chat_completion(
    body: ChatCompletionBody,
    context: Context,
    caller: CallerOf,
    request: Request,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Start a run that answers a conversation, and answer with its reply, in OpenAI's format. A
    client that disconnects does not stop the run."""
    run = await start_completion(context, caller, body, idempotency_key)
    if body.stream:
        options = body.stream_options
        with_usage = bool(options and options.include_usage)
        return _stream(context, caller, run, stream_completion(context, run, with_usage=with_usage))
    answer = await wait_while_connected(context, caller, request.receive, run)
    if answer is None:
        return Response(status_code=CLIENT_LEFT)
    failure = find_failure(answer)
    if failure is not None:  # sent again, it would be another run
        return _name_run(openai_error_response(failure, retry=False), run)
    return _name_run(JSONResponse(make_completion(answer)), run)


async def create_response(
    body: ResponseBody,
    context: Context,
    caller: CallerOf,
    request: Request,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Start a run that answers the input, and answer with it, in OpenAI's format. In the
    background, answer before it has begun."""
    run, facts = await start_response(context, caller, body, idempotency_key)
    if body.stream:
        return _stream(context, caller, run, stream_response(context, run, facts))
    if body.background:
        answer = await read_answer_so_far(context.connection, run)
        status = {} if answer.end or answer.held else {"status": "queued"}
        return _name_run(JSONResponse(make_response(answer, facts) | status), run)
    answer = await wait_while_connected(context, caller, request.receive, run)
    return _answer(answer, facts) if answer else Response(status_code=CLIENT_LEFT)


async def show_response(
    run: ResponseRun,
    context: Context,
    caller: CallerOf,
    stream: bool = False,
    starting_after: Annotated[int | None, Query(ge=-1)] = None,
) -> Response:
    """Read the response of a run so far. With `stream`, follow it, after the event with the number
    `starting_after` if there is one."""
    facts = await read_facts(context.connection, run)
    if stream:
        return _stream(context, caller, run, stream_response(context, run, facts, starting_after))
    return _answer(await read_answer_so_far(context.connection, run), facts)


async def cancel_response(run: ResponseRun, context: Context, caller: CallerOf) -> Response:
    """Abort the run of a response; what it has so far is kept."""
    connection = context.connection
    facts = await read_facts(connection, run)
    answer = await read_answer_so_far(connection, run)
    if answer.end is None:
        await abort_run(connection, run, "cancelled", undo=False, by=caller.user)
        answer = await _wait_for_end(context, run)
    elif answer.state is not RunState.ABORTED:
        raise RunOver(f"Run {run!r} has ended.")
    return _answer(answer, facts)


async def _wait_for_end(context: ApiContext, run: str) -> Answer:
    """The answer of a run that is ending; of one that takes long, as far as it is."""
    try:
        async with asyncio.timeout(CANCEL_S):
            async for _ in context.feeds.follow_durable(run):
                pass
    except TimeoutError:
        pass
    return await read_answer_so_far(context.connection, run)


def _answer(answer: Answer, facts: Facts) -> Response:
    return _name_run(JSONResponse(make_response(answer, facts)), answer.run)


def _stream(
    context: ApiContext, caller: Caller, run: str, source: AsyncGenerator[StreamEvent]
) -> EventStream:
    return _name_run(BareStream(context, caller, source), run)


def _name_run(response: Any, run: str) -> Any:
    """Say in a header which run it is."""
    response.headers[RUN_HEADER] = quote(run)
    return response


ROUTES = (
    Route("GET", "/v1/models", list_models, Role.VIEWER, answer=Format),
    Route("GET", "/v1/models/{model}", show_model, Role.VIEWER, answer=Format),
    Route(
        "POST",
        "/v1/chat/completions",
        create_chat_completion,
        Role.OPERATOR,
        answer=Format,
        also=(EVENTS,),
    ),
    Route("POST", "/v1/responses", create_response, Role.OPERATOR, answer=Format, also=(EVENTS,)),
    Route(
        "GET",
        "/v1/responses/{response_id:response_id}",
        show_response,
        Role.VIEWER,
        answer=Format,
        also=(EVENTS,),
    ),
    Route(
        "POST",
        "/v1/responses/{response_id:response_id}/cancel",
        cancel_response,
        Role.OPERATOR,
        answer=Format,
    ),
)
