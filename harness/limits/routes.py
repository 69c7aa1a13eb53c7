"""The routes of limits."""

from __future__ import annotations

from harness.api.caller import Role
from harness.api.context import CallerOf, Context
from harness.api.route import Route
from harness.limits import client
from harness.limits.views import LimitList


async def list_limits(context: Context, caller: CallerOf) -> LimitList:
    """List the limits of models and providers, and how much of them is used."""
    kinds = ("model", "provider")
    return LimitList(limits=await client.list_limits(context.connection, kinds, by=caller))


async def list_pools(context: Context, caller: CallerOf) -> LimitList:
    """List the pools of tools, the calls that use them, and those that wait."""
    return LimitList(limits=await client.list_limits(context.connection, ("pool",), by=caller))


ROUTES = (
    Route("GET", "/limits", list_limits, Role.VIEWER),
    Route("GET", "/pools", list_pools, Role.VIEWER),
)
