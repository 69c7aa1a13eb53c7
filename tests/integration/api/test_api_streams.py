"""A reader of a run's stream comes back, elsewhere and later, and misses nothing."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from harness import Agent, Harness
from harness.api.settings import ApiSettings
from harness.archive import sweep
from harness.history import retries
from tests.fakes.model_server import ModelServer
from tests.fakes.runs import Gate, eventually, look
from tests.fakes.steps import call, fail, say, stall
from tests.integration.api.conftest import Api, serve_api
from tests.integration.api.streams import (
    Sent,
    after,
    durable,
    iterate_events,
    opened,
    path_of,
    read_until,
)
from tests.integration.api.test_api_runs import start
from tests.integration.conftest import Engine
from tests.integration.effects.test_effects_once import reset

TEXT = "one two three four"


@asynccontextmanager
async def another_daemon(
    api: Api, harness: Harness, settings: ApiSettings | None = None
) -> AsyncGenerator[httpx.AsyncClient]:
    """A client of another daemon, signed in as the operator."""
    async with serve_api(harness, settings) as daemon:
        headers = {"Authorization": f"Bearer {api.tokens['operator']}"}
        async with httpx.AsyncClient(base_url=daemon.url, headers=headers, timeout=30) as client:
            yield client


async def check_every_cursor(client: httpx.AsyncClient, run: str, whole: list[Sent]) -> None:
    """Every cursor is answered with exactly what follows it."""
    for number, event in enumerate(whole):
        rest = await read_until(client, run, cursor=event.id)
        assert durable(rest) == whole[number + 1 :]


def shown_text(events: list[Sent]) -> str:
    """The text on the screen of a reader that shows deltas and applies resets."""
    shown = ""
    for kind, _, data in events:
        if kind in ("model_called", "output_reset"):
            shown = ""
        elif kind == "output_delta":
            shown += json.loads(data)["text"]
    return shown


async def test_the_same_live_sealed_and_forked(
    api: Api, harness: Harness, later: Harness, model_server: ModelServer, name: str
) -> None:
    await harness.serve(Agent(name, tools=[look]))
    model_server.script(call("look", place="north"), say("Nothing there."))
    run = await start(api.operator, name)
    whole = durable(await read_until(api.operator, run))
    await check_every_cursor(api.operator, run, whole)
    model_server.script(say("South, then."))
    forked = await api.operator.post(f"/api/v1/runs/{run}/fork", json={"at": 1, "hint": "South?"})
    fork = forked.json()["id"]
    of_fork = durable(await read_until(api.operator, fork))
    await check_every_cursor(api.operator, fork, of_fork)
    foreign = await api.operator.get(path_of(fork), headers=after(whole[1].id))
    assert (foreign.status_code, foreign.json()["code"]) == (400, "api.unknown_cursor")
    for each in (run, fork):
        await sweep.seal_run(harness.connection, each)
    async with another_daemon(api, later) as past:
        await check_every_cursor(past, run, whole)
        await check_every_cursor(past, fork, of_fork)
        foreign = await past.get(path_of(fork), headers=after(whole[1].id))
        assert (foreign.status_code, foreign.json()["code"]) == (400, "api.unknown_cursor")


async def test_a_reader_moves_in_the_middle_of_a_reply(
    api: Api, harness: Harness, model_server: ModelServer, name: str
) -> None:
    """To the same daemon, to a second one that reads along, and to one that starts afterwards."""
    await harness.serve(Agent(name))
    model_server.script(stall(TEXT))
    run = await start(api.operator, name)
    async with opened(api.operator, run) as events:
        first: list[Sent] = []
        while not first or first[-1].kind != "output_delta":
            first.append(await anext(events))
        async with another_daemon(api, harness) as second:
            for client in (api.operator, second):
                rest = await read_until(client, run, "output_delta", durable(first)[-1].id)
                assert [each.kind for each in rest] == ["output_reset", "output_delta"]
                assert shown_text(first + rest) == shown_text(first) != ""
    async with another_daemon(api, harness) as third:
        rest = asyncio.create_task(read_until(third, run, cursor=durable(first)[-1].id))
        await third.post(f"/api/v1/runs/{run}/hint", json={"text": "Go on.", "interrupt": True})
        model_server.script(say(TEXT))
        events = first + await rest
    assert shown_text(events) == TEXT
    assert durable(events) == durable(await read_until(api.operator, run))


async def test_a_stream_goes_on_while_temporal_restarts(
    api: Api, harness: Harness, engine: Engine, model_server: ModelServer, name: str
) -> None:
    gate = Gate()
    await harness.serve(Agent(name, tools=[gate.tool]))
    model_server.script(call("hold", what="it"), say(TEXT))
    run = await start(api.operator, name)
    following = asyncio.create_task(read_until(api.operator, run))
    await gate.entered.wait()
    await engine.kill()
    gate.left.set()
    await engine.back()
    whole = await following
    await check_every_cursor(api.operator, run, durable(whole))
    assert [each.kind for each in whole].count("tool_call_finished") == 1


async def test_a_reset_continues_after_every_cursor(
    api: Api, harness: Harness, model_server: ModelServer, name: str
) -> None:
    """Also after the end of the old branch, which readers no longer get once it is not the end."""
    await harness.serve(Agent(name, tools=[look]))
    model_server.script(call("look", place="north"), say("First."))
    run = await start(api.operator, name)
    before = durable(await read_until(api.operator, run))
    model_server.script(say("Second."))
    await reset(harness, harness.get_run(run), task=2)
    whole = durable(await read_until(api.operator, run))
    kept = len(before) - 1
    assert whole[:kept] == before[:-1]
    await check_every_cursor(api.operator, run, whole)
    for cursor, known in ((before[-1].id, kept), (before[0].id, 1)):
        assert durable(await read_until(api.operator, run, cursor=cursor)) == whole[known:]


async def test_a_silent_stream_sends_comments(
    api: Api, harness: Harness, model_server: ModelServer, name: str
) -> None:
    await harness.serve(Agent(name))
    model_server.script(stall(TEXT))
    run = await start(api.operator, name)
    settings = ApiSettings(heartbeat_seconds=0.2)
    async with another_daemon(api, harness, settings) as client, opened(client, run) as events:
        comments = list[str]()
        async for event in events:
            comments += [event.data] if event.kind == ":" else []
            if len(comments) == 2:
                break
    assert comments == [": still here"] * 2


async def test_a_reader_that_accepts_nothing_is_disconnected(
    api: Api, harness: Harness, model_server: ModelServer, name: str
) -> None:
    """And its neighbour gets everything."""
    await harness.serve(Agent(name))
    model_server.script(say("x" * 3_000_000))
    run = await start(api.operator, name)
    async with another_daemon(api, harness, ApiSettings(slow_seconds=0.5)) as client:
        stuck = request_without_reading(client, path_of(run))
        try:
            whole = await read_until(client, run)
            assert len(shown_text(whole)) == 3_000_000
            await eventually(lambda: is_reset(stuck))
        finally:
            stuck.close()


def request_without_reading(client: httpx.AsyncClient, path: str) -> socket.socket:
    address = urlsplit(str(client.base_url))
    opened = socket.socket()
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    opened.connect((address.hostname, address.port))
    lines = (
        f"GET {path} HTTP/1.1",
        f"Host: {address.netloc}",
        f"Authorization: {client.headers['authorization']}",
    )
    opened.sendall("\r\n".join((*lines, "", "")).encode())
    return opened


async def is_reset(connection: socket.socket) -> bool:
    """Whether the other side has dropped the connection: closing it would wait for the reader."""
    info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)
    (state,) = struct.unpack("B", info)
    return state == 7  # TCP_CLOSE


async def test_readers_share_what_is_read(
    api: Api, harness: Harness, model_server: ModelServer, name: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """One watch for retries a run, however many read it; all are told."""
    asked = 0
    real = retries.list_retries

    async def counted(*given: Any) -> Any:
        nonlocal asked
        asked += 1
        return await real(*given)

    monkeypatch.setattr(retries, "list_retries", counted)
    monkeypatch.setattr(retries, "POLL_S", 0.3)
    await harness.serve(Agent(name))
    model_server.always(fail(500, retry_after=600))
    run = await start(api.operator, name)
    readers = [
        asyncio.create_task(read_until(api.operator, run, "attempt_failed")) for _ in range(30)
    ]
    async with opened(api.operator, run) as events:
        told = {(await _first(events, "attempt_failed")).data}
        told |= {found[-1].data for found in await asyncio.gather(*readers)}
        told |= {(await read_until(api.operator, run, "attempt_failed"))[-1].data}
    assert len(told) == 1
    assert asked < 30


async def _first(events: AsyncGenerator[Sent], kind: str) -> Sent:
    while (event := await anext(events)).kind != kind:
        pass
    return event


@pytest.mark.slow
async def test_many_readers_and_many_events(
    api: Api, harness: Harness, model_server: ModelServer, name: str
) -> None:
    await harness.serve(Agent(name, tools=[look]))
    rounds = [call("look", place=str(number)) for number in range(20)]
    model_server.script(*rounds, say(TEXT, pieces=18))
    run = await start(api.operator, name)
    first, *others = await asyncio.gather(*(read_until(api.operator, run) for _ in range(20)))
    assert len(durable(first)) > 80
    for other in others:
        assert durable(other) == durable(first)
        assert shown_text(other) == TEXT


async def test_a_cursor_that_is_not_one(
    api: Api, harness: Harness, model_server: ModelServer, name: str
) -> None:
    await harness.serve(Agent(name))
    model_server.script(say(TEXT))
    run = await start(api.operator, name)
    for wrong in ("x", "1/2/3", f"{'0' * 36}/1/0", f"{'0' * 36}/99999999999/0"):
        answer = await api.operator.get(path_of(run), params={"after": wrong})
        assert (answer.status_code, answer.json()["code"]) == (400, "api.unknown_cursor"), wrong


async def test_a_stream_without_a_run(api: Api) -> None:
    async with api.operator.stream("GET", path_of("no-such-run")) as response:
        assert response.status_code == 404
        assert [each async for each in iterate_events(response)] == []
