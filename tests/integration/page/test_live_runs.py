"""Lists of runs on the live socket."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest

from harness import Agent, Harness
from harness.contracts.errors import StackUnreachable
from harness.page import run_lists
from harness.runs import pages
from tests.fakes.model_server import ModelServer
from tests.fakes.runs import eventually, send
from tests.fakes.steps import call, say
from tests.integration.api.conftest import Api
from tests.integration.api.test_api_runs import LETTER, start
from tests.integration.page.sockets import Json, Live, opened


async def rows_until(live: Live, topic: str, state: str) -> Json:
    """The one row of a list, once it has a state."""
    while True:
        rows = (await live.next_of(topic, "rows"))["data"]["runs"]
        if [each["state"] for each in rows] == [state]:
            return rows[0]


async def test_a_list_follows_what_it_shows(
    api: Api, harness: Harness, model_server: ModelServer, name: str
) -> None:
    await harness.serve(Agent(name, tools=[send]))
    model_server.script(call("send", **LETTER), say("Done."))
    topic = f"runs?agent={name}"
    async with opened(api) as live, opened(api, "stranger") as theirs:
        for each in (live, theirs):
            await each.follow(topic)
            assert (await each.next_of(topic, "rows"))["data"] == {"runs": []}
        run = await start(api.operator, name)
        row = await rows_until(live, topic, "waiting")
        assert (row["id"], row["asked"]) == (run, "Hello.")
        assert [(each["need"], each["tool"]) for each in row["waiting"]] == [("approval", "send")]
        listed = (await api.operator.get(f"/api/v1/{topic}")).json()
        assert listed["runs"] == [row]
        await api.operator.post(f"/api/v1/runs/{run}/decide", json={"verdict": "approve"})
        assert "waiting" not in await rows_until(live, topic, "completed")
        await theirs.follow("approvals")
        await theirs.next_of("approvals", "ready")
        assert [each["event"] for each in theirs.read if each.get("topic") == topic] == ["rows"]
    query = urlencode({"limit": "10", "query": f"HarnessAgent = '{name}'"})
    async with opened(api, "admin") as live:
        await live.follow(f"runs?{query}")
        assert await rows_until(live, f"runs?{query}", "completed")
        await live.follow("runs?query=%29+OR+%28")
        assert (await live.error("runs?query=%29+OR+%28")).startswith("config.")


async def test_readers_of_the_same_list_share_a_read(
    api: Api, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = list[str]()
    read = pages.list_page

    async def count(connection: object, query: str, *more: object) -> object:
        asked.append(query)
        return await read(connection, query, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(pages, "list_page", count)
    monkeypatch.setattr(run_lists, "EVERY_S", 0.05)
    one, other = f"runs?agent={name}&limit=5", f"runs?limit=5&agent={name}"
    async with opened(api) as live, opened(api, "viewer") as same:
        await live.follow(one)
        await live.next_of(one, "rows")
        await same.follow(other)
        await same.next_of(other, "rows")
        await live.leave(one)
        before = len(asked)
        await eventually(lambda: _count(asked), lambda count: count > before + 2)
        assert len(set(asked)) == 1
        await same.leave(other)
        await same.follow("approvals")
        await same.next_of("approvals", "ready")
        still = len(asked)
        await live.follow("looking/none")
        await live.error("looking/none")
        assert len(asked) == still


async def _count(asked: list[str]) -> int:
    return len(asked)


async def test_an_outage_ends_the_list_with_an_error(
    api: Api, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    topic = f"runs?agent={name}"
    monkeypatch.setattr(run_lists, "EVERY_S", 0.05)
    async with opened(api) as live:
        await live.follow(topic)
        await live.next_of(topic, "rows")
        with monkeypatch.context() as broken:

            async def fail(*_: object) -> object:
                raise StackUnreachable("Temporal does not answer.")

            broken.setattr(pages, "list_page", fail)
            assert await live.error(topic) == StackUnreachable.code
        with monkeypatch.context() as broken:

            async def crash(*_: object) -> object:
                raise ZeroDivisionError

            broken.setattr(pages, "list_page", crash)
            await live.follow(topic)
            assert await live.error(topic) == "api.fault"
        await live.follow(topic)
        assert (await live.next_of(topic, "rows"))["data"] == {"runs": []}
