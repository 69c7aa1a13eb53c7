"""Rows of an agent's work that someone changed in the database, where it is easily missed."""

from __future__ import annotations

import json
import re
from typing import Any, LiteralString

import pytest

from harness import Harness
from harness.care.audit.client import read_audit, read_gaps
from harness.care.audit.store import AuditFilter
from harness.care.ticket_views import TicketChangeBody
from harness.care.tickets import client
from harness.engine.connection import Connection
from tests.fakes.steps import call, say
from tests.integration.care.conftest import MakeShop, Shop
from tests.integration.care.test_audit import changed

PROVEN = ("sealed", "unsealed")


@pytest.fixture
def care_options(care_options: dict[str, Any]) -> dict[str, Any]:
    return {**care_options, "model": "openai/gpt-5"}


async def list_wrong(connection: Connection) -> list[str]:
    entries = (await read_audit(connection, AuditFilter(), 200, verify=True)).entries
    gaps = await read_gaps(connection, AuditFilter())
    wrong = [
        f"{each.id.partition('/')[0]}: {each.proof.what}"
        for each in entries
        if each.proof is not None and each.proof.state not in PROVEN
    ]
    return [*wrong, *(each.what for each in gaps.unlisted)]


EDITS: dict[LiteralString, str] = {
    "UPDATE harness_care.note SET evidence = jsonb_set(evidence, '{diff}', "
    "to_jsonb(left(evidence ->> 'diff', 1100) || 'x')) WHERE kind = 'proposal'": "note: ",
    "UPDATE harness_care.note SET evidence = jsonb_set(evidence, '{curves,0,points}', "
    "'[[1, 99], [2, 99]]') WHERE kind = 'pin'": "note: ",
    "UPDATE harness_care.note SET ticket = (SELECT id FROM harness_care.ticket WHERE title = "
    "'Another') WHERE kind = 'pin'": "note: the run did not work on this ticket",
    "UPDATE harness_care.change SET by = 'ann'": "change: ",
    "UPDATE harness_care.change SET held = '{}'": "change: ",
    "UPDATE harness_care.change SET message = 'tested by ann'": "change: ",
    "UPDATE harness_care.change SET ticket = NULL": "change: ",
    "UPDATE harness_care.ticket SET title = 'x'": "title or opened_by",
    "UPDATE harness_care.ticket SET opened_by = 'bob'": "title or opened_by",
    "UPDATE harness_care.ticket SET linked = '{a}'": "linked",
    "UPDATE harness_care.ticket SET invariant = 'z'": "subject or invariant",
    "UPDATE harness_care.ticket SET subject = 'z'": "move: the ticket is about another subject",
    "UPDATE harness_care.subject SET folder = '/tmp/evil'": "not as tests has added it",
    "UPDATE harness_care.subject SET added_by = 'bob'": "not as tests has added it",
}


@pytest.mark.slow
async def test_no_edit_of_a_row_is_missed(
    care: Harness, make_shop: MakeShop, model_server: Any
) -> None:
    shop, connection = await make_shop(), care.connection
    await work(care, shop, model_server)
    assert await list_wrong(connection) == []
    missed = dict[str, list[str]]()
    for statement, what in EDITS.items():
        async with changed(connection, statement):
            wrong = await list_wrong(connection)
        if not any(what in each for each in wrong):
            missed[statement] = wrong
    assert not missed
    assert await list_wrong(connection) == []


async def work(care: Harness, shop: Shop, model_server: Any) -> None:
    """An agent pins evidence, and deploys the revert of a long commit."""
    lines = "".join(f"line {number}\n" for number in range(300))
    shop.commit("5", f"0\n{lines}", "Make it long")
    (shop.folder / ".run" / "live").write_text("0 0\n")
    connection = care.connection
    other = await client.open_ticket(connection, shop.name, "Another", "ann")
    ticket = await client.open_ticket(connection, shop.name, "Look at this", "ann")
    body = TicketChangeBody(link=other.id)
    await client.change_ticket(connection, ticket.id, body, "ann")
    await deploy_revert(care, shop, model_server, ticket.id)
    await shop.ticket(ticket.id, "resolved")


async def deploy_revert(care: Harness, shop: Shop, model_server: Any, ticket: str) -> None:
    """An agent proposes to revert the newest commit; a person approves it."""
    commit = shop.git("rev-parse", "HEAD")

    def deploy(body: Any) -> Any:
        proposed = re.findall(r"commit ([0-9a-f]{40})", json.dumps(body))
        assert proposed, json.dumps(body["input"])
        return call("deploy_change", subject=shop.name, commit=proposed[-1], summary="Revert it")

    model_server.script(
        call("pin_evidence", query=f"{shop.name} errors", text="Errors"),
        call("propose_revert", subject=shop.name, commit=commit, summary="Revert it"),
        deploy,
        say("Done."),
    )
    await client.act_on_ticket(care.connection, ticket, "work", "ann")
    run = (await shop.ticket(ticket, "proposed")).run
    assert run is not None
    await care.get_run(run).approve()


@pytest.mark.slow
async def test_the_reason_of_a_failed_deploy_is_compared(
    care: Harness, make_shop: MakeShop, model_server: Any
) -> None:
    shop, connection = await make_shop(), care.connection
    (shop.folder / "values").write_text("fail\n")
    shop.git("commit", "--quiet", "--all", "-m", "Break it")
    shop.commit("0", "0", "Repair it")
    ticket = await client.open_ticket(connection, shop.name, "Look at this", "ann")
    await deploy_revert(care, shop, model_server, ticket.id)
    [change] = (await shop.ticket(ticket.id, "failed", "resolved")).changes
    assert change.state == "failed" and "halfway" in change.message
    assert await list_wrong(connection) == []
    message = "UPDATE harness_care.change SET message = 'tested by ann'"
    async with changed(connection, message):
        [wrong] = await list_wrong(connection)
    assert wrong.startswith("change: the run does not say")
