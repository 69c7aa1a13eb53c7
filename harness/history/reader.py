"""Reads past runs: from Temporal while it has them, then from the archive."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

from pydantic import ValidationError
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.history.v1 import HistoryEvent
from temporalio.api.workflowservice.v1 import GetWorkflowExecutionHistoryRequest

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
from harness.contracts.run import (
    WORKFLOW,
    RunSpec,
    RunState,
    RunStatus,
    Totals,
    TranscriptView,
)
from harness.engine.connection import Connection
from harness.engine.payload_codec import decode_entry
from harness.engine.retry import run_not_found
from harness.history import live
from harness.journal import Execution, project_chain
from harness.journal.chain import ChainProjector, find_branch, next_execution
from harness.journal.payloads import read_first
from harness.journal.seal import Content, RawExecution, damage_of, unpack_content
from harness.store.migrate import read_revision
from harness.store.seals import SealRow, Seals


@dataclass(frozen=True)
class RunHistory:
    executions: tuple[Execution, ...]
    """Readable, oldest first."""
    attempts: tuple[Attempt, ...] = ()
    """Sealed attempts only; for runs that Temporal still has, see the attempt log."""


def open_seals(connection: Connection) -> Seals:
    return Seals(connection.database, connection.vault)


async def read_run(connection: Connection, run: str) -> RunHistory:
    """Read all of a run so far."""
    found = await _find_oldest(connection, run)
    if found is None:
        return await read_sealed(connection, run)
    oldest, older = found
    return RunHistory((*older, *[each async for each in _read_known(connection, run, oldest)]))


async def read_events(
    connection: Connection, run: str, *, wait: bool = True, reached: live.Reached | None = None
) -> AsyncIterator[DurableEvent]:
    """Yield all events of a run; with `wait` until it ends. `reached` is kept up to date, unless
    the run is sealed."""
    found = await _find_oldest(connection, run)
    if found is None:
        async for event in read_sealed_events(connection, run):
            yield event
        return
    (oldest, older), skip, client = found, 0, connection.temporal
    if older:
        for event in project_chain(run, (*older, Execution(oldest, ()))):
            yield event
        entries = [each async for each in live.read_entries(client, run, oldest, wait=False)]
        skip = max(0, Execution(oldest, tuple(entries)).left_at - 1)
    following = live.read_events(client, run, oldest, skip=skip, wait=wait, reached=reached)
    async for event in following:
        yield event


async def read_sealed_events(connection: Connection, run: str) -> AsyncIterator[DurableEvent]:
    """Yield all events of a sealed run, the first ones before the others are read, and with turns
    for others in the process between them."""
    content = await read_content(connection, await find_seal(connection, run))
    converter, last = connection.temporal.data_converter, len(content.executions) - 1
    for place, raw in enumerate(content.executions):
        # The base of the first one may no longer be known.
        left_at = find_branch(raw.run_id, map(HistoryEvent.FromString, raw.events)) if place else 0
        projector = ChainProjector(run, raw.run_id, left_at=left_at, last=place == last)
        for number, event in enumerate(raw.events):
            if number % live.PAUSE_EVERY == 0:
                await asyncio.sleep(0)
            entry = await decode_entry(converter, HistoryEvent.FromString(event))
            for each in projector.feed(entry):
                yield each


async def read_sealed(connection: Connection, run: str) -> RunHistory:
    """Read the newest seal of a run; the error says why it cannot be read."""
    content = await read_content(connection, await find_seal(connection, run))
    return RunHistory(
        tuple([await decode_execution(connection, each) for each in content.executions]),
        attempts_in(content.telemetry),
    )


async def find_seal(connection: Connection, run: str) -> SealRow:
    """Find the newest seal of a run; the error says why there is none."""
    try:
        rows = await open_seals(connection).seals_of_run(run, connection.endpoints.namespace)
    except StoreError as error:
        if await _is_empty(connection):
            raise run_not_found(run) from None
        raise StoreUnavailable(
            f"Temporal has no run {run!r}, and the archive cannot be read: {error.message}",
        ) from error
    if not rows:
        raise await _explain_unknown(connection, run)
    return rows[0]


async def check_remembered(connection: Connection, run: str, execution: str) -> None:
    """Raise Forgotten if an execution of the run was forgotten: Temporal takes a while to delete
    its history."""
    seals = open_seals(connection)
    for row in await seals.seals_of_run(run, connection.endpoints.namespace):
        if row.content is None and execution in row.run_ids:
            error = await _missing_seal_error(seals, row)
            if isinstance(error, Forgotten):
                raise error


async def _is_empty(connection: Connection) -> bool:
    """Whether the database has no tables yet: reading runs does not create them."""
    try:
        return await read_revision(connection.database) is None
    except StoreError:
        return False


async def read_spec(connection: Connection, run: str) -> RunSpec | None:
    """Read what a run was started with, which takes one request; None if the workflow is not a run
    of an agent."""
    try:
        return spec_in(await read_first_entry(connection, run))
    except RunNotFound:
        return await read_sealed_spec(connection, run)


async def read_sealed_spec(connection: Connection, run: str) -> RunSpec | None:
    """Like `read_spec`, of a run that Temporal no longer has."""
    return spec_in((await read_sealed(connection, run)).executions[0].entries[0])


def spec_in(entry: HistoryEvent) -> RunSpec | None:
    """The spec in the first entry of a run; None if the workflow is not a run of an agent."""
    started = entry.workflow_execution_started_event_attributes
    return read_first(RunSpec, started.input) if started.workflow_type.name == WORKFLOW else None


async def read_first_entry(connection: Connection, run: str) -> HistoryEvent:
    """Read the first entry of the newest execution that Temporal has of a run."""
    client = connection.temporal
    request = GetWorkflowExecutionHistoryRequest(
        namespace=client.namespace,
        execution=WorkflowExecution(workflow_id=run),
        maximum_page_size=1,
    )
    return (await live.read_page(client, request, run))[0]


async def is_sealed(connection: Connection, run: str) -> bool:
    return bool(await open_seals(connection).seals_of_run(run, connection.endpoints.namespace))


async def read_content(connection: Connection, row: SealRow) -> Content:
    """Read the content of a seal, checked against its commitments."""
    store = open_seals(connection)
    if row.content is None:
        raise await _missing_seal_error(store, row)
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
        raise ArchiveChanged(f"Run {row.run!r} differs from what was sealed: {damage}.")
    return unpack_content(data)


async def decode_execution(connection: Connection, raw: RawExecution) -> Execution:
    converter = connection.temporal.data_converter
    entries = [
        await decode_entry(converter, HistoryEvent.FromString(event)) for event in raw.events
    ]
    return Execution(raw.run_id, tuple(entries))


def attempts_in(telemetry: Sequence[bytes]) -> tuple[Attempt, ...]:
    """Read sealed attempts. Those that this version does not know are skipped: they must not
    prevent reading the history."""
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


def derive_status(events: Sequence[DurableEvent]) -> RunStatus:
    """Derive the status of an ended run from its events."""
    began = next((each for each in events if isinstance(each, RunStarted)), None)
    ended = next((each for each in reversed(events) if isinstance(each, RunEnded)), None)
    if began is None:
        raise RunNotFound("This workflow is not a run of an agent.")
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


def derive_transcript(events: Sequence[DurableEvent]) -> TranscriptView:
    ended = next((each for each in reversed(events) if isinstance(each, RunEnded)), None)
    head = ended.head if ended else None
    return TranscriptView(head=head, saved=head, unsaved=())


# --- private


async def _find_oldest(
    connection: Connection, run: str
) -> tuple[str, tuple[Execution, ...]] | None:
    """Return the oldest execution that Temporal has, and sealed ones before it; None if Temporal
    does not have the run."""
    try:
        oldest, lost = await live.first_execution(connection.temporal, run)
    except RunNotFound:
        return None
    row = await open_seals(connection).find_by_execution(lost) if lost else None
    if row is None:
        return oldest, ()
    content = await read_content(connection, row)
    ids = [each.run_id for each in content.executions]
    end = ids.index(oldest) if oldest in ids else len(ids)
    return oldest, tuple(
        [await decode_execution(connection, raw) for raw in content.executions[:end]]
    )


async def _read_known(connection: Connection, run: str, oldest: str) -> AsyncIterator[Execution]:
    """Yield the executions that Temporal has, starting with `oldest`."""
    client, run_id = connection.temporal, oldest
    while run_id:
        entries = [each async for each in live.read_entries(client, run, run_id, wait=False)]
        yield Execution(run_id, tuple(entries))
        following = next((to for each in reversed(entries) if (to := next_execution(each))), None)
        branch = None if following else await live.branch_of(client, run, run_id)
        run_id = following or (branch[0] if branch else "")


async def _explain_unknown(connection: Connection, run: str) -> RunError:
    here = connection.endpoints.namespace
    others = await open_seals(connection).namespaces_of(run)
    if not others:
        return run_not_found(run)
    return RunNotFound(
        f"Run {run!r} belongs to namespace {', '.join(others)}; this is namespace {here}.",
        fix=f"Set temporal.namespace to {others[0]}.",
    )


async def _missing_seal_error(store: Seals, row: SealRow) -> StoreError:
    stone = await store.find_tombstone(row.run, row.seq)
    if stone is None:
        return ArchiveChanged(
            f"The sealed content of run {row.run!r} is missing; no deletion is recorded.",
        )
    deletion = stone.read
    when = time.strftime("%Y-%m-%d", time.gmtime(deletion.at))
    if deletion.kind == "forgotten":
        return Forgotten(f"Run {row.run!r} was forgotten by {deletion.by} on {when}.")
    return ArtifactMissing(
        f"The content of run {row.run!r} was deleted on {when}; its seal is still there.",
        fix="Import an export of it: harness archive import FILE.",
    )
