"""The stream of what waits for people, across runs."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager
from typing import Any

import httpx
import pytest
from temporalio.common import SearchAttributeKey, SearchAttributePair, TypedSearchAttributes

from harness import Agent, Harness
from harness.access.client import create_token, revoke_token
from harness.api.settings import ApiSettings
from harness.contracts.run import WORKFLOW
from harness.runs import waiting as follower
from tests.fakes.model_server import ModelServer
from tests.fakes.runs import eventually, send
from tests.fakes.steps import call, say
from tests.integration.api.conftest import Api, serve_api
from tests.integration.api.streams import Sent, after, iterate_events
from tests.integration.api.test_api_runs import start

PATH = "/api/v1/approvals/events"


@asynccontextmanager
async def opened(
    client: httpx.AsyncClient, cursor: str = "", **options: Any
) -> AsyncGenerator[AsyncGenerator[Sent]]:
    headers = after(cursor) if cursor else {}
    async with client.stream("GET", PATH, headers=headers, **options) as response:
        assert response.status_code == 200, await response.aread()
        async with aclosing(iterate_events(response)) as events:
            yield events


async def take(events: AsyncGenerator[Sent], run: str, *kinds: str) -> list[Sent]:
    """The next events about a run, which are of these kinds; others are of other tests' runs."""
    found: list[Sent] = []
    while len(found) < len(kinds):
        event = await anext(events)
        if json.loads(event.data).get("run") == run:
            found.append(event)
    assert [each.kind for each in found] == list(kinds)
    return found


async def snapshot(events: AsyncGenerator[Sent]) -> tuple[list[Sent], Sent]:
    """What waits at the beginning of a stream, and its last event."""
    assert (await anext(events)).kind == "reset"
    found: list[Sent] = []
    async for event in events:
        if event.kind == "ready":
            return found, event
        found.append(event)
    raise AssertionError("the stream ended")


async def asking(api: Api, model_server: ModelServer, name: str) -> tuple[str, dict[str, Any]]:
    """A run of the operator that waits, and what it asks."""
    run = await start(api.operator, name)
    path = f"/api/v1/runs/{run}/pending"

    async def read() -> list[dict[str, Any]]:
        return (await api.operator.get(path)).json()["pending"]

    return run, (await eventually(read))[0]


async def test_waits_come_and_go(
    api: Api, harness: Harness, model_server: ModelServer, name: str
) -> None:
    await harness.serve(Agent(name, tools=[send]))
    model_server.always(
        lambda body: say("Done.") if "function_call_output" in str(body["input"][-1])
        else call("send", to="ann", text="hi")
    )  # fmt: skip
    async with opened(api.operator) as events, opened(api.stranger) as theirs:
        nothing, ready = await snapshot(events)
        assert nothing == [] and json.loads(ready.data) == {"waiting": 0}
        assert (await snapshot(theirs))[0] == []
        run, pending = await asking(api, model_server, name)
        (waiting,) = await take(events, run, "waiting")
        shown = json.loads(waiting.data)
        assert shown["agent"] == name and shown["pending"]["id"] == pending["id"]
        assert shown["pending"]["arguments"] == {"to": "ann", "text": "hi"}
        decided = await api.operator.post(f"/api/v1/runs/{run}/decide", json={"verdict": "approve"})
        assert decided.status_code == 200
        (settled,) = await take(events, run, "settled")
        assert json.loads(settled.data)["how"] in ("decided", "ended")  # it may have ended by then
        later, _ = await asking(api, model_server, name)
        await take(events, later, "waiting")
        # Everybody's own: a stranger sees none of these, an admin all.
        own = await start(api.stranger, name)
        assert json.loads((await anext(theirs)).data)["run"] == own
        async with opened(api.admin) as all_events:
            everything, _ = await snapshot(all_events)
            assert {later, own} <= {json.loads(each.data)["run"] for each in everything}
    async with opened(api.operator, settled.id) as events:
        await take(events, later, "waiting")  # exactly what followed
        aborted = await api.operator.post(f"/api/v1/runs/{later}/abort", json={})
        assert aborted.status_code == 202
        (ended,) = await take(events, later, "settled")
        assert json.loads(ended.data)["how"] == "ended"


