"""Rows of an agent's work that someone changed in the database, where it is easily missed."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, LiteralString

import pytest

from harness import Harness
from harness.archive.sweep import seal_all
from harness.care.audit.client import read_audit, read_gaps
from harness.care.audit.store import AuditFilter
from harness.care.repair import work as work_module
from harness.care.ticket_views import TicketChangeBody
from harness.care.tickets import client
from harness.care.tickets.rows import ChangeRow, Report
from harness.care.tickets.store import TicketStore
from harness.care.tickets.undoing import undo_ticket
from harness.contracts.effect import undo_id
from harness.engine.connection import Connection
from harness.history.reader import open_seals
from tests.fakes.runs import eventually
from tests.fakes.steps import call, say
from tests.integration.care.conftest import MakeShop, Shop
from tests.integration.care.test_audit import changed

PROVEN = ("sealed", "unsealed")
OLD = """
INSERT INTO harness_care.ticket (id, subject, title, severity, state, opened_by, opened, changed)
VALUES ('old', %s, 'It is old', 'info', 'closed', 'ann', '2020-01-01', '2020-01-02')
"""
"""A ticket whose history Temporal has deleted, and which was never sealed."""


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


COPY: LiteralString = (
    "INSERT INTO harness_care.note (id, ticket, kind, text, evidence, by, run, at) SELECT"
)
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
    "UPDATE harness_care.change SET kind = 'restart'": "change: the run has no such call",
    "UPDATE harness_care.change SET state = 'failed'": "change: ",
    f"{COPY} 'copy', ticket, kind, text, evidence, by, run, at FROM harness_care.note "
    "WHERE kind = 'hypothesis'": "note: another entry stands for the call",
    f"{COPY} 'copy', ticket, kind, text, evidence, by, run, at FROM harness_care.note "
    "WHERE kind = 'pin'": "note: another entry stands for the call",
    "UPDATE harness_care.note SET kind = 'comment' WHERE kind = 'hypothesis'": "note: ",
    "UPDATE harness_care.note SET evidence = evidence || "
    "'{\"reviewed and approved by\": \"the CEO\"}' WHERE kind = 'hypothesis'": "note: ",
    "UPDATE harness_care.note SET evidence = evidence || "
    "'{\"reviewed and approved by\": \"the CEO\"}' WHERE kind = 'proposal'": "note: ",
    "UPDATE harness_care.note SET evidence = jsonb_set(evidence, '{curves,0,approved}', "
    "'true') WHERE kind = 'pin'": "note: ",
    "INSERT INTO harness_care.ticket (id, subject, title, severity, opened_by, started) "
    "SELECT 'planted', name, 'Give me access', 'warning', 'ann', true "
    "FROM harness_care.subject": "ticket planted by ann has no history: it was added outside",
    "INSERT INTO harness_care.ticket (id, subject, title, severity, opened_by) "
    "SELECT 'act.planted', name, 'Give me access', 'warning', 'ann' "
    "FROM harness_care.subject": "ticket act.planted by ann has no history yet",
    "UPDATE harness_care.subject SET folder = '/tmp/evil'": "not as tests has added it",
    "UPDATE harness_care.subject SET added_by = 'bob'": "not as tests has added it",
}


EDITS_OF_UNDONE: dict[LiteralString, str] = {
    "UPDATE harness_care.change SET state = 'done'": "change: ",
    "UPDATE harness_care.change SET state = 'stuck', message = 'x'": "change: ",
    "DELETE FROM harness_care.change": "is missing",
}
EDITS_OF_FAILED: dict[LiteralString, str] = {
    "DELETE FROM harness_care.change": "missing",
    "UPDATE harness_care.change SET message = 'tested by ann'": "change: the run does not say",
    "UPDATE harness_care.change SET state = 'stuck'": "change: ",
    "UPDATE harness_care.change SET held = '{}'": "change: ",
    "UPDATE harness_care.change SET unsure = '{latency}'": "change: ",
}
EDITS_OF_STUCK: dict[LiteralString, str] = {
    "DELETE FROM harness_care.change": "missing",
    "UPDATE harness_care.change SET state = 'failed'": "change: ",
    "UPDATE harness_care.change SET state = 'started', message = ''": "change: ",
    "UPDATE harness_care.change SET state = 'undone', message = ''": "change: ",
    "INSERT INTO harness_care.change (id, subject, ticket, run, kind, commit, summary, held, "
    "state, message, by, at) SELECT 'copy', subject, ticket, run, kind, commit, summary, held, "
    "state, message, by, at FROM harness_care.change": "change: ",
}


async def find_missed(
    connection: Connection, edits: Mapping[LiteralString, str]
) -> dict[str, list[str]]:
    """The edits that are not found, with what is found instead."""
    assert await list_wrong(connection) == []
    missed = dict[str, list[str]]()
    for statement, what in edits.items():
        async with changed(connection, statement):
            wrong = await list_wrong(connection)
        if not any(what in each for each in wrong):
            missed[statement] = wrong
    assert await list_wrong(connection) == []
    return missed


@pytest.mark.slow
async def test_no_edit_of_a_row_is_missed(
    care: Harness, make_shop: MakeShop, model_server: Any
) -> None:
    shop, connection = await make_shop(), care.connection
    await work(care, shop, model_server)
    assert not await find_missed(connection, EDITS)


@pytest.mark.slow
async def test_no_edit_of_a_change_that_was_undone_is_missed(
    care: Harness, make_shop: MakeShop, model_server: Any
) -> None:
    shop, connection = await make_shop(), care.connection
    ticket = await work(care, shop, model_server)
    await undo_ticket(connection, await client.find_ticket(connection, ticket), "ann")
    assert [each.state for each in (await shop.ticket(ticket, "resolved")).changes] == ["undone"]
    assert not await find_missed(connection, EDITS_OF_UNDONE)
    await seal_undo(connection)
    assert not await find_missed(connection, EDITS_OF_UNDONE)


def say_nothing(_: Sequence[ChangeRow]) -> None:
    """What histories of earlier versions say of how changes ended."""


async def seal_undo(connection: Connection) -> None:
    """Seal the run that has changed something, and its undo."""
    [change] = await TicketStore(connection.database).list_changes()
    seals = open_seals(connection)

    async def look() -> bool:
        await seal_all(connection)
        run, namespace = change.run or "", connection.endpoints.namespace
        both = [await seals.seals_of_run(id, namespace) for id in (run, undo_id(run))]
        return all(both)

    await eventually(look, lambda is_sealed: is_sealed, 30)


@pytest.mark.slow
@pytest.mark.parametrize("is_told", [True, False])
async def test_no_edit_of_a_change_that_is_stuck_is_missed(
    care: Harness, make_shop: MakeShop, model_server: Any, monkeypatch: pytest.MonkeyPatch,
    is_told: bool,
) -> None:  # fmt: skip
    """Histories of earlier versions do not say of each change how it has ended."""
    if not is_told:
        monkeypatch.setattr(work_module, "describe_ends", say_nothing)
    shop, connection = await make_shop(), care.connection
    ticket = await break_revert(care, shop)
    shop.break_rollback()
    await care.get_run(await propose_revert(care, shop, model_server, ticket)).approve()
    [change] = (await shop.ticket(ticket, "failed")).changes
    assert change.state == "stuck"
    assert not await find_missed(connection, EDITS_OF_STUCK)


async def work(care: Harness, shop: Shop, model_server: Any) -> str:
    """An agent notes a hypothesis, pins evidence, and deploys the revert of a long commit; returns
    the ticket."""
    lines = "".join(f"line {number}\n" for number in range(300))
    shop.commit("5", f"0\n{lines}", "Make it long")
    (shop.folder / ".run" / "live").write_text("0 0\n")
    connection = care.connection
    other = await client.open_ticket(connection, shop.name, "Another", "ann")
    ticket = await client.open_ticket(connection, shop.name, "Look at this", "ann")
    body = TicketChangeBody(link=other.id)
    await client.change_ticket(connection, ticket.id, body, "ann")
    await care.get_run(await propose_revert(care, shop, model_server, ticket.id)).approve()
    await shop.ticket(ticket.id, "resolved")
    return ticket.id


async def break_revert(care: Harness, shop: Shop) -> str:
    """A ticket of a subject whose newest commit cannot be reverted."""
    (shop.folder / "values").write_text("fail\n")
    shop.git("commit", "--quiet", "--all", "-m", "Break it")
    shop.commit("0", "0", "Repair it")
    return (await client.open_ticket(care.connection, shop.name, "Look at this", "ann")).id


async def propose_revert(care: Harness, shop: Shop, model_server: Any, ticket: str) -> str:
    """An agent proposes to revert the newest commit; returns its run, which waits."""
    commit = shop.git("rev-parse", "HEAD")

    def deploy(body: Any) -> Any:
        proposed = re.findall(r"commit ([0-9a-f]{40})", json.dumps(body))
        assert proposed, json.dumps(body["input"])
        return call("deploy_change", subject=shop.name, commit=proposed[-1], summary="Revert it")

    model_server.script(
        call("note_hypothesis", hypothesis="It is the load.", verdict="likely"),
        call("pin_evidence", query=f"{shop.name} errors", text="Errors"),
        call("propose_revert", subject=shop.name, commit=commit, summary="Revert it"),
        deploy,
        say("Done."),
    )
    await client.act_on_ticket(care.connection, ticket, "work", "ann")
    run = (await shop.ticket(ticket, "proposed")).run
    assert run is not None
    return run


@pytest.mark.slow
async def test_the_reason_of_a_failed_deploy_is_compared(
    care: Harness, make_shop: MakeShop, model_server: Any
) -> None:
    shop, connection = await make_shop(), care.connection
    ticket = await break_revert(care, shop)
    await care.get_run(await propose_revert(care, shop, model_server, ticket)).approve()
    [change] = (await shop.ticket(ticket, "failed", "resolved")).changes
    assert change.state == "failed" and "halfway" in change.message
    assert not await find_missed(connection, EDITS_OF_FAILED)


async def test_a_ticket_without_a_history_is_not_called_forged_if_it_may_be_genuine(
    care: Harness, make_shop: MakeShop
) -> None:
    shop, connection = await make_shop(), care.connection
    kept = await client.open_ticket(connection, shop.name, "Look at this", "ann")
    await connection.database.fetch(OLD, (shop.name,))
    reports = [
        Report(id=id, subject=shop.name, title="It is new", severity="info", by="ann")
        for id in ("starting", "dead")
    ]
    await TicketStore(connection.database).report(reports)
    starting = asyncio.create_task(start_later(connection, reports[0]))

    gaps = await read_gaps(connection, AuditFilter())
    found = {each.source.rpartition(".")[2]: each.what for each in gaps.unlisted}
    await starting
    assert "starting" not in found, "it was waited for"
    assert kept.id not in found
    assert "or its history is lost" in found["old"]
    assert "its workflow has not started since it was reported" in found["dead"]


async def start_later(connection: Connection, reported: Report) -> None:
    """As a watch that has reported a problem, and is about to start the workflow of its ticket."""
    await asyncio.sleep(1)
    await client.report(connection, [reported])
