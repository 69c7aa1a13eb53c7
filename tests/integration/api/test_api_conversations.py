"""Conversations over HTTP: the five routes, their format, and who sees what."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from harness import Agent, Harness
from harness.conversations.client import Conversations
from tests.fakes.conversations import answered
from tests.fakes.model_server import ModelServer
from tests.fakes.runs import eventually, send
from tests.fakes.steps import call, say
from tests.integration.api.conftest import Api

CONVERSATIONS = "/api/v1/conversations"


async def create(api: Api, agent: str, **more: Any) -> dict[str, Any]:
    answer = await api.operator.post(CONVERSATIONS, json={"agent": agent, **more})
    assert answer.status_code == 201, answer.text
    return answer.json()


@pytest.fixture
async def served(harness: Harness, model_server: ModelServer, name: str) -> str:
    await harness.serve(Agent(name))
    model_server.always(say("I'd be happy to help!"))
    return name


async def test_the_five_routes(api: Api, served: str) -> None:
    made = await create(api, served, title="Hello conversation")
    assert (made["title"], made["messages"]) == ("Hello conversation", [])
    url = f"{CONVERSATIONS}/{made['id']}"
    sent = await api.operator.post(f"{url}/messages", json={"content": "Hello, can you help me?"})
    assert (sent.status_code, sent.json()["outcome"]) == (202, "started")

    async def answered() -> bool:
        return len((await api.operator.get(url)).json()["messages"]) == 2

    await eventually(answered)
    whole = (await api.operator.get(url)).json()
    said = [(each["role"], each["content"]) for each in whole["messages"]]
    assert said == [
        ("user", "Hello, can you help me?"),
        ("assistant", "I'd be happy to help!"),
    ]
    assert whole["updated_at"] >= whole["created_at"]
    page = (await api.operator.get(f"{url}/messages", params={"limit": 1})).json()
    rest = await api.operator.get(f"{url}/messages", params={"cursor": page["next"]})
    assert [each["id"] for each in page["messages"] + rest.json()["messages"]] == [
        each["id"] for each in whole["messages"]
    ]
    deleted = await api.operator.delete(url)
    assert (deleted.status_code, deleted.json()["state"]) == (200, "deleted")
    refused = await api.operator.post(f"{url}/messages", json={"content": "More?"})
    assert (refused.status_code, refused.json()["code"]) == (409, "conversations.closed")
    restored = await api.operator.patch(url, json={"archived": False})
    assert restored.json()["state"] == "active"


async def test_a_repeated_message_is_the_same_message(api: Api, served: str) -> None:
    made = await create(api, served)
    url = f"{CONVERSATIONS}/{made['id']}/messages"
    body, key = {"content": "Hello."}, {"Idempotency-Key": "message-1"}
    receipts = [(await api.operator.post(url, json=body, headers=key)).json() for _ in range(3)]
    assert len({str(each) for each in receipts}) == 1

    async def answered() -> bool:
        return len((await api.operator.get(url)).json()["messages"]) == 2

    await eventually(answered)
    assert len((await api.operator.get(url)).json()["turns"]) == 1


async def test_foreign_conversations_are_not_found(api: Api, served: str) -> None:
    made = await create(api, served, title="Mine")
    url = f"{CONVERSATIONS}/{made['id']}"
    for method, path, body in (
        ("GET", url, None),
        ("PATCH", url, {"title": "Theirs"}),
        ("DELETE", url, None),
        ("GET", f"{url}/messages", None),
        ("POST", f"{url}/messages", {"content": "Hello."}),
        ("POST", f"{url}/fork", {"message": "x"}),
        ("GET", f"{url}/export", None),
    ):
        answer = await api.stranger.request(method, path, json=body)
        assert (answer.status_code, answer.json()["code"]) == (404, "conversations.not_found"), path
    assert (await api.stranger.get(CONVERSATIONS)).json()["conversations"] == []
    found = (await api.operator.get(CONVERSATIONS, params={"text": "Mine"})).json()
    assert [each["id"] for each in found["conversations"]] == [made["id"]]


async def test_messages_that_are_none(api: Api, served: str) -> None:
    made = await create(api, served)
    url = f"{CONVERSATIONS}/{made['id']}/messages"
    for body in (
        {},
        {"content": ""},
        {"content": "  "},
        {"content": "x", "policy": "nonsense"},
        {"content": "x", "id": "\0"},
        {"content": "x", "owner": "local"},
    ):
        answer = await api.operator.post(url, json=body)
        assert answer.status_code == 400, (body, answer.text)
    for path, status in (("%00", 400), ("..%2f..", 404), ("x" * 400, 404)):
        assert (await api.operator.get(f"{CONVERSATIONS}/{path}")).status_code == status
    for cursor in ("x", "nan/x", "1/2/3", "-1/\0"):
        answer = await api.operator.get(url, params={"cursor": cursor})
        assert answer.status_code in (200, 400), cursor
        answer = await api.operator.get(CONVERSATIONS, params={"cursor": cursor})
        assert answer.status_code in (200, 400), cursor


async def test_a_message_sent_again_says_why_it_was_not_answered(
    api: Api, harness: Harness, served: str
) -> None:
    made = await create(api, served)
    url = f"{CONVERSATIONS}/{made['id']}"
    await harness.connection.database.fetch("DELETE FROM harness.agent WHERE name = %s", (served,))
    for _ in range(2):
        sent = await api.operator.post(f"{url}/messages", json={"content": "Hi.", "id": "m1"})
        assert (sent.status_code, sent.json()["outcome"]) == (202, "not_answered")
        assert sent.json()["error"]["code"] == "config.unknown_agent"
    [turn] = (await api.viewer.get(url)).json()["recent"]
    assert (turn["message"], turn["line"]) == ("m1", "Hi.")


async def test_what_is_being_answered_is_read(
    api: Api, harness: Harness, name: str, model_server: ModelServer
) -> None:
    await harness.serve(Agent(name, tools=[send]))
    model_server.script(call("send", to="ann", text="hi"), say("Sent."))
    made = await create(api, name)
    url = f"{CONVERSATIONS}/{made['id']}"
    body = {"content": "Write to ann.\nSoon.", "id": "m1"}
    run = (await api.operator.post(f"{url}/messages", json=body)).json()["run"]

    async def answering() -> dict[str, Any]:
        return (await api.viewer.get(url)).json()["answering"]

    asked = await eventually(answering, lambda found: bool(found and found["pending"]))
    assert {key: asked[key] for key in ("message", "content", "run", "state")} == {
        "message": "m1", "content": body["content"], "run": run, "state": "running",
    }  # fmt: skip
    [pending] = asked["pending"]
    assert (pending["tool"], pending["arguments"]) == ("send", {"to": "ann", "text": "hi"})
    assert (await api.stranger.get(url)).status_code == 404
    done = await api.operator.post(f"/api/v1/runs/{run}/abort", json={"reason": "enough"})
    assert done.status_code < 300, done.text


async def test_a_message_chooses_its_model_and_budget(
    api: Api, harness: Harness, served: str, model_server: ModelServer
) -> None:
    made = await create(api, served)
    url = f"{CONVERSATIONS}/{made['id']}/messages"
    for more in (
        {"model": "nonsense"},
        {"model": ""},
        {"model": "openai/\x1b[2J"},
        {"model": "openai/" + "x" * 100_000},
        {"model": {"provider": "openai"}},
        {"budget": {"turns": 0}},
        {"budget": {"tokens": -1}},
        {"budget": {"cost_micros": 10**400}},
        {"budget": {"seconds": 1e300}},
        {"budget": {"seconds": 0}},
        {"budget": {"hours": 1}},
        {"budget": 5},
        {"workspace": "/etc"},
    ):
        answer = await api.operator.post(url, json={"content": "x", **more})
        assert answer.status_code == 400, (more, answer.text[:300])
        assert len(answer.text) < 2_000, more
    allowed = {"content": "x", "model": "openai/gpt-5", "budget": {"turns": 1}}
    answers = [await each.post(url, json=allowed) for each in (api.stranger, api.viewer)]
    assert [each.status_code for each in answers] == [404, 403]
    assert (await api.operator.get(url)).json()["messages"] == []

    unknown = {"content": "x", "model": "nobody/knows"}
    sent = await api.operator.post(url, json=unknown)
    assert sent.status_code == 202
    view = await answered(Conversations(harness.connection), made["id"], 1)
    assert view.turns[0].state == "failed"
    assert (await api.operator.post(url, json=allowed)).status_code == 202
    view = await answered(Conversations(harness.connection), made["id"], 2)
    assert view.turns[1].state == "completed"
    assert model_server.calls[-1].body["model"] == "gpt-5"


async def test_a_conversation_is_followed_through_its_runs(api: Api, served: str) -> None:
    made = await create(api, served)
    url = f"{CONVERSATIONS}/{made['id']}"

    async def read(ends: int, after: str | None = None) -> list[tuple[str, str]]:
        """Durable events up to the end of that many runs: (kind, id)."""
        found, kind, id = list[tuple[str, str]](), "", ""
        headers = {"Last-Event-ID": after} if after else {}
        async with api.operator.stream("GET", f"{url}/events", headers=headers) as response:
            assert response.status_code == 200
            async for line in response.aiter_lines():
                name, _, value = line.partition(": ")
                if name == "id":
                    id = value
                elif name == "event":
                    kind = value
                elif not line:
                    found += [(kind, id)] if id else []
                    if kind == "run_ended" and sum(k == kind for k, _ in found) == ends:
                        return found
                    kind = id = ""
        raise AssertionError("the stream ended")

    reading = asyncio.create_task(read(2))
    await api.operator.post(f"{url}/messages", json={"content": "One."})
    await api.operator.post(f"{url}/messages", json={"content": "Two."})
    whole = await reading
    assert [id for kind, id in whole if kind == "run_started"] == [
        id for _, id in whole if id.endswith("/1/0")
    ]
    cut = next(number for number, (kind, _) in enumerate(whole) if kind == "model_replied")
    assert await read(2, whole[cut][1]) == whole[cut + 1 :]
    for cursor in ("x", "1/x", "9/" + whole[0][1][2:], "0/" + whole[0][1][2:], "1" * 9):
        answer = await api.operator.get(f"{url}/events", headers={"Last-Event-ID": cursor})
        assert (answer.status_code, answer.json()["code"]) == (400, "api.unknown_cursor"), cursor
    assert (await api.stranger.get(f"{url}/events")).status_code == 404
