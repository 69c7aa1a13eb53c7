"""Answers requests with problem documents, and those of OpenAI's clients in their format."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic_core import PydanticSerializationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, HTTPConnection
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.types import Scope, Send
from starlette.websockets import WebSocket, WebSocketState

from harness.api.mount import path_below_mount, root_of
from harness.api.problems import MEDIA_TYPE, FieldProblem, describe_error
from harness.api.route import is_openai_path
from harness.commons.log import get_logger
from harness.contracts.errors import (
    HarnessError,
    InvalidRequest,
    MethodNotAllowed,
    NotSignedIn,
    RouteNotFound,
    ServerFault,
)
from harness.openai_api.problems import openai_error_response

MOST = 10
"""Field problems that are listed."""
CLOSE_REFUSED = 1008
"""WebSocket: policy violation."""
DENIAL = "websocket.http.response"
"""What servers have that can answer a handshake with a status and a body."""


def problem_response(
    error: HarnessError,
    request_id: str | None,
    fields: Sequence[FieldProblem] = (),
    *,
    scope: Scope,
) -> Response:
    """An error as a response, in the format of the request's path."""
    response = (
        openai_error_response(
            error, param=fields[0].field.removeprefix("body.") if fields else None
        )
        if is_openai_path(path_below_mount(scope))
        else _problem_document(error, request_id, fields, root_of(scope))
    )
    if isinstance(error, NotSignedIn):
        response.headers["WWW-Authenticate"] = 'Bearer realm="harness"'
    if response.status_code == 503 or error.retry_after is not None:
        response.headers["Retry-After"] = str(max(1, round(error.retry_after or 1)))
    return response


def _problem_document(
    error: HarnessError, request_id: str | None, fields: Sequence[FieldProblem], root: str
) -> Response:
    problem = describe_error(error, request_id)
    if root:
        problem = problem.model_copy(update={"type": f"{root}{problem.type}"})
    if fields:
        problem = problem.model_copy(update={"errors": list(fields)})
    return Response(
        problem.model_dump_json(exclude_none=True),
        status_code=problem.status,
        media_type=MEDIA_TYPE,
    )


async def send_problem(scope: Scope, send: Send, error: HarnessError, request_id: str) -> None:
    """Refuse a request before it reaches the app."""
    if scope["type"] == "websocket":
        # Before the handshake is accepted, this is an answer with the status 403.
        await send({"type": "websocket.close", "code": CLOSE_REFUSED})
        return
    response = problem_response(error, request_id, scope=scope)
    response.headers["Connection"] = "close"  # its body will not be read
    await response(scope, _receive_nothing, send)


async def _receive_nothing() -> Any:
    return {"type": "http.disconnect"}


def add_problem_handlers(app: FastAPI) -> None:
    """Answer every error of the app's routes with a problem document."""

    async def on_harness_error(request: HTTPConnection, error: Exception) -> Any:
        assert isinstance(error, HarnessError)
        if isinstance(request, WebSocket):
            return await _refuse_socket(request, error)
        return _answer(request, error)

    async def on_invalid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        fields = [
            FieldProblem(field=".".join(map(str, each["loc"])), problem=each["msg"])
            for each in error.errors()[:MOST]
        ]
        kind = request.headers.get("content-type", "")
        if fields[0].field == "body" and "json" not in kind:
            told = f"The body is {kind[:100]!r}." if kind else "The body has no Content-Type."
            return _answer(
                request, InvalidRequest(told, fix="Send `Content-Type: application/json`.")
            )
        if error.errors()[0]["type"] == "json_invalid":
            place = error.errors()[0]["loc"][-1]
            return _answer(request, InvalidRequest(f"The body is not JSON, at character {place}."))
        first = fields[0]
        invalid = InvalidRequest(f"{first.field}: {first.problem}")
        return _answer(request, invalid, fields)

    async def on_http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        if isinstance(error.__cause__, HarnessError):  # raised while the body was read
            return _answer(request, error.__cause__)
        where = f"{request.method} {request.url.path[:200]}"
        kinds: dict[int, HarnessError] = {
            404: RouteNotFound(f"There is no {where}."),
            405: MethodNotAllowed(f"{where} is not allowed."),
        }
        known = kinds.get(error.status_code) or InvalidRequest(str(error.detail))
        return _with_methods(request, _answer(request, known))

    async def on_fault(request: Request, error: Exception) -> Response:
        get_logger(__name__).error("a request failed", request=_id_of(request), exc_info=error)
        return _answer(request, ServerFault("The daemon failed."))

    async def on_half_character(request: Request, error: Exception) -> Response:
        """JSON may hold halves of characters (surrogates), which cannot be written anywhere."""
        if "surrogates not allowed" not in str(error):
            return await on_fault(request, error)
        return _answer(request, InvalidRequest("A text of the request is not valid Unicode."))

    app.add_exception_handler(ClientDisconnect, _answer_gone)
    for kind in (UnicodeEncodeError, PydanticSerializationError):
        app.add_exception_handler(kind, on_half_character)
    app.add_exception_handler(HarnessError, on_harness_error)
    app.add_exception_handler(RequestValidationError, on_invalid)
    app.add_exception_handler(HTTPException, on_http)
    app.add_exception_handler(Exception, on_fault)


async def _refuse_socket(socket: WebSocket, error: HarnessError) -> None:
    """Whoever shall come back later is told when, which a code of closing cannot say."""
    asks = socket.application_state is WebSocketState.CONNECTING
    if asks and error.retry_after is not None and DENIAL in socket.scope.get("extensions", {}):
        await socket.send_denial_response(_answer(socket, error))
    else:
        await socket.close(CLOSE_REFUSED, error.code)


async def _answer_gone(request: Request, error: Exception) -> Response:  # noqa: ARG001
    """The client left before its request had arrived: nobody reads the answer."""
    return _answer(request, InvalidRequest("The request did not arrive whole."))


def _with_methods(request: Request, response: Response) -> Response:
    """Name in an answer 405 the methods of all routes that have the path; Starlette names those of
    the first."""
    if response.status_code == 405:
        allowed = set[str]()
        for route in request.app.routes:
            if isinstance(route, Route) and route.matches(request.scope)[0] is not Match.NONE:
                allowed.update(route.methods or ())
        response.headers["Allow"] = ", ".join(sorted(allowed))
    return response


def _answer(
    request: HTTPConnection, error: HarnessError, fields: Sequence[FieldProblem] = ()
) -> Response:
    return problem_response(error, _id_of(request), fields, scope=request.scope)


def _id_of(request: HTTPConnection) -> str | None:
    return request.scope.get("state", {}).get("request_id")
