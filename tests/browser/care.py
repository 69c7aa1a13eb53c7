"""Services under care for the page: rows as the watch, agents and people leave them."""

from __future__ import annotations

import time
import uuid
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from temporalio.client import (
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleIntervalSpec,
    ScheduleSpec,
    ScheduleState,
)

from harness.care.contracts import WATCH_WORKFLOW, Evaluate, Move, SaveMove
from harness.care.invariants.invariant import Invariant
from harness.care.invariants.judge import Judgement, State
from harness.care.invariants.slo import Slo
from harness.care.settings import CareSettings
from harness.care.states import TicketState
from harness.care.store import SAMPLES, CareStore
from harness.care.subjects.subject import Subject
from harness.care.tickets.rows import ChangeRow, Note, NoteKind, Report, fingerprint
from harness.care.tickets.store import TicketStore
from harness.contracts.queues import capability_queue
from harness.store.store_id import get_store_id
from tests.browser.site import Site
from tests.fakes.subjects import save_subject

EVERY_S = 15.0
PANEL = "/panels/care/care"
BROKEN = "error-ratio"
DIFF = "--- a/config.toml\n+++ b/config.toml\n@@ -1 +1 @@\n-limit = 20\n+limit = 200\n"
OUTPUT = (
    "errors rose in the minute after the deploy\n"
    '{job="api"}: last 0.08, least 0.004, most 0.144, mean 0.04, p95 0.14\n'
    "  changed at 10:05:00Z from 0.004 to 0.08 (+9 standard errors)\n"
    'log: 10:05:01Z level=error msg="the bucket is empty" key=ada path=/api/v1/orders status=503'
)
"""What a tool returned, as agents quote it."""
STATES: dict[str, State] = {
    BROKEN: "broken", "latency-p95": "violated", "queue-age": "no_data",
    "logged-errors": "unreachable", "memory": "holds", "old": "invalid",
}  # fmt: skip
MOVES: tuple[tuple[TicketState, str], ...] = (
    ("open", "error-ratio is broken"),
    ("investigating", "an agent looks for the cause"),
    ("proposed", "deploy_change waits for approval"),
)

NOTES: tuple[tuple[NoteKind, str | None], ...] = (
    ("hypothesis", "likely"), ("hypothesis", "refuted"), ("proposal", None),
)  # fmt: skip


@dataclass(frozen=True)
class Cared:
    """What a test knows of the rows."""

    subject: str
    ticket: str
    run: str

    @property
    def paths(self) -> tuple[str, ...]:
        """Of all views of care."""
        return PANEL, f"{PANEL}?subject={self.subject}", f"{PANEL}?ticket=care.{self.ticket}"


async def furnish_care(
    site: Site, text: str = "", *, age: float = 0.0, run: str = "", slos: tuple[Slo, ...] = ()
) -> Cared:
    """A subject with an invariant in each state, its changes, and a ticket whose agent proposes a
    change. `text` stands in everything that comes from outside; `age` is that of the last
    evaluation."""
    database = site.harness.connection.database
    name = f"api-{site.name[-12:]}"
    ticket = fingerprint(name, BROKEN)
    run = run or f"care-{ticket}-1"
    invariants = [
        Invariant(
            name=each, query=f'sum(rate(http_requests_total{{job="api",code=~"5.."}}[1m])) {text}',
            operator="<", threshold=0.02, severity="critical" if each == BROKEN else "warning",
            summary=text[:200],
        )
        for each in STATES
    ]  # fmt: skip
    subject = Subject(
        name=name, owner=site.user, summary=text[:400] or "Answers requests.",
        metrics='{job="api"}', logs='{service="api"}', invariant=tuple(invariants), slo=slos,
    )  # fmt: skip
    await _let_nobody_evaluate(site)
    await save_subject(site.harness.connection, subject, f"/srv/{name}", site.user)
    store = CareStore(database)
    await _judge(store, name, text, time.time() - age)
    await _open_ticket(site, name, ticket, run, text)
    await _change(site, name, ticket, run, text)
    return Cared(name, ticket, run)


