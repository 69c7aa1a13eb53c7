"""Silences: for a time, invariants open no tickets, during maintenance for example."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterable

from harness.care.acts import digest_silence, record_act
from harness.care.store import CareStore
from harness.care.subjects.registry import find_subject
from harness.care.views import SilenceBody, SilenceView
from harness.contracts.errors import InvariantNotFound
from harness.engine.connection import Connection
from harness.store.database import Row


async def add_silence(connection: Connection, body: SilenceBody, by: str) -> SilenceView:
    """Silence an invariant, or all of a subject.

    Raises:
        SubjectNotFound: There is no such subject.
        InvariantNotFound: It has no such invariant.
    """
    await find_subject(connection, body.subject)
    store = CareStore(connection.database)
    if body.invariant is not None and not await store.list_watched(body.subject, [body.invariant]):
        raise InvariantNotFound(f"Subject {body.subject!r} has no invariant {body.invariant!r}.")
    silence = SilenceView(
        id=uuid.uuid4().hex[:12], subject=body.subject, invariant=body.invariant,
        until=time.time() + body.seconds, reason=body.reason, by=by,
    )  # fmt: skip
    minutes = f"{body.seconds / 60:g} min"
    await record_act(
        connection, "silence_added", body.subject, by, name=silence.id,
        why=f"{body.invariant or 'all'} for {minutes}: {body.reason}",
        digest=digest_silence(silence),
    )  # fmt: skip
    await store.add_silence(
        silence.id, body.subject, body.invariant, silence.until, body.reason, by
    )
    return silence


async def list_silences(connection: Connection) -> list[SilenceView]:
    """List the silences that hold now."""
    return build_silences(await CareStore(connection.database).list_silences())


def build_silences(rows: Iterable[Row]) -> list[SilenceView]:
    """Silences of rows with id, subject, name, until, reason and by."""
    names = ("id", "subject", "invariant", "until", "reason", "by")
    return [SilenceView(**dict(zip(names, row, strict=True))) for row in rows]


async def find_silence(connection: Connection, id: str) -> SilenceView:
    """Find a silence that holds now.

    Raises:
        InvariantNotFound: There is none with this id.
    """
    found = next((each for each in await list_silences(connection) if each.id == id), None)
    if found is None:
        raise InvariantNotFound(
            f"There is no silence {id[:40]!r}.", fix="List them: harness care silence"
        )
    return found


async def end_silence(connection: Connection, id: str, by: str) -> SilenceView:
    """End a silence now.

    Raises:
        InvariantNotFound: There is none with this id.
    """
    found = await find_silence(connection, id)
    await record_act(connection, "silence_ended", found.subject, by, name=found.id)
    await CareStore(connection.database).end_silence(found.id)
    return found
