"""Never worse than before: random faults and repairs while all that can die is killed."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harness import Harness
from harness.care.tickets import client, reading
from tests.fakes.postgres import Postgres
from tests.fakes.servers import Engine
from tests.integration.care.conftest import MakeShop
from tests.never_worse.campaign import run_round
from tests.never_worse.crew import Crew
from tests.never_worse.plan import make_plan


@pytest.fixture
def crew(
    caring: Harness, care_options: dict[str, Any], care_env: dict[str, str], tmp_path: Path,
    engine: Engine, postgres: Postgres,
) -> Iterator[Crew]:  # fmt: skip
    crew = Crew(care_options, care_env, tmp_path / "project", engine, postgres)
    yield crew
    crew.close()


async def check_round(
    harness: Harness, make_shop: MakeShop, crew: Crew, *, seed: int, subjects: int, kills: int
) -> None:
    plan = make_plan(seed, subjects=subjects, kills=kills)
    shops = [
        await make_shop(changes="automatic" if kind == "automatic" else "ask")
        for kind in plan.kinds
    ]
    violations, given_up = await run_round(harness, shops, crew, plan)
    assert not violations
    assert given_up <= subjects / 5, "half of those that it can repair"
    assert crew.killed.total() == kills


@pytest.mark.slow
async def test_nothing_is_worse_after_kills(
    caring: Harness, make_shop: MakeShop, crew: Crew
) -> None:
    await check_round(caring, make_shop, crew, seed=1, subjects=10, kills=4)


@pytest.mark.campaign
async def test_nothing_is_worse_after_many_kills(
    caring: Harness, make_shop: MakeShop, crew: Crew
) -> None:
    await check_round(caring, make_shop, crew, seed=2, subjects=40, kills=12)


async def test_what_held_before_its_process_died_is_protected(
    care: Harness, make_shop: MakeShop
) -> None:
    """At the moment of the change nothing is known of `latency`; it held when it was known last."""
    shop = await make_shop()
    shop.commit("0", "5", "Be slower")
    shop.commit("5", "0", "Be faster, with errors")
    id = shop.ticket_of("errors")
    await shop.ticket(id, "open")
    await client.act_on_ticket(shop.connection, id, "work", "tester")
    ticket = await shop.ticket(id, "proposed")
    shop.kill()
    await shop.ticket(shop.ticket_of("up"), "open")
    assert ticket.run is not None
    await care.get_run(ticket.run).approve()
    ticket = await shop.ticket(id, "failed", "resolved")
    assert ticket.state == "failed" and "latency" in ticket.moves[-1].why, ticket.moves
    assert shop.live == (5, 0)


@pytest.mark.slow
async def test_a_change_is_watched_longer_while_its_metrics_are_away(
    care: Harness, make_shop: MakeShop
) -> None:
    """What is not known is no reason to undo a change that may be good."""
    shop = await make_shop()
    shop.commit("5", "0", "Save money")
    id = shop.ticket_of("errors")
    await shop.ticket(id, "open")
    await client.act_on_ticket(shop.connection, id, "work", "tester")
    ticket = await shop.ticket(id, "proposed")
    assert ticket.run is not None
    await care.get_run(ticket.run).approve()
    await shop.ticket(id, "verifying")
    shop.metrics.away = True
    await asyncio.sleep(3)  # three times its window
    assert (await reading.show_ticket(shop.connection, id)).state == "verifying"
    shop.metrics.away = False
    assert (await shop.ticket(id, "resolved", "failed")).state == "resolved"
    assert shop.live == (0, 0)