async def test_a_cursor_that_does_not_fit_begins_anew(
    api: Api, harness: Harness, model_server: ModelServer, name: str
) -> None:
    await harness.serve(Agent(name, tools=[send]))
    model_server.always(call("send", to="ann", text="hi"))
    run, _ = await asking(api, model_server, name)
    async with opened(api.operator) as events:
        (waiting,), ready = await snapshot(events)
        assert json.loads(waiting.data)["run"] == run and not waiting.id
    epoch = ready.id.partition("-")[0]
    for cursor in (
        "x",
        f"{epoch}-",
        f"{epoch}-{'9' * 12}",
        f"{epoch}--1",
        "0-0",
        f"{epoch}-{'9' * 999}",
    ):
        async with opened(api.operator, cursor) as events:
            assert len((await snapshot(events))[0]) == 1
    async with serve_api(harness, ApiSettings(heartbeat_seconds=0.05)) as other:
        headers = {"Authorization": f"Bearer {api.tokens['operator']}"}
        async with httpx.AsyncClient(base_url=other.url, headers=headers) as client:  # noqa: SIM117
            async with opened(client, ready.id) as events:
                assert len((await snapshot(events))[0]) == 1
                assert (await anext(events)).kind == ":"  # a heartbeat


async def test_a_revoked_token_ends_it(api: Api, harness: Harness) -> None:
    row, secret = await create_token(harness.connection, user=api.user)
    headers = {"Authorization": f"Bearer {secret}"}
    async with api.nobody.stream("GET", PATH, headers=headers) as response:
        assert response.status_code == 200
        await revoke_token(harness.connection, row.id)
        async for _ in response.aiter_lines():
            pass  # it ends


@asynccontextmanager
async def planted(harness: Harness, id: str, owner: str, state: str) -> AsyncGenerator[None]:
    """A workflow of anyone who reaches Temporal, which looks like a run in the index."""
    texts = {"HarnessOwner": owner, "HarnessState": state}
    pairs = [
        SearchAttributePair(SearchAttributeKey.for_keyword(name), text)
        for name, text in texts.items()
    ]
    handle = await harness.connection.temporal.start_workflow(
        WORKFLOW, id=id, task_queue=f"nobody-{id}", memo={"waiting": "planted"},
        search_attributes=TypedSearchAttributes(pairs),
    )  # fmt: skip
    try:
        yield
    finally:
        await handle.terminate()


async def test_a_planted_row_hides_nothing(
    api: Api, harness: Harness, model_server: ModelServer, name: str
) -> None:
    await harness.serve(Agent(name, tools=[send]))
    model_server.always(call("send", to="ann", text="hi"))
    run, _ = await asking(api, model_server, name)

    async def count_runs() -> int:
        temporal = harness.connection.temporal
        return (await temporal.count_workflows(f"WorkflowId IN ('{name}-1', '{name}-2')")).count

    async with (
        planted(harness, f"{name}-1", api.user, "waiting"),
        planted(harness, f"{name}-2", api.user, "nonsense"),
    ):
        await eventually(count_runs, lambda count: count == 2)
        listed = await api.operator.get("/api/v1/approvals")
        assert [each["run"] for each in listed.json()["waiting"]] == [run]
        runs = await api.operator.get("/api/v1/runs")
        assert {run} <= {each["id"] for each in runs.json()["runs"]}
        async with opened(api.operator) as events:
            assert [json.loads(each.data)["run"] for each in (await snapshot(events))[0]] == [run]
            later, _ = await asking(api, model_server, name)
            await take(events, later, "waiting")


async def test_a_read_that_fails_ends_no_stream(
    api: Api,
    harness: Harness,
    model_server: ModelServer,
    name: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await harness.serve(Agent(name, tools=[send]))
    model_server.always(call("send", to="ann", text="hi"))
    monkeypatch.setattr(follower, "EVERY_S", 0.05)
    async with opened(api.operator) as events:
        await snapshot(events)
        failed = asyncio.Semaphore(0)

        async def fail(*_: Any) -> Any:
            failed.release()
            raise RuntimeError("an error that nobody foresaw")

        with monkeypatch.context() as broken:
            broken.setattr(follower, "_read_all", fail)
            for _ in range(2):
                await failed.acquire()
        run, _ = await asking(api, model_server, name)
        await take(events, run, "waiting")
