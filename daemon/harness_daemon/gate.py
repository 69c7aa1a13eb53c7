"""What every request passes first: nothing is parsed or run before the caller is known.

Plain ASGI, because a framework's middleware sees a request only after it has been routed.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from harness.access.secret import TOKEN
from harness.api.caller import Caller
from harness.api.mount import path_below_mount, root_of
from harness.api.route import SIGN_IN_PATH
from harness.contracts.errors import (
    HarnessError,
    InvalidRequest,
    NotSignedIn,
    OtherUser,
    WrongOrigin,
)
from harness_daemon.bodies import Bounds, limit_body
from harness_daemon.cookie import secret_of, session_secret
from harness_daemon.hosts import Hosts
from harness_daemon.page.page import Page
from harness_daemon.refusals import send_problem
from harness_daemon.stack_watch import StackWatch

Authenticate = Callable[[str], Awaitable[Caller | None]]

OPEN_PATHS = frozenset({"/health/live", "/health/ready", SIGN_IN_PATH})
"""What may be requested without signing in, beside the page."""
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
USER_HEADER = "x-harness-user"
"""Names the user for whom a page was loaded."""

SECURITY_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"content-security-policy", b"default-src 'self'; frame-ancestors 'none'; base-uri 'none'"),
    (b"cross-origin-resource-policy", b"same-origin"),
)


class Gate:
    """Checks host, origin and token, bounds the body and the wait, and numbers the request."""

    def __init__(
        self,
        app: ASGIApp,
        authenticate: Authenticate,
        hosts: Hosts,
        page: Page,
        watch: StackWatch,
        *,
        body: Bounds,
        file: Bounds,
        takes_file: Callable[[str, str], bool],
    ) -> None:
        self._app = app
        self._authenticate = authenticate
        self._hosts = hosts
        self._page = page
        self._watch = watch
        self._body, self._file = body, file
        self._takes_file = takes_file

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = _read_headers(scope)
        request_id = _request_id(headers)
        scope["state"] = {**scope.get("state", {}), "request_id": request_id}
        send = _with_headers(send, request_id, root_of(scope))
        refuse = partial(send_problem, scope, send, request_id=request_id)
        app = partial(self._check_and_pass, headers)
        await self._watch.run(app, scope, receive, send, refuse)

    async def _check_and_pass(
        self, headers: Mapping[str, str], scope: Scope, receive: Receive, send: Send
    ) -> None:
        request_id = scope["state"]["request_id"]
        try:
            scope["path"] = _encoded_path(scope)
            _check_query(scope)
            self._hosts.check_host(headers.get("host"))
            self._hosts.check_origin(headers.get("origin"))
            page = self._page.answer(scope, headers)
            caller = await self._admit(scope, headers) if page is None else None
        except HarnessError as error:
            await send_problem(scope, send, error, request_id)
            return
        if page is not None:
            await page(scope, receive, send)
            return
        scope["state"]["caller"] = caller
        if scope["type"] == "http":
            takes_file = self._takes_file(scope["method"], path_below_mount(scope))
            bounds = self._file if takes_file else self._body
            receive = limit_body(receive, headers, bounds)
        await self._app(scope, receive, send)

    async def _admit(self, scope: Scope, headers: Mapping[str, str]) -> Caller | None:
        path, site = path_below_mount(scope), headers.get("sec-fetch-site")
        if path in OPEN_PATHS:
            _check_site(site)
            if path == SIGN_IN_PATH and site == "same-origin":
                # A link in a page, which may come from a run, would sign its reader in as somebody
                # else.
                raise WrongOrigin("A page links here: open the sign-in link by hand.")
            return None
        if bearer := _bearer(headers):
            caller = await self._authenticate(bearer)
        elif session := session_secret(headers):
            _check_same_site(scope, headers)
            caller = await self._authenticate(session)
            _check_same_user(scope, headers, caller)
        else:
            caller = None
        if caller is None:
            raise NotSignedIn("The request carries no valid token.")
        return caller


def _read_headers(scope: Scope) -> dict[str, str]:
    """The headers; of one that is repeated, all values, so that no check passes by one of them."""
    found: dict[str, list[str]] = {}
    for name, value in scope["headers"]:
        found.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))
    return {name: ", ".join(values) for name, values in found.items()}


def _bearer(headers: Mapping[str, str]) -> str | None:
    scheme, _, secret = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        return None
    return secret_of(TOKEN, secret.strip())


def _check_same_site(scope: Scope, headers: Mapping[str, str]) -> None:
    """Browsers attach the cookie automatically, so the sender must not be a page of another site.
    The origin, if any, was checked; what changes something, or opens a socket, needs one."""
    site = headers.get("sec-fetch-site")
    _check_site(site)
    changes = scope["type"] == "websocket" or scope["method"] not in SAFE_METHODS
    if changes and site is None and "origin" not in headers:
        raise WrongOrigin("The request does not say which page it comes from.")


def _check_same_user(scope: Scope, headers: Mapping[str, str], caller: Caller | None) -> None:
    """All tabs of a browser share its cookie, so one may have signed in as somebody else since a
    page was loaded: its reader must not act in that name."""
    meant = headers.get(USER_HEADER)
    changes = scope["type"] == "http" and scope["method"] not in SAFE_METHODS
    if changes and caller is not None and meant is not None and meant != caller.user:
        raise OtherUser("Another tab of this browser has signed in as somebody else.")


def _check_site(site: str | None) -> None:
    if site is not None and site not in ("same-origin", "none"):
        raise WrongOrigin("The request comes from a page of another site.")


def _request_id(headers: Mapping[str, str]) -> str:
    given = headers.get("x-request-id", "")
    return given if REQUEST_ID.fullmatch(given) else secrets.token_hex(8)


def _encoded_path(scope: Scope) -> str:
    """The path as it was sent. Decoded by the server, `%2F` in a run's id would be a separator;
    routes decode their own segments."""
    raw: bytes = scope.get("raw_path") or scope["path"].encode()
    try:
        return raw.decode("ascii")
    except UnicodeDecodeError:
        raise InvalidRequest("The path has bytes that are not percent-encoded.") from None


def _check_query(scope: Scope) -> None:
    """Postgres keeps no NUL, and nothing that a query names has one: a route that passed it on
    would seem to have found an outage."""
    if b"%00" in scope["query_string"]:
        raise InvalidRequest(
            "A parameter of the query contains a NUL character (%00).", fix="Remove the character."
        )


def _below(root: str, header: tuple[bytes, bytes]) -> tuple[bytes, bytes]:
    name, value = header
    return (name, root.encode() + value) if name.lower() == b"location" else header


def _with_headers(send: Send, request_id: str, root: str) -> Send:
    """A `send` that adds headers. Addresses in ours are complete where another app mounts this one
    under `root`."""
    added: list[Any] = [*SECURITY_HEADERS, (b"x-request-id", request_id.encode())]

    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            if root:
                message["headers"] = [_below(root, each) for each in message["headers"]]
            given = {name.lower() for name, _ in message["headers"]}
            more = [each for each in added if each[0] not in given]
            if b"cache-control" not in given:
                more.append((b"cache-control", b"no-store"))
            message["headers"] = [*message["headers"], *more]
        await send(message)

    return send_with_headers
