"""Who looks at a run, across sockets and daemons."""

from __future__ import annotations

import asyncio

import pytest

from harness import Agent, Harness
from harness.page import presence
from harness.page.store import LAPSE_S, Look, Looks
from tests.fakes.model_server import ModelServer
from tests.fakes.runs import eventually
from tests.fakes.steps import say
from tests.integration.api.conftest import Api, serve_api
from tests.integration.api.test_api_runs import start
from tests.integration.page.sockets import Live, opened


async def users_of(live: Live, topic: str) -> list[str]:
    return (await live.next_of(topic, "looking"))["data"]["users"]


def looks(harness: Harness) -> Looks:
    connection = harness.connection
    return Looks(connection.database, connection.endpoints.namespace)


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presence, "EVERY_S", 0.1)


@pytest.fixture
async def run(harness: Harness, api: Api, model_server: ModelServer, name: str) -> str:
    await harness.serve(Agent(name))
    model_server.always(say("Hello."))
    return await start(api.operator, name)


async def test_across_sockets_and_daemons(api: Api, harness: Harness, run: str) -> None:
    topic = f"looking/{run}"
    async with serve_api(harness) as other, opened(api) as mine:
        await mine.follow(topic)
        assert await users_of(mine, topic) == []
        async with opened(api, "admin", other.url) as theirs:
            await theirs.follow(topic)
            assert await users_of(theirs, topic) == [api.user]
            assert await users_of(mine, topic) == ["local"]
            async with opened(api, "viewer") as again:  # the same user, in another browser
                await again.follow(topic)
                assert await users_of(again, topic) == sorted([api.user, "local"])
                assert await users_of(mine, topic) == sorted([api.user, "local"])
            assert await users_of(mine, topic) == ["local"]
            await theirs.leave(topic)
            assert await users_of(mine, topic) == []
            await theirs.follow(topic)
            assert await users_of(mine, topic) == ["local"]
        assert await users_of(mine, topic) == []
    await eventually(lambda: looks(harness).find([run]), lambda found: not found)


async def test_two_tabs_on_one_socket_are_one(api: Api, run: str) -> None:
    topic = f"looking/{run}"
    async with opened(api, "admin") as theirs, opened(api) as mine:
        await theirs.follow(topic)
        assert await users_of(theirs, topic) == []
        for tab in "ab":
            await mine.follow(f"{topic}#{tab}")
            assert await users_of(mine, f"{topic}#{tab}") == ["local"]
        assert await users_of(theirs, topic) == [api.user]
        await mine.leave(f"{topic}#a")
        async with opened(api, "stranger") as stranger:  # who may not see the run changes nothing
            await stranger.follow(topic)
            assert await stranger.error(topic) == "run.not_found"
        await theirs.leave(topic)
        await theirs.follow(topic)
        assert await users_of(theirs, topic) == [api.user]
        await mine.leave(f"{topic}#b")
        assert await users_of(theirs, topic) == []


async def test_a_daemon_that_stops_leaves_nobody(api: Api, harness: Harness, run: str) -> None:
    topic = f"looking/{run}"
    async with opened(api) as mine:
        await mine.follow(topic)
        assert await users_of(mine, topic) == []
        async with serve_api(harness) as other:
            client = opened(api, "admin", other.url)
            await (await client.__aenter__()).follow(topic)
            assert await users_of(mine, topic) == ["local"]
        assert await users_of(mine, topic) == []
        await client.__aexit__(None, None, None)


async def test_what_a_crash_leaves_lapses(
    api: Api, harness: Harness, run: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(presence, "BEAT_S", 0.0)
    topic, known = f"looking/{run}", looks(harness)
    await known.note({Look(run, "crashed"): "ghost", Look(run, "crashing"): "shade"})
    await _age(harness, "crashed")
    async with opened(api) as mine:
        await mine.follow(topic)
        assert await users_of(mine, topic) == ["shade"]
        await _age(harness, "crashing")
        assert await users_of(mine, topic) == []
        rows = "SELECT socket FROM harness_page.looking WHERE run = %s"

        async def left() -> int:
            return len(await harness.connection.database.fetch(rows, (run,)))

        await eventually(left, lambda count: count == 1)
        await _age(harness, None)  # as if this daemon had been unable to write: it writes again
        async with opened(api, "admin") as theirs:
            await theirs.follow(topic)
            assert await users_of(theirs, topic) == [api.user]


async def _age(harness: Harness, socket: str | None) -> None:
    await harness.connection.database.fetch(
        "UPDATE harness_page.looking SET seen = seen - make_interval(secs => %s) "
        "WHERE %s::text IS NULL OR socket = %s",
        (LAPSE_S + 1, socket, socket),
    )


async def test_a_lost_database_ends_no_topic(
    api: Api, harness: Harness, run: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    topic = f"looking/{run}"
    monkeypatch.setattr(presence, "EVERY_S", 0.05)
    async with opened(api) as mine:
        with monkeypatch.context() as broken:
            failed = asyncio.Event()

            async def fail(*_: object) -> None:
                failed.set()
                raise ZeroDivisionError

            broken.setattr(Looks, "note", fail)
            await mine.follow(topic)
            await failed.wait()
        assert await users_of(mine, topic) == []
