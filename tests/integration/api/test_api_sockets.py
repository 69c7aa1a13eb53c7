"""The WebSocket of a run: its events and its steering, and what it refuses."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from harness import Agent, Harness
from harness.access.client import create_token, revoke_token
from harness.api.settings import ApiSettings
from tests.fakes.model_server import ModelServer
from tests.fakes.runs import Gate, eventually, send
from tests.fakes.steps import Hang, call, say
from tests.integration.api.conftest import Api, serve_api
from tests.integration.api.streams import durable, read_until
from tests.integration.api.test_api_runs import LETTER, start
from tests.integration.api.test_api_streams import is_reset

Json = dict[str, Any]
POLICY = 1008
TOO_BIG = 1009


def address(api: Api, run: str, query: str = "", url: str | None = None) -> str:
    return f"{(url or api.daemon.url).replace('http', 'ws', 1)}/api/v1/runs/{run}/socket{query}"


@asynccontextmanager
async def joined(
    api: Api, run: str, role: str = "operator", query: str = "", url: str | None = None,
    **options: Any,
) -> AsyncGenerator[ClientConnection]:  # fmt: skip
    headers = {"Authorization": f"Bearer {api.tokens[role]}"}
    where = address(api, run, query, url)
    async with connect(where, additional_headers=headers, max_size=None, **options) as client:
        yield client


async def next_of(client: ClientConnection, kind: str) -> Json:
    """The next message of a kind; those before it are passed over."""
    while (message := json.loads(await client.recv()))["event"] != kind:
        pass
    return message


async def ask(client: ClientConnection, command: str, **more: Any) -> Json:
    await client.send(json.dumps({"command": command, "id": "q", **more}))
    answer = await next_of(client, "answer")
    assert answer["id"] == "q"
    return answer


def code_of(answer: Json) -> str:
    assert not answer["ok"]
    return answer["problem"]["code"]


async def refused(where: str, **headers: str) -> int:
    with pytest.raises(InvalidStatus) as caught:
        async with connect(where, additional_headers=headers):
            pass
    return caught.value.response.status_code


async def test_events_and_steering(
    api: Api, harness: Harness, model_server: ModelServer, name: str
) -> None:
    gate = Gate()
    await harness.serve(Agent(name, tools=[gate.tool]))
    model_server.script(call("hold", what="it"), Hang())
    run = await start(api.operator, name)
    async with joined(api, run) as client:
        assert (await next_of(client, "run_started"))["data"]["owner"] == api.user
        await gate.entered.wait()
        assert (await ask(client, "pause", reason="a look"))["ok"]
        gate.left.set()
        await _state(client, "paused")
        assert (await ask(client, "hint", text="Quick."))["ok"]
        assert (await ask(client, "resume"))["ok"]
        await _state(client, "running")
        assert (await ask(client, "abort", reason="enough"))["ok"]
        ended = await next_of(client, "run_ended")
        assert (ended["data"]["state"], ended["data"]["reason"]) == ("aborted", "enough")
        await next_of(client, "end")
        with pytest.raises(ConnectionClosed) as closed:
            await client.recv()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1000
    streamed = durable(await read_until(api.operator, run))
    async with joined(api, run) as client:
        messages = [json.loads(each) async for each in client]
    ours = [(each["event"], each["id"], each["data"]) for each in messages if "id" in each]
    assert ours == [(kind, id, json.loads(data)) for kind, id, data in streamed]
    async with joined(api, run, query=f"?after={streamed[2].id}") as client:
        rest = [json.loads(each) async for each in client]
    assert [each["id"] for each in rest if "id" in each] == [each.id for each in streamed[3:]]


async def _state(client: ClientConnection, state: str) -> None:
    while (await next_of(client, "state_changed"))["data"]["state"] != state:
        pass


async def test_two_decide_and_one_is_told(
    api: Api, harness: Harness, model_server: ModelServer, name: str
) -> None:
    await harness.serve(Agent(name, tools=[send]))
    model_server.script(call("send", **LETTER), say("Done."))
    run = await start(api.operator, name)
    async with joined(api, run) as one, joined(api, run, "admin") as other:
        asked = (await next_of(one, "decision_requested"))["data"]
        await next_of(other, "decision_requested")
        answers = await asyncio.gather(
            ask(one, "decide", item=asked["id"], verdict="approve"),
            ask(other, "decide", item=asked["id"], verdict="reject", note="no"),
        )
        assert sorted(each["ok"] for each in answers) == [False, True]
        lost = next(each for each in answers if not each["ok"])
        assert code_of(lost).startswith("steering."), lost
        await next_of(one, "run_ended")
    made = [each for each in await read_until(api.operator, run) if each.kind == "decision_made"]
    assert len(made) == 1


async def test_malformed_commands_are_answered(
    api: Api, harness: Harness, model_server: ModelServer, name: str
) -> None:
    await harness.serve(Agent(name))
    model_server.always(Hang())
    run = await start(api.operator, name)
    async with joined(api, run) as client:
        for text in ("{", "[]", "3", '"hint"', "{}", '{"command": 1}', '{"command": "fly"}', "\0"):
            await client.send(text)
            assert code_of(await next_of(client, "answer")) == "api.invalid_request", text
        for more in ({}, {"text": ""}, {"text": 1}, {"text": "x", "nonsense": 1}):
            assert code_of(await ask(client, "hint", **more)) == "api.invalid_request", more
        await client.send("[" * 100_000)
        assert code_of(await next_of(client, "answer")) == "api.invalid_request"
        await client.send(b"\x00\x01")
        assert code_of(await next_of(client, "answer")) == "api.invalid_request"
        assert code_of(await ask(client, "decide", item="x", verdict="approve")) != ""
        assert (await ask(client, "hint", text="It still works."))["ok"]
        await client.send("x" * 2_100_000)
        with pytest.raises(ConnectionClosed) as closed:
            await next_of(client, "never")
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == TOO_BIG
    assert (await api.operator.get(f"/api/v1/runs/{run}")).status_code == 200


async def test_who_may_not(
    api: Api, harness: Harness, model_server: ModelServer, name: str
) -> None:
    await harness.serve(Agent(name))
    model_server.always(Hang())
    run = await start(api.operator, name)
    async with joined(api, run, "viewer") as client:
        await next_of(client, "run_started")
        for command in ("abort", "hint", "pause", "resume", "decide"):
            answer = await ask(client, command, text="x", reason="x", item="x", verdict="approve")
            assert code_of(answer) == "access.not_allowed"
    where, operator = address(api, run), f"Bearer {api.tokens['operator']}"
    stranger = f"Bearer {api.tokens['stranger']}"
    assert await refused(where) == 403
    assert await refused(where, Authorization="Bearer hns_0123456789abcdef_AAAA") == 403
    assert await refused(where, Authorization=stranger) == 403
    assert await refused(address(api, "no-such-run"), Authorization=stranger) == 403
    evil = {"Authorization": operator, "Origin": "https://evil.example"}
    assert await refused(where, **evil) == 403
    assert await refused(where, Authorization=operator, Host="evil.example") == 403
    assert await refused(address(api, run, "?after=x"), Authorization=operator) == 403
    assert (await api.operator.get(f"/api/v1/runs/{run}")).json()["state"] == "running"


async def test_a_revoked_token_closes_the_socket(
    api: Api, harness: Harness, model_server: ModelServer, name: str
) -> None:
    await harness.serve(Agent(name))
    model_server.always(Hang())
    row, api.tokens["leaving"] = await create_token(harness.connection, user=api.user)
    run = await start(api.operator, name)
    async with joined(api, run, "leaving") as client:
        await next_of(client, "run_started")
        await revoke_token(harness.connection, row.id)
        with pytest.raises(ConnectionClosed) as closed:
            await next_of(client, "never")
    assert closed.value.rcvd is not None
    assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (POLICY, "access was revoked")


async def test_a_client_that_accepts_nothing_is_disconnected(
    api: Api, harness: Harness, model_server: ModelServer, name: str
) -> None:
    await harness.serve(Agent(name))
    model_server.script(say("x" * 3_000_000))
    run = await start(api.operator, name)
    settings = ApiSettings(slow_seconds=0.5)
    async with (
        serve_api(harness, settings) as daemon,
        joined(api, run, url=daemon.url, max_queue=1, compression=None) as stuck,
        joined(api, run, url=daemon.url) as reading,
    ):
        ended = await next_of(reading, "run_ended")
        assert len(ended["data"]["output"]) == 3_000_000
        stuck.transport.pause_reading()
        connection = stuck.transport.get_extra_info("socket")
        await eventually(lambda: is_reset(connection))
        stuck.transport.abort()
