"""The routes of Temporal's page and of the codec that it decodes payloads with."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated

from fastapi import Query, Request
from pydantic import BaseModel
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send
from temporalio.api.common.v1 import Payload

from harness.api.caller import Caller, Role
from harness.api.context import ApiContext, CallerOf, Context
from harness.api.mount import path_below_mount, root_of
from harness.api.route import TEMPORAL_CODEC_PATH, TEMPORAL_PATH, Route
from harness.commons.log import get_logger
from harness.contracts.errors import TemporalPageError, TemporalPageMissing
from harness.temporal_page.codec import (
    decode_payloads,
    load_payloads,
    parse_payloads,
    write_payloads,
)
from harness.temporal_page.paths import to_daemon, to_upstream
from harness.temporal_page.place import find_page
from harness.temporal_page.rewrite import MARKDOWN_POLICY, rewrite_page, rewrite_settings
from harness.temporal_page.upstream import CSRF_COOKIE, Answer, Sent, Upstream, choose_headers

PAGE_API = "/api/"
SETTINGS = "/api/v1/settings"
MARKDOWN = "/render"
BUILT = "/_app/immutable/"
"""Files whose names change with their content."""
FILES = ("/_app/", "/css/", "/codemirror/", "/i18n/")
QUERY = re.compile(r"/api/v1/namespaces/[^/]+/workflows/[^/]+/query/[^/]+")
READING = ("GET", "HEAD")
YEAR_S = 31_536_000

log = get_logger(__name__)


async def show_page(request: Request, context: Context, caller: CallerOf) -> Response:
    """Pass a request on to Temporal's page."""
    query = request.scope["query_string"].decode("latin-1")
    target = to_upstream(path_below_mount(request.scope), query)
    upstream = _find_upstream(context)
    inner = target.partition("?")[0]
    headers = request.headers
    sent = Sent(
        request.method,
        target,
        choose_headers(headers, headers.get("cookie", "")),
        await request.body(),
        compressed=_may_compress(headers.get("accept-encoding", ""), inner),
    )
    answer = await upstream.send(sent)
    _log_request(request, caller, inner, answer.status)
    try:
        response = await _pass_on(request, upstream, inner, answer)
    except BaseException:
        await answer.close()
        raise
    if answer.csrf is not None:
        # Not HttpOnly: the page's scripts send it back in a header.
        response.set_cookie(
            CSRF_COOKIE,
            answer.csrf,
            path=root_of(request.scope) + TEMPORAL_PATH,
            samesite="strict",
            secure=headers.get("x-forwarded-proto") == "https",
        )
    return response


class TemporalPagePlace(BaseModel):
    """Where Temporal's page shows this project's runs."""

    path: str
    """The page, below the daemon's address."""
    namespace: str
    """The namespace of the runs."""


async def show_place(context: Context) -> TemporalPagePlace:
    """Find Temporal's page: an event of a run is at
    `PATH/namespaces/NAMESPACE/workflows/RUN/RUN_ID/history/events/EVENT_ID`."""
    _find_upstream(context)
    return TemporalPagePlace(path=TEMPORAL_PATH, namespace=context.connection.endpoints.namespace)


def _may_compress(accepted: str, path: str) -> bool:
    """Whether the answer may be compressed: not one that is changed here."""
    return "gzip" in accepted and path != SETTINGS and path.startswith((PAGE_API, *FILES))


