"""The routes of users, API tokens and browser sessions."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from starlette.requests import Request
from starlette.responses import Response

from harness.access import client
from harness.access.rows import Credential, User
from harness.access.sign_in import COOKIE, create_sign_in_code
from harness.access.views import (
    BrowserSessionList,
    CreatedToken,
    NewToken,
    NewUser,
    SignInCode,
    TokenList,
    UserChange,
    UserList,
)
from harness.api.caller import Caller, Role
from harness.api.context import CallerOf, Context, PathText
from harness.api.mount import root_of
from harness.api.route import Created, Route
from harness.contracts.errors import NotAllowed


async def list_users(context: Context, caller: CallerOf) -> UserList:
    """List all users."""
    return UserList(users=await client.list_users(context.connection, by=caller))


async def add_user(body: NewUser, context: Context, caller: CallerOf) -> User:
    """Add a user."""
    return await client.create_user(context.connection, body.name, body.role, by=caller)


async def change_user(user: PathText, body: UserChange, context: Context, caller: CallerOf) -> User:
    """Change a user's role, or disable or enable the user. It takes effect at once."""
    connection = context.connection
    if body.role is not None:
        await client.set_role(connection, user, body.role, by=caller)
    if body.disabled is not None:
        change = client.disable_user if body.disabled else client.enable_user
        await change(connection, user, by=caller)
    return await client.find_user(connection, user)


async def list_tokens(
    context: Context, caller: CallerOf, user: str | None = None, all: bool = False
) -> TokenList:
    """List the caller's API tokens, or those of another user or of all users, which only admins
    may. Needs a browser session or an admin."""
    _check_person(caller)
    whose = user if all else user or caller.user
    found = await client.list_tokens(context.connection, whose, by=caller)
    return TokenList(tokens=found)


async def list_browser_sessions(
    context: Context,
    caller: CallerOf,
    user: Annotated[
        str | None, Query(description="Whose, for admins; by default the caller's own.")
    ] = None,
) -> BrowserSessionList:
    """List the caller's browser sessions, or those of another user, which only admins may. Needs a
    browser session or an admin. To end one, revoke it like a token."""
    _check_person(caller)
    found = await client.list_browser_sessions(context.connection, user or caller.user, by=caller)
    return BrowserSessionList(sessions=found, current=caller.token if caller.browser else None)


def _check_person(caller: Caller) -> None:
    """An API token must not outlive itself by another one, nor end the tokens of its user."""
    if not (caller.browser or caller.role is Role.ADMIN):
        raise NotAllowed(
            "An API token cannot manage tokens.",
            fix="Sign in with a browser, or ask an admin: harness token create --user NAME",
        )


async def create_token(body: NewToken, context: Context, caller: CallerOf) -> CreatedToken:
    """Create an API token. Needs a browser session or an admin."""
    _check_person(caller)
    token, secret = await client.create_token(
        context.connection,
        user=body.user or caller.user,
        role=body.role,
        name=body.name,
        expires_in=body.expires_in,
        by=caller,
    )
    return CreatedToken(token=token, secret=secret)


async def revoke_token(token: PathText, context: Context, caller: CallerOf) -> Credential:
    """Revoke an API token or a browser session. Streams that it opened end. Needs a browser session
    or an admin."""
    _check_person(caller)
    return await client.revoke_token(context.connection, token, by=caller)


async def create_code(
    context: Context,
    caller: CallerOf,
    user: Annotated[
        str | None, Query(description="Whom it signs in, for admins; by default the caller.")
    ] = None,
) -> SignInCode:
    """Create a code that signs a browser in, once, within ten minutes: as the caller, or for admins
    as another user. Needs a browser session or an admin."""
    _check_person(caller)
    code = await create_sign_in_code(context.connection, user or caller.user, by=caller)
    return SignInCode(code=code)


async def sign_out(
    context: Context, caller: CallerOf, request: Request, response: Response
) -> Credential:
    """End the caller's browser session, and remove its cookie. Needs a browser session."""
    if not caller.browser:
        raise NotAllowed(
            "An API token cannot sign out.",
            fix="To end a token, revoke it: harness token revoke ID",
        )
    ended = await client.revoke_token(context.connection, caller.token, by=caller)
    response.delete_cookie(
        COOKIE, path=root_of(request.scope) or "/", httponly=True, samesite="strict"
    )
    return ended


ROUTES = (
    Route("GET", "/users", list_users, Role.ADMIN),
    Route("POST", "/users", add_user, Role.ADMIN, 201, creates=Created("user", "/name")),
    Route("PATCH", "/users/{user}", change_user, Role.ADMIN),
    Route("GET", "/tokens", list_tokens, Role.VIEWER),
    Route("POST", "/tokens", create_token, Role.VIEWER, 201, creates=Created("token", "/token/id")),
    Route("GET", "/browser-sessions", list_browser_sessions, Role.VIEWER),
    Route("DELETE", "/tokens/{token}", revoke_token, Role.VIEWER),
    Route("POST", "/sign-in-codes", create_code, Role.VIEWER, 201),
    Route("POST", "/sign-out", sign_out, Role.VIEWER),
)
