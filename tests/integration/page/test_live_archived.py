"""A run that Temporal no longer has, on the live socket."""

from __future__ import annotations

from harness import Agent, Harness
from harness.api.settings import ApiSettings
from harness.archive import sweep
from harness_daemon.daemon import Address, open_daemon
from tests.fakes.model_server import ModelServer
from tests.fakes.runs import look
from tests.fakes.steps import call, say
from tests.integration.api.conftest import Api
from tests.integration.page.sockets import opened


async def test_an_archived_run_has_the_events_of_the_live_one(
    api: Api, harness: Harness, later: Harness, model_server: ModelServer, name: str
) -> None:
    model_server.script(call("look", place="a"), say("Done."))
    run = await harness.start(Agent(name, tools=[look]), "Look.", id=name)
    topic = f"run/{name}"
    async with opened(api, "admin") as live:
        await live.follow(topic)
        await live.next_of(topic, "end")
    await sweep.seal_run(harness.connection, run.id)
    async with (
        open_daemon(later.connection, ApiSettings(), Address("127.0.0.1", 0)) as daemon,
        opened(api, "admin", daemon.url) as archived,
    ):
        await archived.follow(topic)
        await archived.next_of(topic, "end")
    assert archived.durable(topic) == live.durable(topic)
    assert [kind for kind, _, _ in live.durable(topic)][-1] == "run_ended"
