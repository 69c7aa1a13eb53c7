"""Who leaves before the answer: the run goes on, and nothing waits for it."""

from __future__ import annotations

import asyncio
from typing import Any

from harness import Agent, Harness
from harness.access.client import create_token, revoke_token
from harness.api.caller import LOCAL
from harness.api.context import ApiContext
from harness.api.settings import ApiSettings
from harness.openai_api.follow import wait_while_connected
from tests.fakes.model_server import ModelServer
from tests.fakes.steps import Hang
from tests.integration.api.conftest import Api


async def test_nobody_follows_for_a_client_that_left(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    await harness.serve(Agent(name))
    model_server.always(Hang())
    run = await harness.start(Agent(name), "Hello.")
    left = asyncio.Event()

    async def receive() -> dict[str, Any]:
        await left.wait()
        return {"type": "http.disconnect"}

    async def never() -> None:
        await asyncio.Event().wait()

    context = ApiContext.of(harness.connection, ApiSettings(), lambda _: never())
    feeds = context.feeds
    waiting = asyncio.create_task(wait_while_connected(context, LOCAL, receive, run.id))
    await model_server.called()
    assert feeds.is_read(run.id)
    left.set()
    assert await waiting is None
    assert not feeds.is_read(run.id)
    assert not (await run.status()).state.over


async def test_a_revoked_token_reads_no_answer(
    api: Api, harness: Harness, model_server: ModelServer, name: str
) -> None:
    await harness.serve(Agent(name))
    model_server.always(Hang())
    row, secret = await create_token(harness.connection, user=api.user)
    asking = asyncio.create_task(
        api.nobody.post(
            "/v1/responses",
            json={"model": name, "input": "Hello."},
            headers={"Authorization": f"Bearer {secret}"},
        )
    )
    await model_server.called()
    await revoke_token(harness.connection, row.id)
    answer = await asking
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "access.not_signed_in")
