"""Forget a run and its family: their content becomes unreadable.

If content is encrypted, the family's key is destroyed first, and with it every copy: in Temporal,
the archive, the ledger, backups. Local content is deleted in any case. The chain of seals stays: it
has commitments and no content.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import DeleteWorkflowExecutionRequest
from temporalio.service import RPCError, RPCStatusCode

from harness.archive.sweep import forget_seals, seal_run
from harness.commons.log import get_logger
from harness.contracts.effect import undo_id, undone_run
from harness.contracts.errors import RunBusy, RunError, StoreError
from harness.contracts.family import (
    conversation_of,
    is_attached,
    is_session,
    session_family,
)
from harness.conversations.forgetting import (
    delete_conversation,
    end_session,
    has_conversation,
)
from harness.engine.connection import Connection, get_identity
from harness.engine.retry import run_not_found, unreachable_error
from harness.forget.store import delete_content, executions_of, owned_artifacts
from harness.history.reader import open_seals
from harness.memory.forgetting import forget_memories
from harness.request_log.store import delete_requests
from harness.store.effects import have_effects

CLOCKS_DIFFER_S = 5.0


@dataclass(frozen=True)
class Family:
    """Runs that share content and a key."""

    name: str
    runs: tuple[str, ...]
    keys: tuple[str, ...]
    """Other holders of keys: files that were attached to the runs."""


@dataclass(frozen=True)
class Forgotten:
    family: str
    runs: tuple[str, ...]
    unreadable: bool
    """Whether all of it was encrypted with a destroyed key, so that copies are unreadable too."""
    deleted: dict[str, int]
    """Rows by table."""
    going: tuple[str, ...] = ()
    """Histories that began meanwhile and are still open. They are kept."""


async def family_of(connection: Connection, run: str) -> Family:
    """Return all runs that are forgotten together with a run."""
    name = await connection.vault.family_of(run)
    members = await _find_members(connection, name)
    if not members and not await _is_run(connection, run):
        # It may be the id of a session.
        name = session_family(run)
        members = await _find_members(connection, name)
        name = name if members or await has_conversation(connection, run) else run
    first = [] if is_session(name) else [name]
    runs = [each for each in members if not is_attached(each)]
    return Family(
        name,
        tuple(dict.fromkeys([*first, *runs])),
        tuple(each for each in members if is_attached(each)),
    )


async def known_family(connection: Connection, run: str) -> Family:
    """Like `family_of`; raises RunNotFound if nothing of it exists, not even remains of a crash."""
    family = await family_of(connection, run)
    known, going = await _find_histories(connection, family.runs)
    if known or going or await executions_of(connection.database, family.runs):
        return family
    if not await _has_leftovers(connection, family):
        raise run_not_found(run)
    return family


async def _is_run(connection: Connection, run: str) -> bool:
    known, going = await _find_histories(connection, [run])
    return bool(known or going or await executions_of(connection.database, [run]))


async def _find_members(connection: Connection, family: str) -> list[str]:
    return await connection.stores.families.find_members(connection.vault, family)


async def forget_run(connection: Connection, run: str, *, by: str | None = None) -> Forgotten:
    """Forget `run` and its family. After a crash, the next call finishes the work. `by`: who wants
    it, user@host of this process by default; the chain of seals records it."""
    family = await family_of(connection, run)
    known, going = await _find_histories(connection, family.runs)
    if going:
        raise RunBusy(
            f"Run {going[0]!r} is still running.",
            fix=f"Abort it first: harness abort {going[0]}",
        )
    if is_session(family.name):
        await end_session(connection, conversation_of(family.name))
    rows = await executions_of(connection.database, family.runs)
    if not known and not rows and not await _has_leftovers(connection, family):
        raise run_not_found(run)
    sealed = {id for id, _ in known}
    await _seal_first(connection, sealed)
    whole = await _encrypted_from_the_start(connection, family)
    unreadable = await _destroy_keys(connection, family) and whole
    # Again: runs may have joined the family before the key was destroyed.
    family = await family_of(connection, run)
    known, going = await _find_histories(connection, family.runs)
    await _seal_first(connection, {id for id, _ in known} - sealed)
    await _destroy_keys(connection, family)
    runs = tuple(each for each in family.runs if not {each, undo_id(each)} & set(going))
    known = [(id, run_id) for id, run_id in known if undone_run(id) in runs]
    memories = await forget_memories(connection, runs, by=by or get_identity())
    deleted = await _delete_rows(connection, runs, family.keys, known, by)
    deleted["memory"] = memories
    if is_session(family.name):
        await delete_conversation(connection, conversation_of(family.name))
    return Forgotten(family.name, runs, unreadable, deleted, tuple(going))


async def _encrypted_from_the_start(connection: Connection, family: Family) -> bool:
    """Whether no run began before the family had its key; all runs are sealed by now."""
    made = (
        await connection.vault.keyring.made_at(family.name) if connection.vault.encrypts else None
    )
    began = await open_seals(connection).first_start(family.runs)
    return made is not None and (began is None or began >= made - CLOCKS_DIFFER_S)


async def _destroy_keys(connection: Connection, family: Family) -> bool:
    """Destroy the keys of a family; returns whether there were any."""
    found = False
    if connection.vault.encrypts:
        for name in (family.name, *family.keys):
            found |= await connection.vault.forget_family(name)
    return found


async def _delete_rows(
    connection: Connection,
    runs: Sequence[str],
    keys: Sequence[str],
    known: Sequence[tuple[str, str]],
    by: str | None,
) -> dict[str, int]:
    """Delete local content of ended runs; returns the number of rows by table."""
    histories = [name for run in runs for name in (run, undo_id(run))]
    rows = await executions_of(connection.database, runs)
    run_ids = sorted({*rows, *(run_id for _, run_id in known)})
    await forget_seals(connection, histories, by=by)
    owners, artifacts = (*histories, *keys), 0
    for id in await owned_artifacts(connection.database, owners):
        artifacts += await connection.stores.artifacts.delete(id, owners)
    deleted = await delete_content(connection.database, runs, run_ids)
    deleted["request"] = await delete_requests(connection.database, runs)
    for id, run_id in known:
        await _delete_history(connection, id, run_id)
    return {"artifact": artifacts, **deleted}


async def _seal_first(connection: Connection, ids: set[str]) -> None:
    """Seal runs first, so that the chain records that they existed and who removed them. It also
    keeps the sweep from sealing what Temporal has not deleted yet."""
    for id in sorted(ids):
        try:
            await seal_run(connection, id)
        except (RunError, StoreError) as error:
            if error.retryable:
                raise
            # Partly forgotten before, or damaged: it must still be possible to forget it.
            get_logger(__name__).info("not sealed before it is forgotten", run=id, why=error.code)


async def _has_leftovers(connection: Connection, family: Family) -> bool:
    """Whether content exists of runs that Temporal does not know."""
    if is_session(family.name) and await has_conversation(connection, conversation_of(family.name)):
        return True
    return await have_effects(connection.database, family.runs)


async def _find_histories(
    connection: Connection, runs: Sequence[str]
) -> tuple[list[tuple[str, str]], list[str]]:
    """Find Temporal's histories of runs and of their undos, and which of them are open."""
    found, going = list[tuple[str, str]](), list[str]()
    for id in [name for run in runs for name in (run, undo_id(run))]:
        try:
            description = await connection.temporal.get_workflow_handle(id).describe()
        except RPCError as error:
            if error.status in (RPCStatusCode.NOT_FOUND, RPCStatusCode.INVALID_ARGUMENT):
                continue
            raise unreachable_error(error) from error
        if description.close_time is None:
            going.append(id)
            continue
        query = f"WorkflowId = {json.dumps(id)}"
        ids = [row.run_id async for row in connection.temporal.list_workflows(query)]
        found += [(id, each) for each in dict.fromkeys([*ids, description.run_id]) if each]
    return found, going


async def _delete_history(connection: Connection, id: str, run_id: str) -> None:
    """Delete a history; Temporal completes that within a minute."""
    request = DeleteWorkflowExecutionRequest(
        namespace=connection.temporal.namespace,
        workflow_execution=WorkflowExecution(workflow_id=id, run_id=run_id),
    )
    try:
        await connection.temporal.workflow_service.delete_workflow_execution(request)
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise unreachable_error(error) from error
