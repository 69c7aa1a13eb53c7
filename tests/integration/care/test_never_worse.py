"""Never worse than before: random faults and repairs while workers are killed."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

import pytest

from harness import Harness
from harness.care.tickets import client
from harness.care.views import TicketDetail
from harness.contracts.errors import HarnessError
from harness.contracts.run import RunState
from tests.fakes.worker_process import Forge
from tests.integration.care.conftest import MakeShop, Shop
from tests.integration.care.test_tickets import errors_of

Kind = Literal["repair", "worse", "fails", "rejected"]
KINDS: tuple[Kind, ...] = ("repair", "worse", "fails", "rejected")
ENDS = ("resolved", "failed")


class Crew:
    """Two workers, of which one is killed now and then."""

    def __init__(self, forge: Forge, argument: str) -> None:
        self._forge, self._argument = forge, argument
        self.killed = 0
        self._pids = [forge.make(argument) for _ in range(2)]

    def strike(self, chance: random.Random) -> None:
        victim = chance.randrange(len(self._pids))
        self.end(self._pids[victim])
        self.killed += 1
        self._pids[victim] = self._forge.make(self._argument)

    def end(self, *pids: int) -> None:
        for pid in pids or self._pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


@pytest.fixture
def crew(
    caring: Harness, care_options: dict[str, Any], care_env: dict[str, str], tmp_path: Path
) -> Iterator[Crew]:
    forge = Forge("tests.fakes.care_worker")
    asked = {"options": care_options, "env": care_env, "project": str(tmp_path / "project")}
    crew = Crew(forge, json.dumps(asked))
    yield crew
    crew.end()
    forge.close()


def break_shop(shop: Shop, kind: Kind) -> None:
    """Commits of a colleague. To revert the last repairs, makes worse, or cannot be deployed."""
    if kind == "worse":
        shop.commit("0", "5", "Be slower")
        shop.commit("5", "0", "Be faster, with errors")
        return
    if kind == "fails":
        (shop.folder / "values").write_text("fail 0\n")
        shop.git("commit", "--quiet", "--all", "-m", "Cannot be deployed")
    shop.commit("5", "0", "Save money")


async def settle(harness: Harness, shop: Shop, kind: Kind) -> TicketDetail:
    """Ask the agent to work, decide as the kind says, and wait for the end of its work."""
    id = errors_of(shop)
    await shop.ticket(id, "open")
    await client.act_on_ticket(shop.connection, id, "work", "tester")
    while True:
        ticket = await client.show_ticket(shop.connection, id)
        if ticket.state in ENDS:
            return ticket
        if ticket.state == "proposed" and ticket.run is not None:
            run = harness.get_run(ticket.run)
            with suppress(HarnessError):  # decided already, or its worker has just died
                if (await run.status()).state is RunState.WAITING:
                    await (run.reject(note="no") if kind == "rejected" else run.approve())
        await asyncio.sleep(0.2)


def check(shop: Shop, kind: Kind, ticket: TicketDetail) -> None:
    """What held before holds; a person was asked, or it is repaired; nothing was done twice."""
    live = (shop.read(0), shop.read(1))
    assert live == ((0, 0) if kind == "repair" else (5, 0)), (kind, live, ticket.moves)
    assert ticket.state == ("resolved" if kind == "repair" else "failed"), (kind, ticket.moves)
    wanted = {"repair": "done", "worse": "undone", "fails": "failed"}
    changed = [each.state for each in ticket.changes]
    assert changed == ([wanted[kind]] if kind in wanted else []), (kind, ticket.moves)
    assert shop.git("status", "--porcelain") == ""
    titles = shop.git("log", "--format=%s").splitlines()
    reverts = sum(title.startswith("Revert") for title in titles)
    assert reverts == {"repair": 1, "worse": 2, "fails": 2, "rejected": 0}[kind], kind
    looked = Counter(move.state for move in ticket.moves)["investigating"]
    assert looked in ((1, 2) if kind == "rejected" else (1,)), "it was worked on once"


async def run_campaign(
    harness: Harness, make_shop: MakeShop, crew: Crew, *, seed: int, shops: int, kills: int
) -> None:
    chance = random.Random(seed)
    kinds = [KINDS[number % len(KINDS)] for number in range(shops)]
    chance.shuffle(kinds)
    made = [(await make_shop(), kind) for kind in kinds]

    async def strike() -> None:
        for _ in range(kills):
            await asyncio.sleep(chance.uniform(1.0, 4.0))
            crew.strike(chance)

    striking = asyncio.ensure_future(strike())
    for shop, kind in made:
        break_shop(shop, kind)
    tickets = await asyncio.gather(*(settle(harness, shop, kind) for shop, kind in made))
    await striking
    for (shop, kind), ticket in zip(made, tickets, strict=True):
        check(shop, kind, ticket)
    assert crew.killed == kills


@pytest.mark.slow
async def test_nothing_is_worse_after_a_kill(
    caring: Harness, make_shop: MakeShop, crew: Crew
) -> None:
    await run_campaign(caring, make_shop, crew, seed=1, shops=4, kills=1)


@pytest.mark.campaign
@pytest.mark.parametrize("seed", range(1, 6))
async def test_nothing_is_worse_after_many_kills(
    caring: Harness, make_shop: MakeShop, crew: Crew, seed: int
) -> None:
    await run_campaign(caring, make_shop, crew, seed=seed, shops=20, kills=6)
