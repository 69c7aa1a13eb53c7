"""Signs a browser in: a link with a code that works once, then a cookie."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import RedirectResponse, Response

from harness.access.sign_in import SESSION_SECONDS, exchange_code
from harness.api.context import Context
from harness.api.mount import root_of
from harness.api.route import PREFIX
from harness_daemon.gate import COOKIE

HOME = f"{PREFIX}/me"


def make_sign_in_router() -> APIRouter:
    """The route of the sign-in link."""
    router = APIRouter(include_in_schema=False)
    router.get("/sign-in")(sign_in)
    return router


async def sign_in(
    context: Context, request: Request, code: Annotated[str, Query(max_length=200)]
) -> Response:
    """Exchange the code of a sign-in link for a session."""
    _, secret = await exchange_code(context.connection, code)
    response = RedirectResponse(HOME, status_code=303)
    response.set_cookie(
        COOKIE,
        secret,
        max_age=SESSION_SECONDS,
        httponly=True,
        samesite="strict",
        secure=request.headers.get("x-forwarded-proto") == "https",
        path=root_of(request.scope) or "/",
    )
    return response
