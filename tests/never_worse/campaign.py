"""A round: break all subjects, let the agent work on all tickets, decide, and kill meanwhile."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import NamedTuple

from harness import Harness
from harness.care.states import OPEN_STATES
from harness.care.subjects.registry import remove_subject
from harness.care.ticket_views import TicketDetail
from harness.care.tickets import client, reading
from harness.care.tickets.rows import TicketFilter
from harness.care.workflow_ids import find_workflow_id
from harness.contracts.errors import HarnessError
from harness.contracts.run import RunState
from tests.fakes.shop import CONDITIONS, Shop
from tests.never_worse.audit import check_audit
from tests.never_worse.checks import REPAIRABLE, Outcome, find_violations
from tests.never_worse.crew import Crew
from tests.never_worse.plan import Kind, Plan

ENDS = ("resolved", "failed", "closed")
LOOK_S = 0.3
PATIENCE_S = 900.0
SETTLED_S = 180.0
WHO = "campaign"


def break_shop(shop: Shop, kind: Kind) -> None:
    """Commits of a colleague; the agent reverts the last one. Or a process that dies."""
    if kind == "down":
        shop.kill()
        return
    if kind == "worse":
        shop.commit("0", "5", "Be slower")
    elif kind == "useless":
        shop.commit("6", "0", "Be cheaper")
    elif kind == "fails":
        (shop.folder / "values").write_text("fail 0\n")
        shop.git("commit", "--quiet", "--all", "-m", "Cannot be deployed")
    shop.commit("5", "0", "Save money")


async def settle(harness: Harness, shop: Shop, kind: Kind) -> TicketDetail:
    """Ask the agent to work, decide as the kind says, and wait for the end of its work."""
    id = shop.ticket_of("up" if kind == "down" else "errors")
    was_overtaken = was_taken_back = False
    until = time.monotonic() + PATIENCE_S
    ticket: TicketDetail | None = None
    while time.monotonic() < until:
        await asyncio.sleep(LOOK_S)
        with suppress(HarnessError):  # not open yet, decided already, or what it needs was killed
            ticket = await reading.show_ticket(shop.connection, id)
            if ticket.state in ("open", "reopened") and ticket.attempts == 0:
                await client.act_on_ticket(shop.connection, id, "work", WHO)
            elif ticket.state == "proposed" and ticket.run is not None:
                if kind == "overtaken" and not was_overtaken:
                    shop.commit("7", "0", "Save more")
                    was_overtaken = True
                await _decide(harness, id, ticket.run, kind)
            elif ticket.state == "resolved" and kind == "taken back" and not was_taken_back:
                assert ticket.run is not None
                await harness.get_run(ticket.run).undo()
                was_taken_back = True
            elif ticket.state in (*ENDS, "reopened"):
                return ticket
    assert ticket is not None, f"{kind} {shop.name}: no ticket was opened"
    return ticket


async def _decide(harness: Harness, ticket: str, run: str, kind: Kind) -> None:
    handle = harness.get_run(run)
    if (await handle.status()).state is not RunState.WAITING:
        return
    if kind == "closed":
        await client.act_on_ticket(harness.connection, ticket, "close", WHO)
    elif kind == "rejected":
        await handle.reject(note="no")
    else:
        await handle.approve()


class Round(NamedTuple):
    """How a round ended."""

    violations: list[str]
    """What was not as it must be."""
    given_up: int
    """Tickets that the agent handed to a person although it could have repaired the subject: what
    it needed was away."""


async def run_round(harness: Harness, shops: Sequence[Shop], crew: Crew, plan: Plan) -> Round:
    """Break all subjects, and look back once all has ended."""

    async def strike() -> None:
        for each in plan.strikes:
            await asyncio.sleep(each.after)
            await crew.strike(each, shops)

    striking = asyncio.ensure_future(strike())
    pairs = list(zip(shops, plan.kinds, strict=True))
    for shop, kind in pairs:
        break_shop(shop, kind)
    tickets = await asyncio.gather(*(settle(harness, shop, kind) for shop, kind in pairs))
    await striking
    outcomes = await asyncio.gather(
        *(
            look_back(shop, kind, ticket, struck=shop.name in crew.struck)
            for (shop, kind), ticket in zip(pairs, tickets, strict=True)
        )
    )
    found = [words for seen in outcomes for words in find_violations(seen)]
    found += await check_audit(harness.connection, outcomes)
    given_up = sum(seen.is_given_up for seen in outcomes if seen.kind in REPAIRABLE)
    return Round(found, given_up)


async def look_back(shop: Shop, kind: Kind, ticket: TicketDetail, *, struck: bool) -> Outcome:
    """What became of a subject, once the watch has seen what it is now."""
    until = time.monotonic() + SETTLED_S
    while True:
        with suppress(HarnessError):
            final = await reading.show_ticket(shop.connection, ticket.id)
            which = TicketFilter(subject=shop.name)
            tickets = (await reading.list_tickets(shop.connection, which)).tickets
            states = {each.invariant or "": each.state for each in tickets}
            values = {name: shop.read(name) for name in CONDITIONS}
            is_seen = all(
                values[name] == (1 if name == "up" else 0)
                or states.get(name) in OPEN_STATES
                or (values[name] is None and states.get("up") in OPEN_STATES)
                for name in CONDITIONS
            )
            if is_seen or time.monotonic() > until:
                executions = {each.id: await _count(shop, each.id) for each in tickets}
                break
        await asyncio.sleep(LOOK_S)
    return Outcome(kind, shop, final, states, values, shop.live, executions, struck)


async def _count(shop: Shop, ticket: str) -> int:
    """How many workflows a ticket has had."""
    id = await find_workflow_id(shop.connection, ticket)
    temporal = shop.connection.temporal
    return sum([1 async for _ in temporal.list_workflows(f"WorkflowId = '{id}'")])


async def remove_shops(shops: Sequence[Shop]) -> None:
    """End a round, so that the watch does not evaluate its subjects in the next."""
    for shop in shops:
        shop.kill()
        await remove_subject(shop.connection, shop.name, WHO)
