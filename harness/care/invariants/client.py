"""List, add and remove invariants: what commands, routes and tools call."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence

from harness.care.acts import digest_invariant, record_act
from harness.care.invariants.invariant import Invariant
from harness.care.settings import CareSettings
from harness.care.store import CareStore, StoredSubject
from harness.care.subjects.registry import find_subject
from harness.care.telemetry.ask import open_source
from harness.care.views import CareStatus, InvariantBody, InvariantView, SubjectView
from harness.care.watching import keep_watch
from harness.contracts.errors import InvariantNotFound, InvariantRefused, QueryRefused
from harness.engine.connection import Connection

LATE_S = 10.0
FAILING = ("violated", "broken", "no_data", "unreachable", "invalid")


async def list_invariants(
    connection: Connection, subject: str | None = None, *, samples: bool = False
) -> list[InvariantView]:
    """List invariants with their states, and their newest values if `samples`."""
    if subject is not None:
        await find_subject(connection, subject)
    store = CareStore(connection.database)
    watched = await store.list_watched(subject)
    values = await store.read_samples(subject) if samples else {}
    return [InvariantView.of(each, values.get(each.key, ())) for each in watched]


async def add_invariant(connection: Connection, body: InvariantBody, by: str) -> InvariantView:
    """Add an invariant to a subject, or change one that a person added.

    Raises:
        SubjectNotFound: There is no such subject.
        InvariantRefused: It belongs to the subject's definition.
        QueryRefused: The source does not accept the query.
        SourceUnreachable: The source cannot be asked.
    """
    await find_subject(connection, body.subject)
    settings = connection.settings.section(CareSettings)
    invariant = Invariant.model_validate(body.model_dump(exclude={"subject", "slo"}))
    async with open_source(settings, body.source) as source:
        try:
            await source.query(body.query, at=time.time())
        except QueryRefused as error:
            fix = "Correct the query. `harness care query` shows what it answers."
            raise QueryRefused(error.message, fix=fix) from error
    store = CareStore(connection.database)
    defined = InvariantRefused(
        f"{body.name!r} is defined in the subject.toml of {body.subject}.",
        fix="Change it there, and run `harness care subject add` again.",
    )
    if any(each.by is None for each in await store.list_watched(body.subject, [body.name])):
        raise defined
    if not await add_recorded(connection, body.subject, [invariant], by):
        raise defined
    await keep_watch(connection)
    [watched] = await store.list_watched(body.subject, [body.name])
    return InvariantView.of(watched)


async def add_recorded(
    connection: Connection, subject: str, invariants: Sequence[Invariant], by: str
) -> set[str]:
    """Record that invariants are added, and add them; returns the names of those that were: one
    that the subject's definition has got meanwhile stays as it is, and the record says so."""
    for each in invariants:
        await record_act(
            connection, "invariant_added", subject, by, name=each.name, why=each.condition,
            digest=digest_invariant(each, by),
        )  # fmt: skip
    added = await CareStore(connection.database).add_invariants(subject, invariants, by)
    for each in invariants:
        if each.name not in added:
            await record_act(
                connection, "invariant_removed", subject, by, name=each.name,
                why="not added: subject.toml defines it",
            )  # fmt: skip
    return added


async def remove_invariant(
    connection: Connection, subject: str, name: str, by: str
) -> InvariantView:
    """Remove an invariant that a person added; returns it.

    Raises:
        InvariantNotFound: There is none with this name.
        InvariantRefused: It belongs to the subject's definition.
    """
    await find_subject(connection, subject)
    store = CareStore(connection.database)
    found = await store.list_watched(subject, [name]) if name.isprintable() else []
    if not found:
        raise InvariantNotFound(f"Subject {subject!r} has no invariant {name[:80]!r}.")
    if found[0].by is None:
        raise InvariantRefused(
            f"{name!r} is defined in the subject.toml of {subject}.",
            fix="Remove it there, and run `harness care subject add` again.",
        )
    await record_act(connection, "invariant_removed", subject, by, name=name)
    await store.remove_invariant(subject, name)
    await keep_watch(connection)
    return InvariantView.of(found[0])


async def list_subjects(connection: Connection) -> list[SubjectView]:
    """List all subjects, with the states of their invariants."""
    return await _describe_subjects(connection, await list_invariants(connection))


async def _describe_subjects(
    connection: Connection, found: Sequence[InvariantView]
) -> list[SubjectView]:
    states = dict[str, Counter[str]]()
    for each in found:
        states.setdefault(each.subject, Counter())[each.state] += 1
    return [
        describe_subject(stored, states.get(stored.subject.name, Counter()))
        for stored in await CareStore(connection.database).list_subjects()
    ]


async def read_status(connection: Connection) -> CareStatus:
    """Read the state of everything under care."""
    found = await list_invariants(connection)
    subjects = await _describe_subjects(connection, found)
    evaluated = max((each.at for each in found if each.at is not None), default=None)
    every = connection.settings.section(CareSettings).evaluate_seconds
    # Before the first evaluation: since the first subject with invariants was added.
    since = evaluated or min((each.added for each in subjects if each.states), default=None)
    return CareStatus(
        subjects=subjects,
        failing=[each for each in found if each.state in FAILING],
        evaluated=evaluated,
        overdue=since is not None and time.time() - since > 3 * every + LATE_S,
    )


def describe_subject(stored: StoredSubject, states: dict[str, int]) -> SubjectView:
    """Describe a subject."""
    subject = stored.subject
    return SubjectView(
        name=subject.name, summary=subject.summary, folder=stored.folder, changes=subject.changes,
        owner=subject.owner,
        health=subject.shown_health, metrics=subject.metrics, logs=subject.logs,
        added_by=stored.added_by, added=stored.added, states=dict(states),
    )  # fmt: skip