async def _pass_on(request: Request, upstream: Upstream, path: str, answer: Answer) -> Response:
    if answer.location is not None and 300 <= answer.status < 400:
        leads_to = to_daemon(answer.location, upstream.url)
        await answer.close()
        return Response(status_code=answer.status, headers={"Location": leads_to})
    if answer.status == 200 and request.method == "GET":
        if path == SETTINGS:
            changed = rewrite_settings(await answer.read(), root=root_of(request.scope))
            return Response(changed, media_type="application/json")
        if answer.media_type == "text/html" and path == MARKDOWN:
            policy = {"Content-Security-Policy": MARKDOWN_POLICY, "X-Frame-Options": "SAMEORIGIN"}
            return Response(await answer.read(), headers=policy, media_type="text/html")
        if answer.media_type == "text/html" and not path.startswith((PAGE_API, *FILES)):
            html = (await answer.read()).decode("utf-8", "replace")
            page, policy_of_page = rewrite_page(html, upstream.prefix, root=root_of(request.scope))
            headers = {"Content-Security-Policy": policy_of_page}
            return Response(page, headers=headers, media_type="text/html")
    passed = dict(answer.headers)
    if answer.status == 200 and path.startswith(BUILT):
        passed["Cache-Control"] = f"private, max-age={YEAR_S}, immutable"
    return _PassedAnswer(answer, passed)


class _PassedAnswer(StreamingResponse):
    """An answer of Temporal's page as it is; a browser that leaves ends the request for it."""

    def __init__(self, answer: Answer, headers: dict[str, str]) -> None:
        super().__init__(answer.stream(), status_code=answer.status, headers=headers)
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        except TemporalPageError as error:
            # The head was sent: the connection is closed, so that nobody takes the rest for whole.
            log.warning("an answer of Temporal's page broke off", reason=error.message)
        finally:
            await self._answer.close()


def _find_upstream(context: ApiContext) -> Upstream:
    url = find_page(context.connection)
    if url is None:
        raise TemporalPageMissing("The daemon does not know where Temporal's page is.")
    return context.parts.find(Upstream, lambda: Upstream(url))


def _log_request(request: Request, caller: Caller, path: str, status: int) -> None:
    """Log who looked, and always who changed something: Temporal does not know the user."""
    number = request.scope["state"]["request_id"]
    facts = {"user": caller.user, "path": path, "status": status, "request": number}
    if request.method in READING or QUERY.fullmatch(path):
        log.info("Temporal's page was read", **facts)
    else:
        log.warning("Temporal's page was used for a change", method=request.method, **facts)


async def decode(
    request: Request,
    context: Context,
    caller: CallerOf,
    preserve: Annotated[str, Query(alias="preserveStorageRefs", max_length=10)] = "false",
) -> Response:
    """Decode payloads for Temporal's page."""
    payloads = await _read_payloads(request, caller)
    converter = context.connection.temporal.data_converter
    keep = preserve == "true"
    return await _answer_payloads(await decode_payloads(converter, payloads, keep_references=keep))


async def download(request: Request, context: Context, caller: CallerOf) -> Response:
    """Load payloads that are stored outside of Temporal for its page, and decode them."""
    payloads = await _read_payloads(request, caller)
    converter = context.connection.temporal.data_converter
    return await _answer_payloads(await load_payloads(converter, payloads))


async def encode(request: Request) -> Response:
    """Give back what a person typed into Temporal's page. It is not encrypted: workers take
    encrypted results of activities to be their own, and must not be given any by this way."""
    return await _answer_payloads(parse_payloads(await request.body()))


async def _read_payloads(request: Request, caller: Caller) -> list[Payload]:
    payloads = parse_payloads(await request.body())
    log.info("payloads were decoded for Temporal's page", user=caller.user, count=len(payloads))
    return payloads


async def _answer_payloads(payloads: Sequence[Payload]) -> Response:
    return Response(await write_payloads(payloads), media_type="application/json")


PAGE_PATHS = (TEMPORAL_PATH, f"{TEMPORAL_PATH}/{{path:path}}")
ROUTES = (
    Route("GET", "/temporal-page", show_place, Role.ADMIN),
    *(
        Route(method, path, show_page, Role.ADMIN, media_type="text/html", listed=False)
        for path in PAGE_PATHS
        for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
    ),
    Route("POST", f"{TEMPORAL_CODEC_PATH}/decode", decode, Role.ADMIN, listed=False),
    Route("POST", f"{TEMPORAL_CODEC_PATH}/download", download, Role.ADMIN, listed=False),
    Route("POST", f"{TEMPORAL_CODEC_PATH}/encode", encode, Role.ADMIN, listed=False),
)
