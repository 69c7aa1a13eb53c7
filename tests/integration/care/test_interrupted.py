"""Work on tickets that is interrupted: by a worker that stops or dies, and by a person."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from harness import Harness
from harness.care.repair.agent import make_care_agent
from harness.care.tickets import client
from harness.config.settings import settings_model
from tests.fakes.runs import eventually
from tests.fakes.shop import Shop
from tests.fakes.worker_process import Forge
from tests.integration.care.conftest import MakeShop


async def propose(shop: Shop) -> str:
    """Break `errors`, and let the agent work on it until it waits for approval; returns its run."""
    shop.commit("5", "0", "Save money")
    id = shop.ticket_of("errors")
    await shop.ticket(id, "open")
    await client.act_on_ticket(shop.connection, id, "work", "tester")
    run = (await shop.ticket(id, "proposed")).run
    assert run is not None
    return run


async def test_a_worker_that_stops_hands_the_work_back(
    caring: Harness, make_shop: MakeShop, care_options: dict[str, Any], care_env: dict[str, str],
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """It does not abort the run, as if the ticket were closed."""
    project = tmp_path / "project"
    monkeypatch.chdir(project)
    for name, value in care_env.items():
        monkeypatch.setenv(name, value)

    @asynccontextmanager
    async def working() -> AsyncGenerator[Harness]:
        settings = settings_model().model_validate(care_options)
        async with Harness.local(project=project, settings=settings) as serving:
            await serving.serve(make_care_agent())
            yield serving

    shop = await make_shop()
    async with working():
        run = await propose(shop)
    async with working() as second:
        await second.get_run(run).approve()
        ticket = await shop.ticket(shop.ticket_of("errors"), "resolved", "failed")
    assert (ticket.state, ticket.run, ticket.attempts) == ("resolved", run, 1), ticket.moves
    assert shop.live == (0, 0)


async def test_closing_a_ticket_takes_back_a_deploy_that_is_not_finished(
    care: Harness, make_shop: MakeShop
) -> None:
    shop = await make_shop()
    shop.slow_down(20)
    run = await propose(shop)
    await care.get_run(run).approve()
    await eventually(lambda: _later(shop.times))
    id = shop.ticket_of("errors")
    await client.act_on_ticket(shop.connection, id, "close", "tester")
    ticket = await shop.ticket(id, "closed")
    assert [each.state for each in ticket.changes] == ["failed"], ticket.changes
    assert shop.live == (5, 0) and shop.git("show", "HEAD:values") == "5 0"
    assert shop.git("status", "--porcelain") == ""
    assert [line.split()[0] for line in shop.times] == ["begin"], "it was stopped"


async def _later(found: list[str]) -> list[str]:
    return found


@pytest.fixture
def forge() -> Iterator[Forge]:
    made = Forge("tests.fakes.care_worker")
    yield made
    made.close()


@pytest.mark.slow
async def test_a_deploy_never_runs_twice_at_the_same_time(
    caring: Harness, make_shop: MakeShop, care_options: dict[str, Any], care_env: dict[str, str],
    tmp_path: Path, forge: Forge,
) -> None:  # fmt: skip
    """The command of a worker that was killed goes on: the next worker waits for it."""
    asked = {"options": care_options, "env": care_env, "project": str(tmp_path / "project")}
    pid = forge.make(json.dumps(asked))
    shop = await make_shop()
    shop.slow_down(6)
    run = await propose(shop)
    await caring.get_run(run).approve()
    await eventually(lambda: _later(shop.times))
    os.kill(pid, signal.SIGKILL)
    second = forge.make(json.dumps(asked))
    try:
        ticket = await shop.ticket(shop.ticket_of("errors"), "resolved", "failed")
    finally:
        with suppress(ProcessLookupError):
            os.kill(second, signal.SIGKILL)
    assert ticket.state == "resolved", ticket.moves
    assert shop.live == (0, 0) and len(shop.effects) == 1
    kinds = [line.split()[0] for line in shop.times]
    assert kinds == ["begin", "end"] * (len(kinds) // 2), shop.times
