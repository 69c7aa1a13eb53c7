"""Signs a browser in: a link with a code that works once, then a cookie.

The answer leads to the page, so that the code leaves the browser's address and history.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import RedirectResponse, Response

from harness.access.sign_in import COOKIE, SESSION_SECONDS, exchange_code
from harness.api.context import Context
from harness.api.mount import root_of
from harness.api.route import SIGN_IN_PATH
from harness.contracts.errors import NotSignedIn
from harness_daemon.page.page import wants_html

HOME = "/"
EXPIRED = f"{HOME}?sign-in=expired"
"""Where the page says that the link has been used, or is too old."""


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
