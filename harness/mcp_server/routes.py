"""The routes of MCP over streamable HTTP."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from fastapi import Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from harness.api.caller import Caller, Role
from harness.api.context import ApiContext, CallerOf, Context
from harness.api.route import EVENTS, MCP_PATH, OtherAnswer, Route
from harness.commons.extras import require_extra
from harness.contracts.errors import InvalidRequest
from harness.mcp_server.server import make_server
from harness.mcp_server.sessions import McpSessions, TokenSessions

if TYPE_CHECKING:
    from mcp.server import ServerRequestContext


JSON = "application/json"
NO_MESSAGE = (
    b'{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"The body is not one request, '
    b'notification or response of JSON-RPC."}}'
)
"""The answer to other JSON, in JSON-RPC's own form."""


async def send_mcp(request: Request, context: Context, caller: CallerOf) -> Response:
    """Speak MCP (streamable HTTP): send a message; its answer is JSON or a stream."""
    kind = request.headers.get("content-type", "")
    if kind.partition(";")[0].strip().lower() != JSON:  # the SDK's answer to it has no type itself
        raise InvalidRequest(
            f"The body is {kind[:100]!r}." if kind else "The body has no Content-Type.",
            fix=f"Send `Content-Type: {JSON}`.",
        )
    return await _exchange(request, context, caller)


def _is_message(body: bytes) -> bool:
    """Whether a body is a message of JSON-RPC. One that is no JSON passes: the SDK's answer to that
    is short, unlike its answer to other JSON, which lists what each kind of message would need."""
    from mcp_types import jsonrpc_message_adapter
    from pydantic import ValidationError

    try:
        jsonrpc_message_adapter.validate_json(body, by_name=False)
    except ValidationError as error:
        return error.errors(include_url=False, include_input=False)[0]["type"] == "json_invalid"
    return True


async def listen_mcp(request: Request, context: Context, caller: CallerOf) -> Response:
    """Speak MCP (streamable HTTP): receive what the server sends outside of calls."""
    return await _exchange(request, context, caller)


async def end_mcp(request: Request, context: Context, caller: CallerOf) -> Response:
    """Speak MCP (streamable HTTP): end a session."""
    return await _exchange(request, context, caller)


async def _exchange(request: Request, context: ApiContext, caller: Caller) -> Response:
    require_extra("mcp", "MCP", "mcp")
    body = await request.body()  # here, because the SDK would answer a body too large in its way
    if request.method == "POST" and not _is_message(body):
        return Response(NO_MESSAGE, status_code=400, media_type=JSON)
    make = partial(make_server, context, find_caller)
    sessions = context.parts.find(McpSessions, lambda: McpSessions(context, make))
    return McpExchange(await sessions.open(caller), body)


def find_caller(request: ServerRequestContext[Any, Any]) -> Caller:
    """Who makes a request: the gate has checked it, for each request of a session."""
    assert request.request is not None
    caller = request.request.scope["state"]["caller"]
    assert isinstance(caller, Caller)
    return caller


class McpExchange(Response):
    """The answer of the SDK's transport to one request."""

    def __init__(self, sessions: TokenSessions, body: bytes) -> None:
        super().__init__()
        self._sessions = sessions
        self._request_body = body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        given = False

        async def receive_again() -> Message:
            nonlocal given
            if given:
                return await receive()
            given = True
            return {"type": "http.request", "body": self._request_body, "more_body": False}

        await self._sessions.serve(scope, receive_again, send)


ROUTES = (
    Route(
        "POST",
        MCP_PATH,
        send_mcp,
        Role.VIEWER,
        answer=dict[str, Any],
        also=(EVENTS, OtherAnswer(202, None)),
    ),
    Route("GET", MCP_PATH, listen_mcp, Role.VIEWER, media_type="text/event-stream"),
    Route("DELETE", MCP_PATH, end_mcp, Role.VIEWER),
)
