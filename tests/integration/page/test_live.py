"""The live socket: many topics on one connection, and what a reconnect gets."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from urllib.parse import quote

import pytest
from websockets.exceptions import ConnectionClosed

from harness import Agent, Harness
from tests.fakes.model_server import ModelServer
from tests.fakes.runs import Gate, look, send
from tests.fakes.steps import Hang, call, say
from tests.integration.api.conftest import Api, serve_api
from tests.integration.api.streams import durable, read_until
from tests.integration.api.test_api_conversations import CONVERSATIONS, create
from tests.integration.api.test_api_runs import LETTER, start
from tests.integration.page.sockets import opened

RESTART = 1012


@pytest.mark.slow
async def test_topics_share_a_connection(
    api: Api, harness: Harness, model_server: ModelServer, name: str
) -> None:
    await harness.serve(Agent(name, tools=[send]))
    model_server.always(
        lambda body: say("Done.") if "function_call_output" in str(body["input"][-1])
        else call("send", **LETTER)
    )  # fmt: skip
    chat = (await create(api, name))["id"]
    await api.operator.post(f"{CONVERSATIONS}/{chat}/messages", json={"content": "Write to Ann."})
    run = await start(api.operator, name, id=f"{name}/a run")
    topics = (f"run/{quote(run, safe='')}", f"conversation/{chat}", "approvals")
    async with opened(api) as live:
        for topic in topics:
            await live.follow(topic)
        asked = {"run": False, "conversation": False, "approvals": 0}
        while not (asked["run"] and asked["conversation"] and asked["approvals"] >= 2):
            message = await live.receive()
            kind = message["topic"].partition("/")[0]
            if message["event"] == "decision_requested":
                asked[kind] = True
            elif message["event"] == "waiting":
                asked["approvals"] += 1
        path = f"/api/v1/runs/{quote(run, safe='')}/decide"
        assert (await api.operator.post(path, json={"verdict": "approve"})).status_code == 200
        await live.next_of(topics[0], "end")
        settled = next(
            (each for each in live.read if each["event"] == "settled"), None
        ) or await live.next_of("approvals", "settled")
        assert settled["data"]["run"] == run
        streamed = durable(await read_until(api.operator, quote(run, safe="")))
        assert live.durable(topics[0]) == [
            (kind, id, json.loads(data)) for kind, id, data in streamed
        ]
        # A topic that has ended can be followed again, from where the client is.
        await live.leave(topics[0])
        live.read.clear()
        await live.follow(topics[0], streamed[2].id)
        await live.next_of(topics[0], "end")
        assert [id for _, id, _ in live.durable(topics[0])] == [each.id for each in streamed[3:]]


async def test_a_topic_is_left_and_replaced(
    api: Api, harness: Harness, model_server: ModelServer, name: str
) -> None:
    gate = Gate()
    await harness.serve(Agent(name, tools=[gate.tool]))
    model_server.script(call("hold", what="it"), say("Done."))
    run = await start(api.operator, name)
    topic = f"run/{run}"
    async with opened(api) as live:
        await live.follow(topic)
        await live.next_of(topic, "tool_call_started")
        await live.follow(topic)  # again, from the beginning
        await live.next_of(topic, "run_started")
        await live.next_of(topic, "tool_call_started")
        await live.leave(topic)
        await live.leave(topic)  # not followed: nothing to do
        await live.follow("approvals")
        await live.next_of("approvals", "ready")
        gate.left.set()
        await read_until(api.operator, run)
        await live.follow("run/no-such-run")
        await live.error("run/no-such-run")
        assert not any(each["event"] == "run_ended" for each in live.read)


async def test_readers_of_one_socket_have_their_own_place(
    api: Api, harness: Harness, model_server: ModelServer, name: str
) -> None:
    await harness.serve(Agent(name))
    model_server.script(say("Done."))
    run = await start(api.operator, name)
    streamed = durable(await read_until(api.operator, run))
    one, other = f"run/{run}#a", f"run/{run}#b"
    async with opened(api) as live:
        await live.follow(one)
        await live.next_of(one, "end")
        await live.follow(other, streamed[1].id)
        await live.next_of(other, "end")
        assert [id for _, id, _ in live.durable(one)] == [each.id for each in streamed]
        assert [id for _, id, _ in live.durable(other)] == [each.id for each in streamed[2:]]
        await live.follow("run/#a")
        assert await live.error("run/#a") == "api.invalid_request"


async def test_a_restart_repeats_and_loses_nothing(
    api: Api, harness: Harness, model_server: ModelServer, name: str
) -> None:
    gate = Gate()
    await harness.serve(Agent(name, tools=[gate.tool]))
    model_server.script(call("hold", what="one"), call("hold", what="two"), say("Done."))
    run = await start(api.operator, name)
    topic, read = f"run/{run}", list[tuple[str, str, Any]]()
    async with serve_api(harness) as daemon, asyncio.timeout(30):
        live_client = opened(api, url=daemon.url)
        live = await live_client.__aenter__()
        await live.follow(topic)
        await live.follow("approvals")
        await live.next_of(topic, "tool_call_started")
        read += live.durable(topic)
    with pytest.raises(ConnectionClosed) as closed:
        await live.next_of(topic, "never")
    assert closed.value.rcvd is not None and closed.value.rcvd.code == RESTART
    await live_client.__aexit__(None, None, None)
    read = live.durable(topic)
    gate.left.set()
    async with serve_api(harness) as daemon, opened(api, url=daemon.url) as live:
        await live.follow(topic, read[-1][1])
        await live.next_of(topic, "end")
        read += live.durable(topic)
    streamed = durable(await read_until(api.operator, run))
    assert read == [(kind, id, json.loads(data)) for kind, id, data in streamed]


async def test_a_conversation_resumes(
    api: Api, harness: Harness, model_server: ModelServer, name: str
) -> None:
    await harness.serve(Agent(name))
    model_server.always(say("Hello."))
    chat = (await create(api, name))["id"]
    topic, path = f"conversation/{chat}", f"{CONVERSATIONS}/{chat}/messages"
    async with opened(api) as live:
        await live.follow(topic)
        await api.operator.post(path, json={"content": "Hi."})
        last = await live.next_of(topic, "run_ended")
    await api.operator.post(path, json={"content": "Hi again."})
    async with opened(api) as live:
        await live.follow(topic, last["id"])
        await live.next_of(topic, "run_ended")
        events = live.durable(topic)
    assert events[0][0] == "run_started" and events[0][1].startswith("2/")
    assert len({id for _, id, _ in events}) == len(events)
    async with opened(api) as live:
        await live.follow(f"{topic}?turn=2")
        await live.next_of(f"{topic}?turn=2", "run_ended")
        assert live.durable(f"{topic}?turn=2") == events


@pytest.mark.slow
async def test_one_topic_does_not_hold_up_another(
    api: Api, harness: Harness, model_server: ModelServer, name: str
) -> None:
    """A run with much to send, and one that has hung."""
    await harness.serve(Agent(name))
    model_server.script(say("x" * 3_000_000), Hang())
    large = await start(api.operator, name)
    await read_until(api.operator, large)
    small = await start(api.operator, name)
    async with opened(api, max_queue=1, compression=None) as live:
        await live.follow(f"run/{large}")
        await live.follow(f"run/{small}")
        await live.follow("runs?limit=1")
        await live.next_of("runs?limit=1", "rows")
        await live.follow(f"run/{large}")
        await live.next_of(f"run/{large}", "end")


@pytest.mark.slow
async def test_what_is_ready_shares_messages(
    api: Api, harness: Harness, model_server: ModelServer, name: str
) -> None:
    """A reader has the same events whether they come together or not, and resumes from any."""
    await harness.serve(Agent(name, tools=[look]))
    model_server.script(call("look", place="a"), call("look", place="b"), say("Done."))
    run = await start(api.operator, name)
    topic = f"run/{run}"
    streamed = durable(await read_until(api.operator, run))
    expected = [(kind, id, json.loads(data)) for kind, id, data in streamed]
    async with opened(api) as live:
        await live.follow(topic)
        await live.next_of(topic, "end")
        assert len(live.sizes) < len(live.read) / 2
        assert live.durable(topic) == expected
        for place, (_, id, _) in enumerate(expected):
            live.read.clear()
            await live.follow(topic, id)
            await live.next_of(topic, "end")
            assert live.durable(topic) == expected[place + 1 :]