async def _let_nobody_evaluate(site: Site) -> None:
    """Make the schedule of evaluations first, on a queue that no worker polls: the worker of the
    site would evaluate the rows after seconds, and no Prometheus answers here."""
    connection = site.harness.connection
    schedule = capability_queue("care_watch", await get_store_id(connection.database))
    evaluate = ScheduleActionStartWorkflow(
        WATCH_WORKFLOW, Evaluate(), id=schedule, task_queue=f"{schedule}-nobody"
    )
    every = timedelta(seconds=connection.settings.section(CareSettings).evaluate_seconds)
    plan = Schedule(
        action=evaluate,
        spec=ScheduleSpec(intervals=[ScheduleIntervalSpec(every=every)]),
        state=ScheduleState(paused=True),
    )
    with suppress(ScheduleAlreadyRunningError):
        await connection.temporal.create_schedule(schedule, plan)


async def _judge(store: CareStore, name: str, text: str, now: float) -> None:
    """An hour of evaluations, of which half were good."""
    watched = await store.list_watched(name)
    for number in range(0, SAMPLES, 4):
        at = now - (SAMPLES - number) * EVERY_S
        found = list[tuple[Any, Judgement]]()
        for each in watched:
            state = STATES.get(each.invariant.name, "no_data")
            level = 0.004 if state == "holds" or number < SAMPLES / 2 else 0.08
            value = level * (1 + 0.2 * ((number * 7) % 5)) if state not in ("invalid",) else None
            if state in ("no_data", "unreachable") and number > SAMPLES / 2:
                value = None
            message = text or ("" if state == "holds" else f"{state}: said by the source")
            found.append((each, Judgement(state, at, now - 900.0, None, value, message)))
        await store.save_judgements(found, number)


async def _open_ticket(site: Site, name: str, ticket: str, run: str, text: str) -> None:
    database = site.harness.connection.database
    store = TicketStore(database)
    title = f"{BROKEN} is broken: less than 2 % of requests fail. {text}"[:300]
    report = Report(
        id=ticket, subject=name, invariant=BROKEN, severity="critical", by="watch", title=title
    )
    await store.report([report])
    await store.note_started([ticket])  # its workflow has ended
    await database.fetch(
        "UPDATE harness_care.ticket SET opened = now() - interval '10 min' WHERE id = %s",
        (ticket,),
    )
    now = time.time()
    for number, (state, why) in enumerate(MOVES):
        move = Move(
            state=state, why=f"{why}\n{text}".strip()[:2_000], by="agent", at=now - 600 + number,
            run=run if number else None,
        )  # fmt: skip
        request = SaveMove(ticket=ticket, move=move, number=number, attempts=min(number, 1))
        await store.save_move(request, "first")
    for kind, verdict in NOTES:
        evidence = {
            "verdict": verdict, "for": text or OUTPUT,
            "against": text or "latency did not change", "commit": "1e" * 20,
            "diff": text or DIFF,
        }  # fmt: skip
        note = Note(
            id=uuid.uuid4().hex, kind=kind, by="agent", at=0.0, run=run, evidence=evidence,
            text=text or "The limit is too low.",
        )  # fmt: skip
        await store.add_note(ticket, note)
    comment = Note(
        id=uuid.uuid4().hex, kind="comment", text=text or "I look too.", by="ada", at=0.0
    )
    await store.add_note(ticket, comment)


async def _change(site: Site, name: str, ticket: str, run: str, text: str) -> None:
    """Two deploys: one some time ago, which was undone, and one just now."""
    database = site.harness.connection.database
    store = TicketStore(database)
    for state, minutes in (("undone", 30), ("done", 10)):
        change = ChangeRow(
            id=uuid.uuid4().hex, subject=name, ticket=ticket, run=run, commit="0f" * 20,
            kind="deploy", held=(), state="started", message="", by="agent", at=0.0,
            summary=text or "Set the limit to 200 again",
        )  # fmt: skip
        await store.begin_change(change, 100)
        await store.end_change(change.id, state, text)
        await database.fetch(
            "UPDATE harness_care.change SET at = now() - make_interval(mins => %s) WHERE id = %s",
            (minutes, change.id),
        )
