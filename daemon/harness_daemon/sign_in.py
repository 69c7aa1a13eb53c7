"""Signs a browser in: a link with a code that works once, then a cookie.

The answer leads to the page, so that the code leaves the browser's address and history.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import RedirectResponse, Response

from harness.access.authenticate import authenticate
from harness.access.client import revoke_token
from harness.access.sign_in import COOKIE, SESSION_SECONDS, exchange_code
from harness.api.context import ApiContext, Context
from harness.api.mount import root_of
from harness.api.route import SIGN_IN_PATH
from harness.commons.log import get_logger
from harness.contracts.errors import NotSignedIn, StoreError
from harness_daemon.cookie import session_secret
from harness_daemon.page.page import wants_html

HOME = "/"
EXPIRED = f"{HOME}?sign-in=expired"
"""Where the page says that the link has been used, or is too old."""

log = get_logger(__name__)


def make_sign_in_router() -> APIRouter:
    """The route of the sign-in link."""
    router = APIRouter(include_in_schema=False)
    router.get(SIGN_IN_PATH)(sign_in)
    return router


async def sign_in(
    context: Context, request: Request, code: Annotated[str, Query(max_length=200)]
) -> Response:
    """Exchange the code of a sign-in link for a session."""
    try:
        _, secret = await exchange_code(context.connection, code)
    except NotSignedIn:
        if wants_html(request.headers):
            return RedirectResponse(EXPIRED, status_code=303)
        raise
    await _end_replaced(context, request)
    response = RedirectResponse(HOME, status_code=303)
    secure = "https" in (request.url.scheme, request.headers.get("x-forwarded-proto"))
    response.set_cookie(
        COOKIE,
        secret,
        max_age=SESSION_SECONDS,
        httponly=True,
        samesite="strict",
        secure=secure,
        path=root_of(request.scope) or "/",
    )
    return response


async def _end_replaced(context: ApiContext, request: Request) -> None:
    """End the session whose cookie the new one replaces: nobody could end it later from here."""
    old = session_secret(request.headers)
    if old is None:
        return
    try:
        replaced = await authenticate(context.connection, old)
        if replaced is not None:
            await revoke_token(context.connection, replaced.token, by=replaced)
    except StoreError as error:  # the code is used up: the new session matters more
        log.warning("a replaced session was not ended", error=error.message)
