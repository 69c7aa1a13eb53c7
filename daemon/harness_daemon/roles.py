"""Checks the role of a request's caller before anything reads the request's body."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from functools import cache
from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.routing import APIRoute
from starlette.responses import Response

from harness.api.caller import Caller, Role
from harness.api.context import get_caller
from harness.contracts.errors import NotAllowed


@cache
def guard_route(kind: type[APIRoute], needed: Role) -> type[APIRoute]:
    """The routes of a kind that callers with a role may use. A dependency would be checked after
    the body was parsed."""

    class GuardedRoute(kind):
        def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
            handle = super().get_route_handler()

            async def handle_allowed(request: Request) -> Response:
                _check_role(await get_caller(request), needed)
                return await handle(request)

            return handle_allowed

    return GuardedRoute


def require_role(needed: Role) -> Callable[[Caller], Awaitable[None]]:
    """The dependency that does the same for a WebSocket."""

    async def check_role(caller: Annotated[Caller, Depends(get_caller)]) -> None:
        _check_role(caller, needed)

    return check_role


def _check_role(caller: Caller, needed: Role) -> None:
    if not caller.role.covers(needed):
        raise NotAllowed(f"This needs the role {needed}; the request has {caller.role}.")
