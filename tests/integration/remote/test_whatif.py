"""What-ifs through a daemon: they end with the command, and survive a restart."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

import pytest

from harness import Agent, Harness
from harness.api.settings import ApiSettings
from harness.forks.fork import Change
from harness.forks.whatif import Question
from harness.remote.backend import RemoteBackend
from harness.runs.filter import RunFilter
from harness.runs.listing import RunRow
from harness_daemon.daemon import Address, open_daemon
from tests.fakes.model_server import ModelServer
from tests.fakes.runs import eventually
from tests.fakes.steps import Hang, say
from tests.integration.api.conftest import Api, serve_api
from tests.integration.remote.test_following import backend_of

QUESTION = Question(at=0, change=Change(hint="be brief"), n=2)


async def ended_run(
    backend: RemoteBackend, harness: Harness, model_server: ModelServer, name: str
) -> str:
    await harness.serve(Agent(name))
    model_server.script(say("Hello."))
    run = await backend.start_run(name, "Greet.")
    await run.outcome()
    model_server.always(Hang())
    return run.id


async def forks_of(backend: RemoteBackend, run: str, state: str) -> list[RunRow]:
    rows = await backend.list_runs(RunFilter(fork_of=run))
    return [row for row in rows if row.state == state]


async def test_a_command_that_is_cancelled_aborts_its_forks(
    api: Api, harness: Harness, model_server: ModelServer, name: str
) -> None:
    async with backend_of(api.daemon.url, api.tokens["operator"]) as backend:
        run = await ended_run(backend, harness, model_server, name)
        asking = asyncio.create_task(
            backend.ask_whatif([run], QUESTION, progress=lambda source, fork: None)
        )
        await eventually(
            lambda: forks_of(backend, run, "running"), lambda rows: len(rows) == QUESTION.n
        )
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        forks = await eventually(
            lambda: forks_of(backend, run, "aborted"), lambda rows: len(rows) == QUESTION.n
        )
        card = await backend.read_card(forks[0].id)
        assert (card.state, card.reason) == ("aborted", "the what-if was cancelled")


async def test_a_restart_of_the_daemon_is_survived(
    api: Api, harness: Harness, model_server: ModelServer, name: str
) -> None:
    reported = list[str]()
    async with serve_api(harness) as first:
        address = Address("127.0.0.1", urlsplit(first.url).port or 0)
        opened = backend_of(first.url, api.tokens["operator"])
        backend = await opened.__aenter__()
        run = await ended_run(backend, harness, model_server, name)
        asking = asyncio.create_task(
            backend.ask_whatif(
                [run],
                QUESTION,
                progress=lambda source, fork: reported.append(fork.run if fork else ""),
            )
        )
        forks = await eventually(
            lambda: forks_of(backend, run, "running"), lambda rows: len(rows) == QUESTION.n
        )
    async with open_daemon(harness.connection, ApiSettings(), address):
        model_server.always(say("Hello."))
        for fork in forks:
            await harness.get_run(fork.id).hint("Go on.", interrupt=True)
        report = await asking
        assert [len(each.forks) for each in report.sources] == [QUESTION.n]
        assert sorted(reported) == sorted(fork.id for fork in forks)
    await opened.__aexit__(None, None, None)
