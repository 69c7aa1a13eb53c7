"""Attacks on the live socket."""

from __future__ import annotations

import asyncio
import json

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from harness import Agent, Harness
from harness.access.client import create_token, revoke_token
from harness.api.settings import ApiSettings
from harness.page.live import MAX_TEXT, MOST_TOPICS
from tests.fakes.model_server import ModelServer
from tests.fakes.runs import eventually
from tests.fakes.steps import Hang, say
from tests.integration.api.conftest import Api, serve_api
from tests.integration.api.streams import read_until
from tests.integration.api.test_api_conversations import create
from tests.integration.api.test_api_runs import start
from tests.integration.api.test_api_streams import is_reset
from tests.integration.page.sockets import address, opened

POLICY = 1008
TOO_BIG = 1009


async def test_others_things_look_as_if_they_were_not_there(
    api: Api, harness: Harness, model_server: ModelServer, name: str
) -> None:
    await harness.serve(Agent(name))
    model_server.always(say("Hello."))
    run, chat = await start(api.operator, name), (await create(api, name))["id"]
    own = await start(api.stranger, name)
    async with opened(api, "stranger") as live:
        for topic in (f"run/{run}", f"looking/{run}", "run/no-such-run", "looking/no-such-run"):
            await live.follow(topic)
            assert await live.error(topic) == "run.not_found", topic
        for topic in (f"conversation/{chat}", "conversation/none"):
            await live.follow(topic)
            assert await live.error(topic) == "conversations.not_found", topic
        for id in ("%00", "a%00b", "%ff", "x" * 300, "%2e%2e", "..%2f..%2fapprovals", run + "%20"):
            await live.follow(f"run/{id}")
            assert await live.error(f"run/{id}") == "run.not_found", id
        await live.follow(f"run/{own}")
        ended = await live.next_of(f"run/{own}", "run_ended")
        await live.follow(f"run/{own}", "nonsense")
        assert await live.error(f"run/{own}") == "api.unknown_cursor"
        await live.follow(f"runs?owner={api.user}")
        rows = await live.next_of(f"runs?owner={api.user}", "rows")
        assert rows["data"] == {"runs": []}
        await live.follow("runs?query=HarnessState='completed'")
        assert await live.error("runs?query=HarnessState='completed'") == "access.not_allowed"
    async with opened(api, "admin") as live:
        await live.follow(f"run/{run}", ended["id"])  # the cursor of another run
        assert await live.error(f"run/{run}") == "api.unknown_cursor"
        await live.follow(f"run/{run}")
        await live.next_of(f"run/{run}", "end")


async def test_malformed_messages_are_answered(api: Api) -> None:
    async with opened(api, "viewer") as live:
        texts = (
            "", "{", "[]", "3", "null", '"follow"', "{}", "\0", "[" * 10_000,
            '{"do": "follow"}', '{"do": "follow", "topic": 1}', '{"do": "follow", "topic": ""}',
            '{"do": "steer", "topic": "approvals"}', '{"topic": "approvals"}',
            '{"do": "follow", "topic": "approvals", "nonsense": 1}',
            '{"do": "follow", "topic": "approvals", "after": 1}',
            json.dumps({"do": "follow", "topic": "x" * 9_000}),
            json.dumps({"do": "follow", "topic": "approvals", "after": "x" * 2_000}),
            '{"do": "follow", "topic": "\\ud800"}',
        )  # fmt: skip
        for text in texts:
            await live.client.send(text)
            assert await live.error(None) == "api.invalid_request", text
        await live.client.send(b"\x00\x01")
        assert await live.error(None) == "api.invalid_request"
        await live.client.send("x" * (MAX_TEXT + 1))
        assert await live.error(None) == "api.too_large"
        unknown = (
            "x", "run", "run/", "runs/", "run?x", "approvals/", "approvals?x=1", "conversation/",
            "looking/", "runsx", "Run/x", " run/x", "run\n/x", '"', "\u2028",
            "runs?limit=0", "runs?limit=501", "runs?limit=x", "runs?state=flying", "runs?since=1",
            "conversation/x?turn=0", "conversation/x?turn=1%20", "conversation/x?turn=9999999",
            "conversation/x?turn=1&turn=2", "conversation/x?number=1", "conversation/?turn=1",
            "runs?owner=" + "x" * 201, "runs?" + "a=1&" * 60, "runs?state=",
        )  # fmt: skip
        for topic in unknown:
            await live.follow(topic)
            assert await live.error(topic) == "api.invalid_request", topic
        await live.follow("runs?cursor=x")
        assert await live.error("runs?cursor=x") == "api.unknown_cursor"
        await live.follow("approvals", "nonsense")
        await live.next_of("approvals", "ready")
        await live.client.send("x" * 2_100_000)
        with pytest.raises(ConnectionClosed) as closed:
            await live.next_of("approvals", "never")
    assert closed.value.rcvd is not None and closed.value.rcvd.code == TOO_BIG


