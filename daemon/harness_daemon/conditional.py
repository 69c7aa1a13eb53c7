"""Routes whose answers carry an entity tag: a client that has the answer already gets 304.

`Cache-Control` stays `no-store`: no cache between may keep the content of runs, but a program that
polls sends the tag of what it has.

An answer whose own headers say how it is kept is sent as it is: streams, and answers of protocols
that make tags of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request
from fastapi.routing import APIRoute
from starlette.responses import Response

from harness.api.etags import is_cached, make_tag

NOT_MODIFIED = {"description": "The client has this answer: `If-None-Match` names its tag."}
ETAG = {
    "ETag": {
        "description": "Changes with the answer; send it as `If-None-Match`.",
        "schema": {"type": "string"},
    }
}
IF_NONE_MATCH = {
    "name": "If-None-Match",
    "in": "header",
    "required": False,
    "schema": {"type": "string"},
    "description": "The `ETag` of an earlier response: if it is still current, the status is 304.",
}


OWN_HEADERS = ("etag", "cache-control")


class ConditionalRoute(APIRoute):
    """A route that reads something and answers with JSON."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler, with a tag on its answer."""
        handle = super().get_route_handler()

        async def handle_condition(request: Request) -> Response:
            response = await handle(request)
            if response.status_code != 200 or any(name in response.headers for name in OWN_HEADERS):
                return response
            tag = make_tag(bytes(response.body))
            if is_cached(request.headers.get("if-none-match", ""), tag):
                return Response(status_code=304, headers=_headers_beside_body(response, tag))
            response.headers["ETag"] = tag
            return response

        return handle_condition


def _headers_beside_body(response: Response, tag: str) -> dict[str, str]:
    kept = {
        name: value for name, value in response.headers.items() if not name.startswith("content-")
    }
    return kept | {"ETag": tag}


def describe_condition(operation: dict[str, Any]) -> None:
    """Add to the description of an operation what a conditional route does."""
    operation.setdefault("parameters", []).append(IF_NONE_MATCH)
    operation["responses"]["200"]["headers"] = ETAG
    operation["responses"]["304"] = NOT_MODIFIED
