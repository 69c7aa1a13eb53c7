"""Tickets that live long, are told much, or have lost their workflow."""

from __future__ import annotations

import asyncio
import uuid

import pytest

from harness import Harness
from harness.care.contracts import TicketSpec, Work
from harness.care.repair.work import TicketWork
from harness.care.tickets import client, reading
from harness.care.tickets.rows import Report
from harness.care.tickets.store import TicketStore
from harness.care.tickets.workflows import observe
from harness.care.workflow_ids import find_workflow_id
from harness.contracts.errors import HarnessError, StackUnreachable, ToolFailed
from harness.history.follow import Feeds
from tests.fakes.runs import eventually
from tests.fakes.shop import Shop
from tests.integration.care.conftest import MakeShop
from tests.integration.care.test_tickets import break_with_no_way_to_revert, work_until

SIGNALS = 4_200
"""Temporal suggests to go on in another execution after 4,096 events."""


async def count_signals(shop: Shop, ticket: str) -> int:
    id = await find_workflow_id(shop.connection, ticket)
    history = await shop.connection.temporal.get_workflow_handle(id).fetch_history()
    return sum(each.HasField("workflow_execution_signaled_event_attributes")
               for each in history.events)  # fmt: skip


async def test_a_ticket_that_stays_as_it_is_is_told_once(
    care: Harness, make_shop: MakeShop
) -> None:
    """What is left of a change needs a person, also once the invariant holds: a signal at each
    evaluation would fill its history in hours."""
    shop = await make_shop(changes="automatic")
    break_with_no_way_to_revert(shop)
    shop.break_rollback()
    await work_until(shop, "failed")
    shop.commit("0", "0", "Repair it by hand")
    ticket = shop.ticket_of("errors")
    before = await count_signals(shop, ticket)
    await eventually(lambda: _is_told(shop, ticket))
    await asyncio.sleep(4)  # four evaluations
    assert await count_signals(shop, ticket) == before + 1
    assert (await reading.show_ticket(shop.connection, ticket)).state == "failed"


async def _is_told(shop: Shop, ticket: str) -> bool:
    found = await TicketStore(shop.connection.database).find(ticket)
    return found is not None and found.told is not None


async def terminate(shop: Shop, ticket: str) -> None:
    """End the workflow of a ticket, once it has begun: the row is there before."""

    async def is_started() -> bool:
        found = await TicketStore(shop.connection.database).find(ticket)
        return found is not None and found.started

    await eventually(is_started)
    workflow = await find_workflow_id(shop.connection, ticket)
    await shop.connection.temporal.get_workflow_handle(workflow).terminate()


async def test_a_ticket_whose_workflow_was_terminated_goes_on(
    care: Harness, make_shop: MakeShop
) -> None:
    shop = await make_shop()
    shop.commit("5", "0", "Save money")
    id = shop.ticket_of("errors")
    await shop.ticket(id, "open")
    await terminate(shop, id)
    await client.act_on_ticket(shop.connection, id, "work", "tester")
    ticket = await shop.ticket(id, "proposed")
    await terminate(shop, id)
    assert ticket.run is not None
    await care.get_run(ticket.run).abort()
    closed = await client.act_on_ticket(shop.connection, id, "close", "tester")
    assert closed.state == "closed"


async def test_a_ticket_without_workflow_is_resolved_by_the_watch(
    care: Harness, make_shop: MakeShop
) -> None:
    shop = await make_shop()
    shop.commit("5", "0", "Save money")
    id = shop.ticket_of("errors")
    await shop.ticket(id, "open")
    await terminate(shop, id)
    shop.commit("0", "0", "Spend it again")
    await shop.ticket(id, "resolved")


async def test_a_run_that_begins_as_its_ticket_is_closed_changes_nothing(
    care: Harness, make_shop: MakeShop
) -> None:
    shop = await make_shop(changes="automatic")
    shop.commit("5", "0", "Save money")
    id = shop.ticket_of("errors")
    await shop.ticket(id, "open")
    await client.act_on_ticket(shop.connection, id, "close", "tester")
    works = TicketWork(shop.connection, Feeds(shop.connection))
    spec = TicketSpec(id=id, subject=shop.name, title="Broken", invariant="errors", by="watch")
    with pytest.raises(ToolFailed, match="closed"):
        await works.work(Work(ticket=spec, attempt=1, run=f"care-{id}-1-late", at=2e9))
    assert not shop.deploys


async def test_a_ticket_that_temporal_refuses_stops_no_other(
    care: Harness, make_shop: MakeShop
) -> None:
    """An id that is too long, here."""
    shop = await make_shop()
    store = TicketStore(shop.connection.database)
    refused, good = (
        Report(id=id, subject=shop.name, title="Cause", severity="info", by="tester")
        for id in ("f" * 1_500, uuid.uuid4().hex)
    )
    with pytest.raises(StackUnreachable, match="maximum allowed length"):
        await client.report(shop.connection, [refused, good])
    found = await store.find(good.id)
    assert found is not None and found.started


@pytest.mark.slow
async def test_a_ticket_goes_on_in_another_execution(care: Harness, make_shop: MakeShop) -> None:
    shop = await make_shop()
    ticket = await client.open_ticket(shop.connection, shop.name, "Look at it", "tester")
    workflow = await find_workflow_id(shop.connection, ticket.id)
    handle = shop.connection.temporal.get_workflow_handle(workflow)
    first = (await handle.describe()).run_id
    for _ in range(SIGNALS // 100):
        await asyncio.gather(
            *(observe(shop.connection, ticket.id, holds=False) for _ in range(100))
        )
    await client.change_ticket(
        shop.connection, ticket.id, client.TicketChangeBody(priority="high"), "tester"
    )

    async def is_another() -> bool:
        return (await handle.describe()).run_id != first

    await eventually(is_another)
    await client.change_ticket(
        shop.connection, ticket.id, client.TicketChangeBody(assignee="ada"), "tester"
    )
    closed = await client.act_on_ticket(shop.connection, ticket.id, "close", "tester")
    assert (closed.state, closed.priority, closed.assignee) == ("closed", "high", "ada")
    moves = (await reading.show_ticket(shop.connection, ticket.id)).moves
    assert [each.state for each in moves] == ["open", "open", "open", "closed"]
    rows = await shop.connection.database.fetch(
        "SELECT number FROM harness_care.ticket_move WHERE ticket = %s ORDER BY number",
        (ticket.id,),
    )
    assert [number for (number,) in rows] == [1, 2, 3, 4], "its histories are sealed as one"
    with pytest.raises(HarnessError):
        await client.act_on_ticket(shop.connection, ticket.id, "work", "tester")