async def test_who_may_not(api: Api) -> None:
    where, operator = address(api.daemon.url), f"Bearer {api.tokens['operator']}"
    cookie = "harness_session=" + (await _sign_in(api))
    refused = (
        {},
        {"Authorization": "Bearer hns_0123456789abcdef_AAAA"},
        {"Authorization": operator, "Origin": "https://evil.example"},
        {"Authorization": operator, "Host": "evil.example"},
        {"Cookie": cookie},  # the page of another program does not say where it is from
        {"Cookie": cookie, "Origin": "https://evil.example"},
        {"Cookie": cookie, "Origin": "null"},
        {"Cookie": cookie, "Origin": api.daemon.url, "Sec-Fetch-Site": "cross-site"},
        {"Cookie": cookie, "Origin": api.daemon.url, "Sec-Fetch-Site": "same-site"},
    )
    for headers in refused:
        with pytest.raises(InvalidStatus) as caught:
            async with connect(where, additional_headers=headers):
                pass
        assert caught.value.response.status_code == 403, headers
    own = {"Cookie": cookie, "Origin": api.daemon.url}
    async with connect(where, additional_headers=own) as client:
        assert json.loads(await client.recv())["event"] == "alive"  # a page is told at once
        await client.send('{"do": "follow", "topic": "approvals"}')
        assert json.loads(await client.recv())["event"] == "reset"


async def _sign_in(api: Api) -> str:
    answer = await api.nobody.get(await api.daemon.make_sign_in_link())
    return answer.cookies["harness_session"]


async def test_a_revoked_token_closes_the_socket(api: Api, harness: Harness) -> None:
    row, api.tokens["leaving"] = await create_token(harness.connection, user=api.user)
    async with opened(api, "leaving") as live:
        await live.follow("approvals")
        await live.next_of("approvals", "ready")
        await revoke_token(harness.connection, row.id)
        with pytest.raises(ConnectionClosed) as closed:
            await live.next_of("approvals", "never")
    assert closed.value.rcvd is not None
    assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (POLICY, "access was revoked")


@pytest.mark.slow
async def test_most_topics_and_a_burst(
    api: Api, harness: Harness, model_server: ModelServer, name: str
) -> None:
    await harness.serve(Agent(name))
    model_server.always(Hang())
    run = await start(api.operator, name)
    own = [f"run/{run}#{number}" for number in range(MOST_TOPICS)]
    async with opened(api) as live:
        for topic in own:
            await live.follow(topic)
        await live.follow("approvals")
        assert await live.error("approvals") == "api.invalid_request"
        await live.follow(own[0])  # replaced
        await live.next_of(own[0], "run_started")
        await live.leave(own[1])
        await live.follow("approvals")
        await live.next_of("approvals", "ready")
    async with opened(api) as live:
        before = asyncio.all_tasks()
        for _ in range(167):
            for topic in (f"run/{run}", f"looking/{run}", "runs?limit=1"):
                await live.follow(topic)
                await live.leave(topic)
        await live.follow("approvals")
        await live.next_of("approvals", "ready")
        await eventually(lambda: _name_new(before), lambda names: len(names) < 40)
        await live.follow(f"looking/{run}")
        assert (await live.next_of(f"looking/{run}", "looking"))["data"] == {"users": []}


async def _name_new(before: set[asyncio.Task[object]]) -> list[str]:
    """What runs now and did not before, so that a failure names it."""
    return sorted(str(each.get_coro()) for each in asyncio.all_tasks() - before)


@pytest.mark.slow
async def test_a_client_that_accepts_nothing_is_disconnected(
    api: Api, harness: Harness, model_server: ModelServer, name: str
) -> None:
    await harness.serve(Agent(name))
    model_server.script(say("x" * 3_000_000))
    run = await start(api.operator, name)
    await read_until(api.operator, run)
    settings = ApiSettings(slow_seconds=0.5)
    async with serve_api(harness, settings) as daemon:
        client = opened(api, url=daemon.url, max_queue=1, compression=None)
        flooding = (await client.__aenter__()).client
        flooding.transport.pause_reading()
        with pytest.raises((ConnectionClosed, OSError)):
            while True:  # each is answered, and nothing is read
                await flooding.send("{" + "x" * 15_000)
        flooding.transport.abort()
    async with (
        serve_api(harness, settings) as daemon,
        opened(api, url=daemon.url, max_queue=1, compression=None) as stuck,
        opened(api, url=daemon.url) as reading,
    ):
        stuck.client.transport.pause_reading()
        for number in range(3):
            await stuck.follow(f"run/{run}" if not number else f"runs?limit={number}")
        await reading.follow(f"run/{run}")
        await reading.next_of(f"run/{run}", "end")
        connection = stuck.client.transport.get_extra_info("socket")
        await eventually(lambda: is_reset(connection))
        stuck.client.transport.abort()
