"""Requests while Temporal or Postgres hangs: answered, and in the log and the metrics."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import psutil
import pytest

from harness import Agent, Harness
from harness.contracts.errors import StackUnreachable
from harness.page import run_lists
from harness.runs import pages, waiting
from harness_daemon import stack_check, stack_watch
from tests.fakes.model_server import ModelServer
from tests.fakes.postgres import Postgres
from tests.fakes.runs import Gate
from tests.fakes.servers import Engine
from tests.fakes.stack import pid_of
from tests.fakes.steps import call, say
from tests.integration.api.conftest import Api
from tests.integration.api.test_api_conversations import CONVERSATIONS, create
from tests.integration.api.test_api_metrics import scrape
from tests.integration.api.test_api_runs import start
from tests.integration.page.sockets import opened


@contextmanager
def hanging(*pids: int) -> Generator[None]:
    """Processes that do nothing until the block ends."""
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stack_watch, "WAIT_S", 0.1)
    monkeypatch.setattr(stack_check, "CHECK_S", 0.5)


@pytest.mark.usefixtures("impatient")
async def test_a_request_while_temporal_hangs(api: Api, engine: Engine) -> None:
    await api.operator.get("/api/v1/runs")
    with hanging(await pid_of(engine.project, "temporal")):
        answer = await api.operator.get("/api/v1/runs?limit=5")
        ready = await api.nobody.get("/health/ready")
    assert (answer.status_code, answer.json()["code"]) == (503, "stack.unreachable")
    assert answer.headers["Retry-After"] == "1" and "X-Frame-Options" in answer.headers
    assert answer.json()["request_id"] == answer.headers["X-Request-ID"]
    assert ready.json() == {"ready": False, "temporal": "unreachable", "postgres": "ok"}
    assert (await api.operator.get("/api/v1/runs?limit=5")).status_code == 200


@pytest.mark.usefixtures("impatient")
async def test_a_message_while_postgres_hangs(
    api: Api, harness: Harness, model_server: ModelServer, name: str, postgres: Postgres
) -> None:
    await harness.serve(Agent(name))
    model_server.script(say("Here."))
    chat = (await create(api, name))["id"]
    url, content = f"{CONVERSATIONS}/{chat}/messages", {"content": "Are you there?", "id": "one"}
    found = psutil.Process(postgres.pid)
    with hanging(*(each.pid for each in (found, *found.children(recursive=True)))):
        answer = await api.operator.post(url, json=content)
    assert (answer.status_code, answer.json()["code"]) == (503, "store.unavailable")
    again = await api.operator.post(url, json=content)
    assert again.status_code == 202, again.text


@pytest.mark.usefixtures("impatient")
async def test_a_request_that_takes_long_is_left_alone(
    api: Api, harness: Harness, model_server: ModelServer, name: str
) -> None:
    gate = Gate()
    await harness.serve(Agent(name, tools=[gate.tool]))
    model_server.script(call("hold", what="it"), say("Done."))
    run = await start(api.operator, name)
    await gate.entered.wait()
    checked = asyncio.Semaphore(0)
    asked = stack_watch.check_stack

    async def check(*given: Any) -> Any:
        checked.release()
        return await asked(*given)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stack_watch, "check_stack", check)
        waits = asyncio.create_task(api.operator.get(f"/api/v1/runs/{run}/result?wait=30"))
        for _ in range(3):
            await checked.acquire()
        gate.left.set()
        answer = await waits
    assert (answer.status_code, answer.json()["output"]) == (200, "Done.")


async def test_an_outage_is_logged_and_counted(
    api: Api, name: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(waiting, "EVERY_S", 0.02)
    monkeypatch.setattr(run_lists, "EVERY_S", 0.02)
    runs, failed = f"runs?agent={name}", asyncio.Semaphore(0)

    async def fail(*_: Any) -> Any:
        failed.release()
        raise StackUnreachable("Temporal does not answer: it is away")

    async with opened(api) as live:
        for topic in ("approvals", runs):
            await live.follow(topic)
        await live.next_of("approvals", "ready")
        with monkeypatch.context() as broken:
            broken.setattr(waiting, "_read_all", fail)
            broken.setattr(pages, "list_page", fail)
            error = await live.next_of(runs, "error")
            for _ in range(4):
                await failed.acquire()
            await live.follow(runs)
            await live.next_of(runs, "error")
            await live.follow("approvals#other")
            assert await live.error("approvals#other") == "stack.unreachable"
        await live.follow(runs)
        await live.next_of(runs, "rows")
        await live.follow("approvals#other")
        await live.next_of("approvals#other", "ready")
    assert (error["data"]["code"], error["data"]["retryable"]) == ("stack.unreachable", True)
    assert (await scrape(api.viewer))["harness_topic_errors_total", "stack.unreachable"] == 3
    told = [each.getMessage() for each in caplog.records if "following" in each.getMessage()]
    for what in ("following what waits", "following lists of runs"):
        ours = [each for each in told if what in each]
        assert ["interrupted" in each for each in ours] == [True, False], told
