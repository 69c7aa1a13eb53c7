"""The API inside an app of somebody else: mounted under a prefix, with its own rules unchanged."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from harness import Agent, Harness
from harness.access.client import create_token, revoke_token
from harness.access.sign_in import create_sign_in_code
from harness.api.counts import Counts
from harness.config.settings import settings_model
from harness_daemon.embedding import open_api
from harness_daemon.server import listen_on, serve_app
from tests.fakes.model_server import ModelServer
from tests.fakes.steps import Hang, say
from tests.integration.api.conftest import Api, follow
from tests.integration.api.test_api_runs import start

PREFIX = "/agents"
ENDLESS = "/api/v1/approvals/events"


@asynccontextmanager
async def embedded(harness: Harness) -> AsyncGenerator[str]:
    """An app that mounts the API in its lifespan, as the how-to shows; its address."""
    listening = listen_on("127.0.0.1", 0)
    where = f"127.0.0.1:{listening.getsockname()[1]}"

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
        async with open_api(harness, hosts=[where]) as api:
            app.mount(PREFIX, api)
            yield

    app = FastAPI(lifespan=lifespan)

    @app.get("/hello")
    async def hello() -> str:
        return "theirs"

    async with (
        app.router.lifespan_context(app),
        serve_app(app, listening, 5.0, 5.0, Counts()),
    ):
        yield f"http://{where}"
    listening.close()


def make_client(url: str, headers: dict[str, str] | None = None) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=url, headers=headers, timeout=30)


async def test_a_mounted_api(
    api: Api, harness: Harness, model_server: ModelServer, name: str
) -> None:
    await harness.serve(Agent(name))
    model_server.script(say("Done."))
    token = {"Authorization": f"Bearer {api.tokens['operator']}"}
    async with embedded(harness) as url, make_client(url, token) as client:
        assert (await client.get("/hello")).json() == "theirs"
        assert (await client.get(f"{PREFIX}/health/ready")).json()["ready"]
        document = (await client.get(f"{PREFIX}/api/v1/openapi.json")).json()
        assert document["servers"] == [{"url": PREFIX}]
        assert "/api/v1/runs" in document["paths"]
        started = await client.post(f"{PREFIX}/api/v1/runs", json={"agent": name, "prompt": "x"})
        assert started.status_code == 201
        run = started.json()["id"]
        assert started.headers["location"] == f"{PREFIX}/api/v1/runs/{run}"
        events = await follow(client, f"{PREFIX}/api/v1/runs/{run}/events")
        assert events[-1][0] == "end"
        socket = f"ws{url[4:]}{PREFIX}/api/v1/runs/{run}/socket"
        async with connect(socket, additional_headers=token) as following:
            assert json.loads(await following.recv())["event"] == "run_started"
        missing = (await client.get(f"{PREFIX}/api/v1/runs/seven")).json()
        page = await client.get(missing["type"])
        assert (page.status_code, page.json()["code"]) == (200, "run.not_found")
        unknown = (await client.get(f"{PREFIX}/v1/models/seven")).json()
        assert unknown["error"]["code"] == "config.unknown_agent"


async def test_a_mounted_api_lets_nobody_in(api: Api, harness: Harness) -> None:
    async with embedded(harness) as url, make_client(url) as client:
        operator = {"Authorization": f"Bearer {api.tokens['operator']}"}
        for path in ("/api/v1/me", "/%61pi/v1/me", "/health/live/../../api/v1/me", "/health/live/"):
            assert (await client.get(f"{PREFIX}{path}")).status_code == 401, path
        hidden = await client.get("/%61gents/api/v1/me")  # the prefix, written in another way
        assert hidden.status_code in (401, 404)
        for headers in ({"Host": "evil.example"}, {"Origin": "https://evil.example"}):
            answer = await client.get(f"{PREFIX}/api/v1/me", headers=operator | headers)
            assert (answer.status_code, answer.json()["code"]) == (403, "api.wrong_origin")
        code = await create_sign_in_code(harness.connection)
        signed_in = await client.get(f"{PREFIX}/sign-in", params={"code": code})
        assert signed_in.status_code == 303
        assert signed_in.headers["location"] == f"{PREFIX}/"
        assert f"Path={PREFIX};" in signed_in.headers["set-cookie"], "not for the rest of the site"
        assert (await client.get(f"{PREFIX}/api/v1/me")).json()["user"] == "local"
        out = await client.post(f"{PREFIX}/api/v1/sign-out", headers={"Origin": url})
        assert f"Path={PREFIX};" in out.headers["set-cookie"]
        assert (await client.get(f"{PREFIX}/api/v1/me")).status_code == 401
        used = await client.get(
            f"{PREFIX}/sign-in", params={"code": code}, headers={"Accept": "text/html"}
        )
        assert used.headers["location"] == f"{PREFIX}/?sign-in=expired"


async def test_hosts_are_those_named_and_those_of_the_setting(
    api: Api, harness: Harness, options: dict[str, Any]
) -> None:
    settings = settings_model().model_validate({**options, "api": {"hosts": ["inside.example"]}})
    set_up = Harness(replace(harness.connection, settings=settings))
    token = {"Authorization": f"Bearer {api.tokens['operator']}"}
    async with embedded(set_up) as url, make_client(url, token) as client:
        for host, status in (("inside.example", 200), ("outside.example", 403)):
            answer = await client.get(f"{PREFIX}/api/v1/me", headers={"Host": host})
            assert answer.status_code == status, host


async def test_a_revoked_token_ends_an_open_stream(api: Api, harness: Harness) -> None:
    row, secret = await create_token(harness.connection, user=api.user)
    token = {"Authorization": f"Bearer {secret}"}
    async with (
        embedded(harness) as url,
        make_client(url, token) as client,
        client.stream("GET", f"{PREFIX}{ENDLESS}") as response,
    ):
        lines = response.aiter_lines()
        assert await anext(lines) == "event: reset"
        await revoke_token(harness.connection, row.id)
        async for _ in lines:
            pass  # it ends
        assert (await client.get(f"{PREFIX}/api/v1/me")).status_code == 401


async def test_streams_end_with_the_block(
    api: Api, harness: Harness, model_server: ModelServer, name: str
) -> None:
    """While the app that the API is mounted in still serves."""
    await harness.serve(Agent(name))
    model_server.always(Hang())
    run = await start(api.operator, name)
    listening = listen_on("127.0.0.1", 0)
    where = f"127.0.0.1:{listening.getsockname()[1]}"
    token = {"Authorization": f"Bearer {api.tokens['operator']}"}
    app = FastAPI()
    async with (
        serve_app(app, listening, 5.0, 5.0, Counts()),
        make_client(f"http://{where}", token) as client,
        AsyncExitStack() as stack,
    ):
        async with open_api(harness, hosts=[where]) as mounted:
            app.mount(PREFIX, mounted)
            response = await stack.enter_async_context(client.stream("GET", f"{PREFIX}{ENDLESS}"))
            lines = response.aiter_lines()
            assert await anext(lines) == "event: reset"
            url = f"ws://{where}{PREFIX}/api/v1/runs/{run}/socket"
            socket = await stack.enter_async_context(connect(url, additional_headers=token))
            assert json.loads(await socket.recv())["event"] == "run_started"
        async for _ in lines:
            pass  # it ends
        with pytest.raises(ConnectionClosed):
            while True:
                await socket.recv()
        assert socket.close_code == 1012
    listening.close()
