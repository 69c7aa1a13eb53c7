"""A run is followed while the daemon restarts, and left by Ctrl-C."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager
from urllib.parse import urlsplit

from harness import Agent, Harness
from harness.api.settings import ApiSettings
from harness.config.logins import Server
from harness.contracts.event import LIVE, Event, OutputDelta, OutputReset
from harness.remote.backend import RemoteBackend, open_daemon_backend
from harness_daemon.daemon import Address, open_daemon
from tests.fakes.model_server import ModelServer
from tests.fakes.runs import Gate
from tests.fakes.steps import call, say, stall
from tests.integration.api.conftest import Api, serve_api
from tests.integration.remote.conftest import Places

TEXT = "one two three four"


@asynccontextmanager
async def backend_of(url: str, token: str) -> AsyncGenerator[RemoteBackend]:
    async with open_daemon_backend(Server(url, token)) as backend:
        yield backend


async def test_a_restart_loses_and_repeats_nothing(
    api: Api, harness: Harness, model_server: ModelServer, name: str
) -> None:
    gate = Gate()
    await harness.serve(Agent(name, tools=[gate.tool]))
    model_server.script(call("hold", what="it"), stall(TEXT))
    seen: list[Event] = []
    async with serve_api(harness) as first:
        address = Address("127.0.0.1", urlsplit(first.url).port or 0)
        opened = backend_of(first.url, api.tokens["operator"])
        backend = await opened.__aenter__()
        run = await backend.start_run(name, "Hello.")
        events = run.events()
        while not seen or seen[-1].type != "tool_call_started":
            seen.append(await anext(events))
    # The daemon is gone; the run goes on, and so does the reader once another one is there.
    rest = asyncio.create_task(_until_text(events, seen))
    gate.left.set()
    async with open_daemon(harness.connection, ApiSettings(), address):
        await rest  # the model stalls in the middle of its text
    rest = asyncio.create_task(_to_the_end(events, seen))
    async with open_daemon(harness.connection, ApiSettings(), address):
        model_server.script(say(TEXT))
        await run.hint("Go on.", interrupt=True)
        await rest
        durable = [each for each in seen if not isinstance(each, LIVE)]
        assert durable == await run.trace()
    assert not any(isinstance(each, OutputReset) for each in seen)
    texts = [each for each in seen if isinstance(each, OutputDelta)]
    cut = "".join(each.text for each in texts if each.call == 0 and each.turn == 2)
    assert cut and TEXT.startswith(cut)
    assert "".join(each.text for each in texts).removeprefix(cut) == TEXT
    await opened.__aexit__(None, None, None)


async def _until_text(events: AsyncGenerator[Event], seen: list[Event]) -> None:
    while not isinstance(seen[-1], OutputDelta):
        seen.append(await anext(events))


async def _to_the_end(events: AsyncGenerator[Event], seen: list[Event]) -> None:
    async with aclosing(events):
        seen.extend([event async for event in events])


async def test_interrupted_twice_it_aborts_the_run(
    places: Places, harness: Harness, model_server: ModelServer, name: str
) -> None:
    gate = Gate()
    await harness.serve(Agent(name, tools=[gate.tool]))
    model_server.script(call("hold", what="it"))
    command = asyncio.create_task(places.daemon("run", "Hold it.", "--agent", f"@{name}", "--json"))
    await gate.entered.wait()
    os.kill(os.getpid(), signal.SIGINT)
    await asyncio.sleep(0)
    os.kill(os.getpid(), signal.SIGINT)
    ended = await command
    assert (ended.code, ended.last["state"], ended.last["reason"]) == (3, "aborted", "Ctrl-C")
