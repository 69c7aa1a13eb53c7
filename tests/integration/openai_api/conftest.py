"""The official client, signed in to a daemon as several users."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass

import pytest
from openai import AsyncOpenAI

from tests.integration.api.conftest import Api
from tests.integration.api.conftest import api as api


@dataclass
class Clients:
    """The official client, of two users."""

    operator: AsyncOpenAI
    stranger: AsyncOpenAI


@pytest.fixture
async def clients(api: Api) -> AsyncIterator[Clients]:
    async with AsyncExitStack() as stack:

        async def client(token: str) -> AsyncOpenAI:
            opened = AsyncOpenAI(
                api_key=api.tokens[token],
                base_url=f"{api.daemon.url}/v1",
                max_retries=2,
                timeout=30,
            )
            return await stack.enter_async_context(opened)

        yield Clients(operator=await client("operator"), stranger=await client("stranger"))
