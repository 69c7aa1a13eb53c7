"""Forgetting a run with its family: nobody can read again what they said.

Where content is encrypted the family's key is destroyed first, and with it every copy there is:
in the engine, the archive, the ledger, backups. What lies here is deleted in any case. The chain of
seals stands: it holds commitments and no content.
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
from harness.contracts.family import is_attached, is_session, session_family
from harness.engine.connection import Connection
from harness.engine.retry import run_not_found, unreachable_error
from harness.forget.store import delete_content, executions_of, owned_artifacts
from harness.history.reader import open_seals
from harness.store.effects import have_effects

CLOCKS_DIFFER_S = 5.0


@dataclass(frozen=True)
class Family:
    """Runs that read each other's words."""

    name: str
    runs: tuple[str, ...]
    keys: tuple[str, ...]
    """What else has a key: files that were attached to them."""


@dataclass(frozen=True)
class Forgotten:
    family: str
    runs: tuple[str, ...]
    unreadable: bool
    """All of it was encrypted with a key that is destroyed: copies elsewhere can be read no more
    either."""
    deleted: dict[str, int]
    """Rows by table."""
    going: tuple[str, ...] = ()
    """Histories that were begun meanwhile and are open still. They are left alone."""


async def family_of(connection: Connection, run: str) -> Family:
    """Everybody who is forgotten together with a run."""
    name = await connection.vault.family_of(run)
    members = await _members(connection, name)
    if not members and not await _is_run(connection, run):
        # Somebody names a session by its own id.
        name = session_family(run)
        members = await _members(connection, name)
        name = name if members else run
    first = [] if is_session(name) else [name]
    runs = [each for each in members if not is_attached(each)]
    return Family(
        name,
        tuple(dict.fromkeys([*first, *runs])),
        tuple(each for each in members if is_attached(each)),
    )


async def known_family(connection: Connection, run: str) -> Family:
    """The same; `RunNotFound` where nothing of it is here, not even what a crash left."""
    family = await family_of(connection, run)
    known, going = await _known(connection, family.runs)
    if known or going or await executions_of(connection.database, family.runs):
        return family
    if not await _leftovers(connection, family):
        raise run_not_found(run)
    return family


async def _is_run(connection: Connection, run: str) -> bool:
    known, going = await _known(connection, [run])
    return bool(known or going or await executions_of(connection.database, [run]))


async def _members(connection: Connection, family: str) -> list[str]:
    return await connection.stores.families.find_members(connection.vault, family)


async def forget(connection: Connection, run: str) -> Forgotten:
    """Forget `run` and its family. What was cut off by a crash is finished by the next call."""
    family = await family_of(connection, run)
    known, going = await _known(connection, family.runs)
    if going:
        raise RunBusy(
            f"Run {going[0]!r} is still going.",
            fix=f"Abort it first: harness abort {going[0]}",
        )
    rows = await executions_of(connection.database, family.runs)
    if not known and not rows and not await _leftovers(connection, family):
        raise run_not_found(run)
    sealed = {id for id, _ in known}
    await _seal_first(connection, sealed)
    whole = await _encrypted_from_the_start(connection, family)
    unreadable = await _destroy(connection, family) and whole
    # Once more: somebody may have joined the family while its key was there.
    family = await family_of(connection, run)
    known, going = await _known(connection, family.runs)
    await _seal_first(connection, {id for id, _ in known} - sealed)
    await _destroy(connection, family)
    runs = tuple(each for each in family.runs if not {each, undo_id(each)} & set(going))
    known = [(id, run_id) for id, run_id in known if undone_run(id) in runs]
    deleted = await _take_away(connection, runs, family.keys, known)
    return Forgotten(family.name, runs, unreadable, deleted, tuple(going))


async def _encrypted_from_the_start(connection: Connection, family: Family) -> bool:
    """Whether none of its runs began before the family had its key: they are all sealed by now."""
    made = await connection.vault.keyring.made_at(family.name) if connection.vault.on else None
    began = await open_seals(connection).first_start(family.runs)
    return made is not None and (began is None or began >= made - CLOCKS_DIFFER_S)


async def _destroy(connection: Connection, family: Family) -> bool:
    """Whether there was a key."""
    found = False
    if connection.vault.on:
        for name in (family.name, *family.keys):
            found |= await connection.vault.forget_family(name)
    return found


async def _take_away(
    connection: Connection,
    runs: Sequence[str],
    keys: Sequence[str],
    known: Sequence[tuple[str, str]],
) -> dict[str, int]:
    """What lies here of runs that have ended; how many rows that was, by table."""
    histories = [name for run in runs for name in (run, undo_id(run))]
    rows = await executions_of(connection.database, runs)
    run_ids = sorted({*rows, *(run_id for _, run_id in known)})
    await forget_seals(connection, histories)
    owners, artifacts = (*histories, *keys), 0
    for id in await owned_artifacts(connection.database, owners):
        artifacts += await connection.stores.artifacts.delete(id, owners)
    deleted = await delete_content(connection.database, runs, run_ids)
    for id, run_id in known:
        await _delete(connection, id, run_id)
    return {"artifact": artifacts, **deleted}


async def _seal_first(connection: Connection, ids: set[str]) -> None:
    """So that the chain says of each that it was there, and who took it away. It also keeps the
    sweep from sealing what the engine has not deleted yet."""
    for id in sorted(ids):
        try:
            await seal_run(connection, id)
        except (RunError, StoreError) as error:
            if error.retryable:
                raise
            # Forgotten in part before, or damaged: that must not keep it from being forgotten.
            get_logger(__name__).info("not sealed before it is forgotten", run=id, why=error.code)


async def _leftovers(connection: Connection, family: Family) -> bool:
    """Whether anything is here of runs that the engine does not know."""
    return await have_effects(connection.database, family.runs)


async def _known(
    connection: Connection, runs: Sequence[str]
) -> tuple[list[tuple[str, str]], list[str]]:
    """Histories that the engine has of them and of their undos, and which of these are open."""
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


async def _delete(connection: Connection, id: str, run_id: str) -> None:
    """The engine says yes, and does it within a minute."""
    request = DeleteWorkflowExecutionRequest(
        namespace=connection.temporal.namespace,
        workflow_execution=WorkflowExecution(workflow_id=id, run_id=run_id),
    )
    try:
        await connection.temporal.workflow_service.delete_workflow_execution(request)
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise unreachable_error(error) from error
