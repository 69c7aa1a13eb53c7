"""Entity tags: what a client has already is not sent again, and no change overwrites another."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from harness import Agent, Harness
from harness.access.client import revoke_token
from tests.fakes.model_server import ModelServer
from tests.fakes.runs import eventually, send
from tests.fakes.steps import call, say
from tests.integration.api.conftest import Api
from tests.integration.api.test_api_runs import start

CONVERSATIONS = "/api/v1/conversations"


async def get(
    client: httpx.AsyncClient, url: str, tag: str | None = None
) -> tuple[int, str | None, bytes]:
    headers = {} if tag is None else {"If-None-Match": tag}
    answer = await client.get(url, headers=headers)
    return answer.status_code, answer.headers.get("ETag"), answer.content


async def test_a_run_is_sent_again_when_it_has_changed(
    api: Api, harness: Harness, model_server: ModelServer, name: str
) -> None:
    await harness.serve(Agent(name, tools=[send]))
    model_server.script(call("send", to="ann", text="hi"), say("Sent."))
    run = await start(api.operator, name)
    url = f"/api/v1/runs/{run}"
    await eventually(lambda: api.operator.get(url), lambda got: got.json()["state"] == "waiting")
    status, tag, _ = await get(api.operator, url)
    assert status == 200
    assert tag is not None
    for same in (tag, f"W/{tag}", f'"x", {tag}', "*"):
        assert await get(api.operator, url, same) == (304, tag, b"")
    for other in ('"x"', tag.strip('"'), '"', ""):
        assert (await get(api.operator, url, other))[0] == 200
    # The card is kept by now, and the tag is known: neither lets anyone see what they must not.
    assert (await get(api.stranger, url, tag))[0] == 404
    assert (await get(api.nobody, url, tag))[0] == 401
    decided = await api.operator.post(f"{url}/decide", json={"verdict": "approve"})
    assert decided.status_code == 200
    assert (await get(api.operator, url, tag))[0] == 200
    result = await api.operator.get(f"{url}/result", params={"wait": 30})
    assert (await get(api.operator, f"{url}/result", result.headers["ETag"]))[0] == 304
    ended, last, _ = await get(api.operator, url, tag)
    assert (ended, last != tag) == (200, True)
    for list_url in ("/api/v1/runs", "/api/v1/agents", CONVERSATIONS):
        _, found, _ = await get(api.operator, list_url)
        assert (await get(api.operator, list_url, found))[0] in (200, 304)
        assert found is not None
    assert (await api.operator.get(f"{url}/events")).headers.get("ETag") is None
    await revoke_token(harness.connection, api.tokens["operator"].split("_")[1])
    assert (await get(api.operator, url, last))[0] == 401


@pytest.fixture
async def conversation(api: Api, harness: Harness, model_server: ModelServer, name: str) -> str:
    await harness.serve(Agent(name))
    model_server.always(say("Hello."))
    made = await api.operator.post(CONVERSATIONS, json={"agent": name, "title": "First"})
    return f"{CONVERSATIONS}/{made.json()['id']}"


async def rename(api: Api, url: str, title: str, tag: str) -> dict[str, Any]:
    headers = {"If-Match": tag}
    answer = await api.operator.patch(url, json={"title": title}, headers=headers)
    return {"status": answer.status_code, **answer.json()}


async def test_a_change_needs_what_was_read(api: Api, conversation: str) -> None:
    _, tag, _ = await get(api.operator, conversation)
    assert tag is not None
    for wrong in ('"x"', f"W/{tag}", "x"):
        refused = await rename(api, conversation, "Wrong", wrong)
        assert (refused["status"], refused["code"]) == (412, "conversations.changed")
    assert (await get(api.operator, conversation, tag))[0] == 304
    both = await asyncio.gather(*(rename(api, conversation, each, tag) for each in ("A", "B")))
    assert sorted(each["status"] for each in both) == [200, 412]
    title = next(each["title"] for each in both if each["status"] == 200)
    assert (await api.operator.get(conversation)).json()["title"] == title
    refused = await api.operator.delete(conversation, headers={"If-Match": tag})
    assert refused.status_code == 412
    _, tag, _ = await get(api.operator, conversation)
    deleted = await api.operator.delete(conversation, headers={"If-Match": f'"x", {tag}'})
    assert (deleted.status_code, deleted.json()["state"]) == (200, "deleted")
    assert (await rename(api, conversation, "Any", "*"))["status"] == 200
    foreign = await api.stranger.patch(conversation, json={}, headers={"If-Match": "*"})
    assert foreign.status_code == 404
