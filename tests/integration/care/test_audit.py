"""The audit: every act is listed with its source, and what is changed outside of harness shows."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, LiteralString

import psycopg
import pytest

from harness import Harness
from harness.archive.sweep import seal_all
from harness.care.audit.client import read_audit, read_gaps
from harness.care.audit.store import AuditFilter
from harness.care.audit.views import AuditEntry
from harness.care.invariants import client as invariants
from harness.care.invariants import silences
from harness.care.invariants.imports import import_rules
from harness.care.invariants.views import ImportBody
from harness.care.subjects.registry import add_subject
from harness.care.ticket_views import PinBody, TicketChangeBody
from harness.care.tickets import client, notes
from harness.care.views import InvariantBody, SilenceBody
from harness.engine.connection import Connection
from tests.fakes.metrics_server import MetricsServer
from tests.fakes.runs import eventually
from tests.integration.care.conftest import MakeShop, Shop
from tests.integration.care.test_tickets import work_until

ALL = AuditFilter()


async def repair(care: Harness, shop: Shop) -> str:
    """A ticket from its first line to its last, with acts of people; returns its id."""
    id, connection = shop.ticket_of("errors"), care.connection
    extra = InvariantBody(
        name="extra",
        subject=shop.name,
        query=f"{shop.name} latency",
        operator="<",
        threshold=9,
        window_seconds=1,
    )
    await invariants.add_invariant(connection, extra, "ann")
    body = SilenceBody(subject=shop.name, invariant="extra", seconds=60, reason="a test")
    silence = await silences.add_silence(connection, body, "ann")
    shop.commit("5", "0", "Save money")
    run = await work_until(shop, "proposed")
    await notes.comment(connection, id, "It began at noon.", "bob")
    await notes.pin(connection, id, PinBody(query=f"{shop.name} errors", text="Errors"), "bob")
    change = TicketChangeBody(priority="urgent", assignee="bob")
    await client.change_ticket(connection, id, change, "ann")
    await care.get_run(run).approve()
    await shop.ticket(id, "resolved")
    await silences.end_silence(connection, silence.id, "ann")
    await invariants.remove_invariant(connection, shop.name, "extra", "ann")
    await client.act_on_ticket(connection, id, "close", "ann", "done")
    await shop.ticket(id, "closed")
    return id


async def seal(connection: Connection) -> None:
    """Seal everything, once Temporal lists it as ended."""

    async def look() -> set[str]:
        await seal_all(connection)
        return {e.proof.state for e in await verify(connection) if e.proof is not None}

    await eventually(look, lambda states: states == {"sealed"}, 30)


async def verify(connection: Connection, which: AuditFilter = ALL) -> list[AuditEntry]:
    return (await read_audit(connection, which, 200, verify=True)).entries


async def find_wrong(connection: Connection) -> tuple[dict[str, str], list[str]]:
    """The entries that are not proven, and what is missing."""
    wrong = {e.id.partition("/")[0]: e.proof.state for e in await verify(connection)
             if e.proof is not None and e.proof.state != "sealed"}  # fmt: skip
    gaps = await read_gaps(connection, ALL)
    return wrong, [each.what for each in gaps.unlisted]


@pytest.mark.slow
async def test_every_act_is_listed_and_proven(care: Harness, make_shop: MakeShop) -> None:
    shop, connection = await make_shop(), care.connection
    id = await repair(care, shop)
    await seal(connection)
    entries = (await read_audit(connection, AuditFilter(subject=shop.name), 200)).entries
    acts = {(each.action, each.by) for each in entries}
    assert acts >= {
        ("subject_added", "tests"), ("invariant_added", "ann"), ("invariant_removed", "ann"),
        ("silence_added", "ann"), ("silence_ended", "ann"), ("commented", "bob"),
        ("pinned", "bob"), ("hypothesis", "agent"), ("proposal", "agent"), ("deploy", "agent"),
        ("ticket", "watch"), ("ticket", "ann"),
    }  # fmt: skip
    [deploy] = [each for each in entries if each.action == "deploy"]
    assert deploy.result == "done" and deploy.ticket == id and "+0 0" in (deploy.diff or "")
    assert deploy.approval is not None and str(deploy.run).startswith(f"care-{id}-1-")
    [changed] = [each for each in entries if "urgent" in (each.result or "")]
    assert changed.by == "ann" and "assigned to bob" in changed.why
    assert await find_wrong(connection) == ({}, [])
    first = await read_audit(connection, ALL, 3)
    rest = await read_audit(connection, ALL, 200, first.next)
    assert [e.id for e in (*first.entries, *rest.entries)] == [
        e.id for e in (await read_audit(connection, ALL, 200)).entries
    ]
    only = await read_audit(connection, AuditFilter(by="bob", action="commented"), 10)
    assert [each.why for each in only.entries] == ["It began at noon."]

    await check_attacks(connection)


EDITS: tuple[tuple[LiteralString, str, str], ...] = (
    ("UPDATE harness_care.ticket_move SET by = 'eve' WHERE number = 2", "move", "differs"),
    ("UPDATE harness_care.ticket_move SET why = why || '!' WHERE state = 'approved'", "move",
     "differs"),
    ("UPDATE harness_care.change SET commit = 'abc'", "change", "differs"),
    ("UPDATE harness_care.change SET state = 'undone'", "change", "differs"),
    ("UPDATE harness_care.note SET text = 'x' WHERE kind = 'hypothesis'", "note", "differs"),
    ("UPDATE harness_care.note SET evidence = jsonb_set(evidence, '{diff}', '\"x\"') "
     "WHERE kind = 'proposal'", "note", "differs"),
    ("UPDATE harness_care.act SET by = 'eve' WHERE kind = 'silence_ended'", "act", "differs"),
    ("INSERT INTO harness_care.ticket_move (ticket, workflow_run, number, state, why, by, at) "
     "SELECT ticket, workflow_run, 99, 'closed', 'planted', 'ann', at FROM "
     "harness_care.ticket_move LIMIT 1", "move", "differs"),
    ("INSERT INTO harness_care.ticket_move (ticket, workflow_run, number, state, why, by, at) "
     "SELECT ticket, 'none', 1, 'closed', 'planted', 'ann', at FROM "
     "harness_care.ticket_move LIMIT 1", "move", "missing"),
    ("INSERT INTO harness_care.act (id, kind, subject, by, at) SELECT 'x', kind, subject, by, at "
     "FROM harness_care.act LIMIT 1", "act", "missing"),
    ("INSERT INTO harness_care.change (id, subject, ticket, run, kind, summary, state, by) "
     "SELECT 'x', subject, ticket, run, kind, 'planted', 'done', by FROM harness_care.change",
     "change", "differs"),
    ("UPDATE harness.seal SET entry = convert_to(replace(convert_from(entry, 'UTF8'), '\"at\":1', "
     "'\"at\":2'), 'UTF8') WHERE run LIKE 'care.%' AND run NOT LIKE '%.act.%'", "move", "broken"),
)  # fmt: skip
REMOVALS: tuple[tuple[LiteralString, str], ...] = (
    ("DELETE FROM harness_care.ticket_move WHERE state = 'approved'", "approved by"),
    ("DELETE FROM harness_care.ticket", "is missing"),
    ("UPDATE harness_care.ticket SET state = 'open', assignee = 'eve'", "state, assignee"),
    ("DELETE FROM harness_care.change", "change"),
    ("DELETE FROM harness_care.note WHERE kind = 'hypothesis'", "hypothesis"),
    ("DELETE FROM harness_care.note WHERE kind = 'comment'", "is missing"),
    ("DELETE FROM harness_care.act WHERE kind = 'silence_ended'", "silence_ended by ann"),
    ("UPDATE harness_care.note SET text = 'x' WHERE kind = 'comment'", "not as bob has added it"),
    ("UPDATE harness_care.subject SET definition = jsonb_set(definition, '{summary}', '\"x\"')",
     "not as tests has added it"),
    ("INSERT INTO harness_care.invariant (subject, name, definition, by) SELECT subject, 'extra', "
     "definition || '{\"name\": \"extra\"}', 'ann' FROM harness_care.invariant LIMIT 1",
     "added without a record"),
)  # fmt: skip


TABLES: tuple[LiteralString, ...] = (
    "harness_care.subject", "harness_care.invariant", "harness_care.silence",
    "harness_care.ticket", "harness_care.ticket_move", "harness_care.note", "harness_care.change",
    "harness_care.act", "harness.seal",
)  # fmt: skip


@asynccontextmanager
async def changed(connection: Connection, statement: LiteralString) -> AsyncGenerator[None]:
    """Change the database as its owner can, and restore it afterwards."""
    copies = dict[LiteralString, list[tuple[object, ...]]]()
    async with connection.database.connection() as open_connection:
        for table in TABLES:
            cursor = await open_connection.execute(f"SELECT t::text FROM {table} t")
            copies[table] = await cursor.fetchall()
        await open_connection.execute(statement)
    yield
    async with connection.database.connection() as open_connection, open_connection.transaction():
        for table in reversed(TABLES):
            await open_connection.execute(f"DELETE FROM {table}")
        for table, rows in copies.items():
            insert = f"INSERT INTO {table} SELECT (%s::{table}).*"
            async with open_connection.cursor() as many:
                await many.executemany(insert, rows)


async def check_attacks(connection: Connection) -> None:
    """Whoever can write to the database changes it, and is found out; then it is as before."""
    for statement, kind, state in EDITS:
        async with changed(connection, statement):
            wrong, _ = await find_wrong(connection)
            assert wrong.get(kind) == state, (statement, wrong)
    for statement, what in REMOVALS:
        async with changed(connection, statement):
            _, gaps = await find_wrong(connection)
            assert any(what in each for each in gaps), (statement, gaps)
    assert await find_wrong(connection) == ({}, [])


async def test_what_is_not_sealed_yet_says_so(care: Harness, make_shop: MakeShop) -> None:
    shop = await make_shop()
    made = await client.open_ticket(care.connection, shop.name, "Look at this", "ann")
    states = {e.proof.state for e in await verify(care.connection) if e.proof is not None}
    assert states == {"unsealed"}
    assert (await read_gaps(care.connection, AuditFilter(ticket=made.id))).unlisted == []


async def test_a_definition_may_take_over_what_a_person_has_added(
    care: Harness, make_shop: MakeShop
) -> None:
    shop, connection = await make_shop(), care.connection
    query = f"{shop.name} latency"
    extra = InvariantBody(
        name="extra", subject=shop.name, query=query, operator="<", threshold=9,
    )  # fmt: skip
    await invariants.add_invariant(connection, extra, "ann")
    with (shop.folder / "subject.toml").open("a") as file:
        file.write(
            f'\n[[invariant]]\nname = "extra"\nquery = "{query}"\noperator = "<"\nthreshold = 8\n'
        )
    await add_subject(connection, shop.folder, "bob")
    assert (await read_gaps(connection, ALL)).unlisted == []
    found = {each.name: each for each in await invariants.list_invariants(connection, shop.name)}
    assert (found["extra"].threshold, found["extra"].by) == (8, None)
    entries = (await read_audit(connection, AuditFilter(by="bob"), 10)).entries
    assert [each.action for each in entries] == ["invariant_removed", "subject_added"]


async def test_a_rule_is_not_imported_over_what_was_defined_meanwhile(
    care: Harness, make_shop: MakeShop, metrics: MetricsServer, care_options: dict[str, Any]
) -> None:
    shop, connection = await make_shop(), care.connection
    url = care_options["database"]["url"]

    def define() -> float:
        """While the import asks the query, subject.toml gets an invariant of this name."""
        with psycopg.connect(url) as other:
            other.execute(
                "INSERT INTO harness_care.invariant (subject, name, definition) SELECT subject, "
                "'slow', definition || '{\"name\": \"slow\"}' FROM harness_care.invariant "
                "WHERE subject = %s LIMIT 1 ON CONFLICT DO NOTHING",
                (shop.name,),
            )
        return 0.0

    metrics.values["slow"] = define
    rules = "groups: [{name: a, rules: [{alert: Slow, expr: slow > 1}]}]"
    done = await import_rules(connection, ImportBody(subject=shop.name, content=rules), "ann")
    assert [(each.name, each.outcome) for each in done.rules] == [("slow", "left out")]
    assert (await read_gaps(connection, ALL)).unlisted == []
