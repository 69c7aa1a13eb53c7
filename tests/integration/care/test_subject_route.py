"""One subject over the API: with its invariants, tickets and changes."""

from __future__ import annotations

import time
import uuid

from harness import Harness
from harness.care.invariants.invariant import Invariant
from harness.care.invariants.judge import Judgement
from harness.care.store import CareStore
from harness.care.subjects.subject import Subject
from harness.care.tickets.rows import ChangeRow, Report
from harness.care.tickets.store import TicketStore
from tests.integration.api.conftest import Api

LONG_AGO = 1_000_000.0


async def test_a_subject_with_all_that_concerns_it(api: Api, harness: Harness) -> None:
    database = harness.connection.database
    name = f"shop-{uuid.uuid4().hex[:8]}"
    invariants = tuple(
        Invariant(name=each, query="up", operator=">", threshold=0.5) for each in ("one", "two")
    )
    care, tickets = CareStore(database), TicketStore(database)
    await care.add_subject(Subject(name=name, invariant=invariants), "/srv/shop", "0" * 64, "ada")
    [one, two] = await care.list_watched(name)
    await care.save_judgements(
        [
            (one, Judgement("holds", LONG_AGO, LONG_AGO, None, 1.0)),
            (two, Judgement("broken", LONG_AGO, LONG_AGO, None, float("inf"))),
        ],
        0,
    )
    ticket = uuid.uuid4().hex
    await tickets.report(
        [Report(id=ticket, subject=name, title="Slow", severity="warning", by="ada")]
    )
    for number in range(3):
        change = ChangeRow(
            id=f"{ticket}-{number}", subject=name, ticket=ticket, run=None, kind="deploy",
            commit=None, summary=f"Change {number}", held=(), state="started",
            message="", by="ada", at=0.0,
        )  # fmt: skip
        await tickets.begin_change(change, 10)
    try:
        answer = await api.viewer.get(f"/api/v1/care/subjects/{name}")
        assert answer.status_code == 200, answer.text
        found = answer.json()
        assert found["states"] == {"holds": 1, "broken": 1}
        assert [(each["name"], each.get("value")) for each in found["invariants"]] == [
            ("one", 1.0), ("two", None),
        ]  # fmt: skip
        assert found["invariants"][0]["samples"] == [[LONG_AGO, 1.0]]
        assert [each["id"] for each in found["tickets"]] == [ticket]
        assert [each["summary"] for each in found["recent"]] == ["Change 2", "Change 1", "Change 0"]
        shown = (await api.viewer.get(f"/api/v1/care/tickets/{ticket}")).json()
        assert shown["actions"] == ["work", "resolve", "close"]
        assert len(await tickets.list_changes(subject=name, limit=2)) == 2
        status = (await api.viewer.get("/api/v1/care")).json()
        assert status["overdue"] is (time.time() - status["evaluated"] > 55)
    finally:
        await care.remove_subject(name)


async def test_a_subject_that_is_not_there(api: Api) -> None:
    for name in ("nothing", "a%00b", "%F0%9F%8D%B5", "x" * 500):
        answer = await api.viewer.get(f"/api/v1/care/subjects/{name}")
        assert answer.status_code == 404, answer.text
