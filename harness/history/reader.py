"""Runs as they were: from the engine while it has them, from the archive once it has forgotten."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

from pydantic import ValidationError
from temporalio.api.history.v1 import HistoryEvent

from harness.contracts.attempt import Attempt
from harness.contracts.errors import (
    ArchiveChanged,
    ArtifactMissing,
    ContentCorrupt,
    Forgotten,
    RunError,
    RunNotFound,
    StoreError,
    StoreUnavailable,
)
from harness.contracts.event import DurableEvent, ModelCalled, RunEnded, RunStarted
from harness.contracts.run import RunState, RunStatus, Totals, TranscriptView
from harness.engine.connection import Connection
from harness.engine.payload_codec import plain
from harness.engine.retry import not_found
from harness.history import live
from harness.journal import Execution, project_chain
from harness.journal.chain import continued
from harness.journal.seal import Content, RawExecution, damage_of, unpack
from harness.store.migrate import read_revision
from harness.store.seals import SealRow, Seals


@dataclass(frozen=True)
class Past:
    executions: tuple[Execution, ...]
    """Readable, oldest first."""
    attempts: tuple[Attempt, ...] = ()
    """As they were sealed; of what the engine has still, the log knows."""


def seals(connection: Connection) -> Seals:
    return Seals(connection.database, connection.vault)


async def read(connection: Connection, run: str) -> Past:
    """All of a run so far."""
    found = await _oldest(connection, run)
    if found is None:
        return await sealed(connection, run)
    oldest, older = found
    return Past((*older, *[each async for each in _known(connection, run, oldest)]))


async def events(
    connection: Connection, run: str, *, wait: bool = True
) -> AsyncIterator[DurableEvent]:
    """All events of a run, from its first execution on; with `wait` until it is over."""
    found = await _oldest(connection, run)
    if found is None:
        for event in project_chain(run, (await sealed(connection, run)).executions):
            yield event
        return
    (oldest, older), skip, client = found, 0, connection.temporal
    if older:
        for event in project_chain(run, (*older, Execution(oldest, ()))):
            yield event
        entries = [each async for each in live.entries(client, run, oldest, wait=False)]
        skip = max(0, Execution(oldest, tuple(entries)).left_at - 1)
    async for event in live.events(client, run, oldest, skip=skip, wait=wait):
        yield event


async def sealed(connection: Connection, run: str) -> Past:
    """A run as it was sealed last; an error that says why where it cannot be read."""
    try:
        rows = await seals(connection).seals_of_run(run, connection.endpoints.namespace)
    except StoreError as error:
        if await _is_empty(connection):
            raise not_found(run) from None
        raise StoreUnavailable(
            f"The engine knows no run {run!r}, and the archive cannot be read: {error.message}",
        ) from error
    if not rows:
        raise await _nowhere(connection, run)
    row = rows[0]
    content = await read_content(connection, row)
    return Past(
        tuple([await readable(connection, each) for each in content.executions]),
        attempts_in(content.telemetry),
    )


async def _is_empty(connection: Connection) -> bool:
    """Whether the database is new: who only reads runs makes no tables."""
    try:
        return await read_revision(connection.database) is None
    except StoreError:
        return False


async def is_sealed(connection: Connection, run: str) -> bool:
    return bool(await seals(connection).seals_of_run(run, connection.endpoints.namespace))


async def read_content(connection: Connection, row: SealRow) -> Content:
    """What a seal holds, checked against its commitments."""
    store = seals(connection)
    if row.content is None:
        raise await _gone(store, row)
    entry = row.read  # too new, before anything else of it is looked at
    key = await store.load_key(row)
    try:
        data = await connection.stores.artifacts.get(row.content)
    except ContentCorrupt:
        if key is None:
            raise
        data = await connection.stores.artifacts.read_stored(row.content)
    damage = damage_of(data, key, entry) if key else "the key of its commitments is gone"
    if damage is not None:
        raise ArchiveChanged(f"Run {row.run!r} is not as it was sealed: {damage}.")
    return unpack(data)


async def readable(connection: Connection, raw: RawExecution) -> Execution:
    converter = connection.temporal.data_converter
    entries = [await plain(converter, HistoryEvent.FromString(event)) for event in raw.events]
    return Execution(raw.run_id, tuple(entries))


def attempts_in(telemetry: Sequence[bytes]) -> tuple[Attempt, ...]:
    """As far as this version knows them. What it cannot read is left out: these are beside the
    history, and must not keep that from being read."""
    found: list[Attempt] = []
    for row in telemetry:
        with suppress(ValidationError):
            found.append(Attempt.model_validate_json(row, extra="ignore"))
    return tuple(found)


def shown_execution(execution: Execution) -> RawExecution:
    """The bytes of readable events as they come back from an export: without what this version
    has no name for."""
    events: list[bytes] = []
    for entry in execution.entries:
        copy = HistoryEvent()
        copy.CopyFrom(entry)
        copy.DiscardUnknownFields()  # pyright: ignore[reportAttributeAccessIssue]
        events.append(copy.SerializeToString(deterministic=True))
    return RawExecution(execution.run_id, tuple(events))


def status(events: Sequence[DurableEvent]) -> RunStatus:
    """What a run that has ended would say of itself."""
    began = next((each for each in events if isinstance(each, RunStarted)), None)
    ended = next((each for each in reversed(events) if isinstance(each, RunEnded)), None)
    if began is None:
        raise RunNotFound("This is a workflow, but no run of an agent.")
    return RunStatus(
        run=began.run,
        agent=began.agent,
        state=ended.state if ended else RunState.RUNNING,
        turn=max((each.turn for each in events if isinstance(each, ModelCalled)), default=0),
        doing="",
        model=began.model,
        totals=(ended.totals if ended else None) or Totals(),
        session=began.session,
        reason=ended.reason if ended else None,
    )


def transcript(events: Sequence[DurableEvent]) -> TranscriptView:
    ended = next((each for each in reversed(events) if isinstance(each, RunEnded)), None)
    head = ended.head if ended else None
    return TranscriptView(head=head, saved=head, unsaved=())


# --- inside


async def _oldest(connection: Connection, run: str) -> tuple[str, tuple[Execution, ...]] | None:
    """The oldest execution that the engine knows, and those before it that it has forgotten; None
    where it knows nothing of the run."""
    try:
        oldest, lost = await live.first_execution(connection.temporal, run)
    except RunNotFound:
        return None
    row = await seals(connection).find_by_execution(lost) if lost else None
    if row is None:
        return oldest, ()
    content = await read_content(connection, row)
    ids = [each.run_id for each in content.executions]
    end = ids.index(oldest) if oldest in ids else len(ids)
    return oldest, tuple([await readable(connection, raw) for raw in content.executions[:end]])


async def _known(connection: Connection, run: str, oldest: str) -> AsyncIterator[Execution]:
    """Those that the engine has, from one on."""
    client, run_id = connection.temporal, oldest
    while run_id:
        entries = [each async for each in live.entries(client, run, run_id, wait=False)]
        yield Execution(run_id, tuple(entries))
        following = next((to for each in reversed(entries) if (to := continued(each))), None)
        branch = None if following else await live.branch_of(client, run, run_id)
        run_id = following or (branch[0] if branch else "")


async def _nowhere(connection: Connection, run: str) -> RunError:
    here = connection.endpoints.namespace
    others = await seals(connection).namespaces_of(run)
    if not others:
        return not_found(run)
    return RunNotFound(
        f"Run {run!r} is of namespace {', '.join(others)}, and this is {here}.",
        fix=f"Set temporal.namespace to {others[0]}.",
    )


async def _gone(store: Seals, row: SealRow) -> StoreError:
    stone = await store.find_tombstone(row.run, row.seq)
    if stone is None:
        return ArchiveChanged(
            f"The sealed content of run {row.run!r} is missing; no deletion is recorded.",
        )
    told = stone.read
    when = time.strftime("%Y-%m-%d", time.gmtime(told.at))
    if told.kind == "forgotten":
        return Forgotten(f"Run {row.run!r} was forgotten by {told.by} on {when}.")
    return ArtifactMissing(
        f"The content of run {row.run!r} was deleted on {when}; its seal is still there.",
        fix="Import an export of it: harness archive import FILE.",
    )
