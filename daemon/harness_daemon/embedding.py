"""The API inside an app of somebody else."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

from starlette.types import ASGIApp

from harness.access.authenticate import authenticate
from harness.access.revocations import Revocations
from harness.api.context import ApiContext
from harness.api.settings import ApiSettings
from harness.sdk.local import Harness
from harness_daemon.app import make_app
from harness_daemon.hosts import Hosts
from harness_daemon.page.page import Page


@asynccontextmanager
async def open_api(harness: Harness, *, hosts: Iterable[str]) -> AsyncGenerator[ASGIApp]:
    """Open the HTTP API as an ASGI app, to mount in an app of yours, until the block ends: its
    streams end then, and their readers resume elsewhere. Users and tokens are those of
    `harness serve`, and no request passes without one.

    Args:
        harness: What the API serves the runs of.
        hosts: The names under which your app is reached, as the `Host` header has them, with the
            port if it is not the usual one: requests for others are refused. Those of the setting
            `api.hosts` are added.
    """
    connection = harness.connection
    settings = connection.settings.section(ApiSettings)
    async with AsyncExitStack() as stack:
        revocations = Revocations(connection)
        stack.push_async_callback(revocations.close)
        context = ApiContext.of(connection, settings, revocations.wait_revoked)
        stack.push_async_callback(context.parts.close)
        names = Hosts((*hosts, *settings.hosts))
        yield make_app(context, partial(authenticate, connection), names, Page.find())
