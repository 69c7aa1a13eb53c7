"""The events of a run as a durable stream, over the socket."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
import pytest

from harness import Agent, Harness
from harness.access.client import create_token, revoke_token
from harness.durable_streams import event_log
from harness.sdk.handle import RunHandle
from tests.fakes.model_server import ModelServer
from tests.fakes.runs import send, waiting
from tests.fakes.steps import call, say
from tests.integration.api.conftest import Api


def url_of(run: str) -> str:
    return f"/api/v1/streams/runs/{run}"


async def read_sse(client: httpx.AsyncClient, url: str, offset: str) -> list[tuple[str, Any]]:
    """The events of a live read, to its end."""
    found: list[tuple[str, Any]] = []
    query = {"offset": offset, "live": "sse"}
    async with client.stream("GET", url, params=query) as response:
        assert response.headers["content-type"] == "text/event-stream"
        kind = ""
        async for line in response.aiter_lines():
            field, _, value = line.partition(":")
            if field == "event":
                kind = value.strip()
            elif field == "data":
                found.append((kind, json.loads(value)))
    return found


@pytest.fixture
async def run(harness: Harness, model_server: ModelServer, name: str) -> RunHandle[Any]:
    """A run that waits for an approval, and then ends."""
    agent = Agent(name, tools=[send])
    await harness.serve(agent)
    model_server.script(call("send", to="ann", text="hi"), say("Sent."))
    run = await harness.start(agent, "Write to Ann.")
    await waiting(run)
    return run


async def trace(api: Api, run: str) -> list[Any]:
    return (await api.admin.get(f"/api/v1/runs/{run}/trace")).json()["events"]


async def test_a_run_from_its_beginning_to_its_end(
    api: Api, harness: Harness, run: RunHandle[Any]
) -> None:
    url, client = url_of(run.id), api.admin
    head = await client.head(url)
    tail = head.headers["stream-next-offset"]
    assert "stream-closed" not in head.headers and not head.content
    begin = await client.get(url)
    assert begin.headers["stream-up-to-date"] == "true"
    assert begin.headers["stream-next-offset"] == tail
    empty = await client.get(url, params={"offset": tail})
    now = await client.get(url, params={"offset": "now"})
    assert empty.json() == now.json() == []
    # A revoked token ends a poll that waits.
    row, secret = await create_token(harness.connection)
    headers, latest = {"Authorization": f"Bearer {secret}"}, {"offset": tail, "live": "long-poll"}
    revoked = asyncio.create_task(api.nobody.get(url, params=latest, headers=headers))
    assert (await api.nobody.get("/api/v1/me", headers=headers)).status_code == 200
    await revoke_token(harness.connection, row.id)
    assert (await revoked).status_code == 401
    following = asyncio.create_task(read_sse(client, url, tail))
    polling = asyncio.create_task(client.get(url, params=latest))
    await run.approve()
    events = await following
    assert events[-1][1].keys() == {"streamNextOffset", "streamClosed", "upToDate"}
    live = [event for kind, data in events if kind == "data" for event in data]
    assert begin.json() + live == await trace(api, run.id)
    assert (await polling).json()[0] == live[0]


async def test_a_run_in_pieces(
    api: Api, run: RunHandle[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    await run.approve()
    await run.result()
    url, client = url_of(run.id), api.admin
    monkeypatch.setattr(event_log, "MAX_CHUNK_BYTES", 1_000)
    pieces: list[Any] = []
    offset, offsets, closed = "-1", list[str](), False
    while not closed:
        answer = await client.get(url, params={"offset": offset})
        pieces += answer.json()
        offset, closed = answer.headers["stream-next-offset"], "stream-closed" in answer.headers
        offsets.append(offset)
    assert pieces == await trace(api, run.id)
    assert offsets == sorted(set(offsets)) and len(offsets) > 2
    followed = await read_sse(client, url, "-1")
    assert [each for kind, data in followed if kind == "data" for each in data] == pieces
    end = await client.get(url, params={"offset": offset, "live": "long-poll"})
    assert (end.status_code, end.headers["stream-closed"]) == (204, "true")
    again = await client.get(url, params={"offset": offset})
    assert again.headers["etag"] == f'"{offset}:{offset}:closed"'  # the protocol's, not the body's
    tag = {"If-None-Match": again.headers["etag"]}
    known = await client.get(url, params={"offset": offset}, headers=tag)
    assert (known.status_code, known.headers["stream-closed"]) == (304, "true")
    assert known.headers["stream-next-offset"] == offset


async def test_what_a_reader_cannot_have_is_sent(api: Api, run: RunHandle[Any]) -> None:
    """The end of a stream moves while its body stays empty, and a stream has no body yet."""
    url, headers = url_of(run.id), {"If-None-Match": "*"}
    now = await api.admin.get(url, params={"offset": "now"}, headers=headers)
    assert (now.status_code, "etag" in now.headers) == (200, False)
    await run.approve()
    await run.result()
    live = await api.admin.get(url, params={"offset": "-1", "live": "sse"}, headers=headers)
    assert (live.status_code, "etag" in live.headers) == (200, False)
    assert "streamClosed" in live.text


async def test_requests_that_are_refused(api: Api, harness: Harness, run: RunHandle[Any]) -> None:
    url, client = url_of(run.id), api.admin
    other = await harness.start(Agent(f"{run.id}-unserved"), "Another.")
    theirs = (await client.head(url_of(other.id))).headers["stream-next-offset"]
    malformed: list[Any] = [
        {"offset": "1"}, {"offset": ""}, {"offset": "\0"}, {"offset": "x" * 500},
        {"offset": theirs}, {"live": "sse"}, {"offset": "-1", "live": "x"},
        [("offset", "-1"), ("offset", "now")], {"offset": "0" * 10 + "_" + "-" * 36 + "_1_0"},
    ]  # fmt: skip
    for query in malformed:
        answer = await client.get(url, params=query)
        assert answer.status_code == 400, (query, answer.text)
    # Someone else's run is not found, in each of the ways.
    for query in ({}, {"offset": "-1", "live": "sse"}, {"offset": "now", "live": "long-poll"}):
        assert (await api.operator.get(url, params=query)).status_code == 404
    assert (await api.operator.head(url)).status_code == 404
