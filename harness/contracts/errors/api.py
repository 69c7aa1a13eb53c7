"""How a request to the API can fail before it reaches a run."""

from __future__ import annotations

from harness.contracts.errors.base import HarnessError


class ApiError(HarnessError):
    """A request is refused before it reaches what it names."""

    http_status = 400


class WrongOrigin(ApiError):
    """The request names a host that is not the daemon's, or comes from a page of another site. A
    page could otherwise use the session of a browser that is signed in."""

    code = "api.wrong_origin"
    fix = "Use the daemon's own address, or add the public one to api.hosts."
    http_status = 403


class InvalidRequest(ApiError):
    """The request is malformed: a field has the wrong type or form, a header is missing, or its
    body is not JSON."""

    code = "api.invalid_request"
    fix = "Correct the request; /api/v1/openapi.json describes it."


class RequestTooLarge(ApiError):
    """The body of the request is larger than the daemon accepts."""

    code = "api.too_large"
    fix = "Send less in one request."
    http_status = 413


class RequestTooSlow(ApiError):
    """The body of the request did not arrive in time."""

    code = "api.too_slow"
    fix = "Send the request again over a faster connection."
    http_status = 408


class TooManyCalls(ApiError):
    """The caller has too many costly requests open at once, or has begun too many within a minute:
    tool calls of MCP, uploads, tests of models, replays, trials of policies and gates, reads of the
    activity log, live sockets, or what they follow. A tool call that waits for a run can stay open
    after its client has disconnected, until its waiting time is over."""

    code = "api.too_many_calls"
    fix = "Wait until some of them have ended."
    retryable = True
    http_status = 429


class RouteNotFound(ApiError):
    """No route has this path."""

    code = "api.no_route"
    fix = "See the routes: /api/v1/openapi.json"
    http_status = 404


class MethodNotAllowed(ApiError):
    """The route exists, but does not accept this method."""

    code = "api.wrong_method"
    fix = "See the methods: /api/v1/openapi.json"
    http_status = 405


class CursorUnknown(ApiError):
    """The cursor is malformed or belongs to another run or list."""

    code = "api.unknown_cursor"
    fix = "Start again without a cursor."


class ServerFault(ApiError):
    """The daemon failed in an unexpected way. Its log has the traceback under the request's id."""

    code = "api.fault"
    fix = "Look for the request id in the daemon's log."
    http_status = 500
