"""A daemon over the test's own connection, and clients of several users."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from harness import Harness
from harness.access.client import create_token, create_user
from harness.api.caller import Role
from harness.api.settings import ApiSettings
from harness.commons.certificates import load_certificates
from harness_daemon.daemon import Address, Daemon, open_daemon


@dataclass
class Api:
    """A daemon, and clients that are signed in to it."""

    daemon: Daemon
    admin: httpx.AsyncClient
    operator: httpx.AsyncClient
    viewer: httpx.AsyncClient
    """The same user as `operator`, with a token that may only read."""
    stranger: httpx.AsyncClient
    """Another operator."""
    nobody: httpx.AsyncClient
    """Without a token."""
    user: str
    tokens: dict[str, str]


async def follow(client: httpx.AsyncClient, url: str, **options: Any) -> list[tuple[str, str, str]]:
    """Read a stream to its end: (kind, id, data) of each event."""
    found: list[tuple[str, str, str]] = []
    async with client.stream("GET", url, **options) as response:
        assert response.status_code == 200, await response.aread()
        fields = dict[str, str]()
        async for line in response.aiter_lines():
            if not line:
                if "event" in fields:
                    found.append((fields["event"], fields.get("id", ""), fields["data"]))
                fields = {}
            else:
                key, _, value = line.partition(": ")
                fields[key] = value
    return found


@asynccontextmanager
async def serve_api(
    harness: Harness, settings: ApiSettings | None = None
) -> AsyncGenerator[Daemon]:
    address = Address("127.0.0.1", 0)
    async with open_daemon(harness.connection, settings or ApiSettings(), address) as daemon:
        yield daemon


@pytest.fixture
async def api(harness: Harness, name: str) -> AsyncIterator[Api]:
    connection, user = harness.connection, f"user-{name}"
    other = f"other-{name}"
    await create_user(connection, user, Role.OPERATOR)
    await create_user(connection, other, Role.OPERATOR)
    tokens = {
        "admin": (await create_token(connection))[1],
        "operator": (await create_token(connection, user=user))[1],
        "viewer": (await create_token(connection, user=user, role=Role.VIEWER))[1],
        "stranger": (await create_token(connection, user=other))[1],
    }
    async with AsyncExitStack() as stack:
        daemon = await stack.enter_async_context(serve_api(harness))

        async def client(token: str | None) -> httpx.AsyncClient:
            headers = {"Authorization": f"Bearer {token}"} if token else {}
            opened = httpx.AsyncClient(
                base_url=daemon.url, headers=headers, timeout=30, verify=load_certificates("httpx")
            )
            return await stack.enter_async_context(opened)

        clients = {each: await client(token) for each, token in tokens.items()}
        yield Api(daemon=daemon, **clients, nobody=await client(None), user=user, tokens=tokens)
