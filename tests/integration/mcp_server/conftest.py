"""The official MCP client, signed in to a daemon."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx2
import pytest
from mcp import Client, types
from mcp.client.streamable_http import streamable_http_client

from tests.integration.api.conftest import Api
from tests.integration.api.conftest import api as api

LEGACY, MODERN = "legacy", "2026-07-28"
BOTH = pytest.mark.parametrize("mode", [pytest.param(LEGACY, marks=pytest.mark.slow), MODERN])


@dataclass
class Person:
    """Who answers the questions of a client."""

    says: types.ElicitResult
    asked: list[types.ElicitRequestFormParams] = field(
        default_factory=list[types.ElicitRequestFormParams]
    )

    async def answer(self, _: Any, params: types.ElicitRequestParams) -> types.ElicitResult:
        assert isinstance(params, types.ElicitRequestFormParams)
        self.asked.append(params)
        return self.says


def say_yes(**content: Any) -> Person:
    return Person(types.ElicitResult(action="accept", content=content))


Connect = Callable[..., AbstractAsyncContextManager[Client]]


@pytest.fixture
def connect(api: Api) -> Connect:
    @asynccontextmanager
    async def open_client(
        token: str = "operator", mode: str = MODERN, person: Person | None = None
    ) -> AsyncGenerator[Client]:
        headers = {"Authorization": f"Bearer {api.tokens.get(token, token)}"}
        async with httpx2.AsyncClient(headers=headers, timeout=30) as http:
            transport = streamable_http_client(f"{api.daemon.url}/mcp", http_client=http)
            asks = person.answer if person else None
            async with Client(transport, mode=mode, elicitation_callback=asks) as client:
                yield client

    return open_client


async def use(client: Client, tool: str, **arguments: Any) -> dict[str, Any]:
    """Call a tool that must succeed."""
    result = await client.call_tool(tool, arguments)
    assert not result.is_error, result.content
    return result.structured_content


async def refuse(client: Client, tool: str, **arguments: Any) -> str:
    """Call a tool that must fail; return the error's code."""
    result = await client.call_tool(tool, arguments)
    assert result.is_error, result.content
    return result.structured_content["code"]
