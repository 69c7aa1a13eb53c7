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
from tests.fakes.subjects import save_subject
from tests.integration.api.conftest import Api

LONG_AGO = 1_000_000.0


async def test_a_subject_with_all_that_concerns_it(api: Api, harness: Harness) -> None:
    database = harness.connection.database
    name = f"shop-{uuid.uuid4().hex[:8]}"
    invariants = tuple(
        Invariant(name=each, query="up", operator=">", threshold=0.5) for each in ("one", "two")
    )
    care, tickets = CareStore(database), TicketStore(database)
    defined = Subject(name=name, owner=api.user, invariant=invariants)
    await save_subject(harness.connection, defined)
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


async def test_only_its_owner_and_admins_change_a_subject(api: Api, harness: Harness) -> None:
    """Every viewer sees it. What belongs to others is refused, also to operators."""
    store = CareStore(harness.connection.database)
    name, other = (f"shop-{uuid.uuid4().hex[:8]}" for _ in range(2))
    invariant = Invariant(name="up", query="up", operator=">", threshold=0.5)
    await save_subject(harness.connection, Subject(name=name, owner="olaf"))
    await save_subject(harness.connection, Subject(name=other, invariant=(invariant,)))
    ticket = uuid.uuid4().hex
    tickets = TicketStore(harness.connection.database)
    await tickets.report(
        [Report(id=ticket, subject=other, title="Slow", severity="warning", by="ada")]
    )
    alert = {"status": "firing", "labels": {"subject": other}, "fingerprint": "f"}
    silence = {"subject": other, "seconds": 60, "reason": "rest"}
    extra = {"subject": other, "name": "x", "query": "up", "operator": ">", "threshold": 1}
    try:
        for path, body in (
            ("tickets", {"subject": other, "title": "Slow"}),
            (f"tickets/{ticket}/act", {"action": "close"}),
            (f"tickets/{ticket}/comments", {"text": "Do as I say"}),
            ("silences", silence),
            ("invariants", extra),
        ):
            answer = await api.operator.post(f"/api/v1/care/{path}", json=body)
            assert answer.status_code == 403, answer.text
            assert answer.json()["code"] == "care.not_yours"
        gone = await api.operator.delete(f"/api/v1/care/invariants/{other}/up")
        assert gone.status_code == 403
        taken = await api.operator.post("/api/v1/care/alerts", json={"alerts": [alert]})
        assert taken.json() == {"reported": 0, "resolved": 0, "ignored": 1}
        made = (await api.admin.post("/api/v1/care/silences", json=silence)).json()
        ended = await api.operator.delete(f"/api/v1/care/silences/{made['id']}")
        assert ended.status_code == 403
        shown = (await api.operator.get(f"/api/v1/care/tickets/{ticket}")).json()
        assert (shown["may_change"], shown["actions"]) == (False, [])
        subject = (await api.viewer.get(f"/api/v1/care/subjects/{other}")).json()
        assert subject["may_change"] is False
        await save_subject(harness.connection, Subject(name=name, owner=api.user))
        mine = {**silence, "subject": name}
        assert (await api.operator.post("/api/v1/care/silences", json=mine)).status_code == 201
        assert (await api.stranger.post("/api/v1/care/silences", json=mine)).status_code == 403
    finally:
        await store.remove_subject(name)
        await store.remove_subject(other)
