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

from harness.client.archive import forget_seals, seal_run
from harness.client.connection import Connection
from harness.client.patience import not_found
from harness.commons.log import get_logger
from harness.contracts.effect import undo_id
from harness.contracts.errors import RunError, StackError, StoreError
from harness.contracts.family import is_attached, is_session
from harness.store.forget import delete_content, executions_of, owned_artifacts


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
    """A key was destroyed: copies elsewhere can be read no more either."""
    deleted: dict[str, int]
    """Rows by table."""


async def family_of(connection: Connection, run: str) -> Family:
    """Everybody who is forgotten together with a run."""
    name = await connection.vault.family(run)
    rows = await connection.database.fetch(
        "SELECT run FROM harness.lineage WHERE lineage = %s ORDER BY run", (name,)
    )
    members = [row[0] for row in rows]
    first = [] if is_session(name) else [name]
    runs = [each for each in members if not is_attached(each)]
    return Family(
        name,
        tuple(dict.fromkeys([*first, *runs])),
        tuple(each for each in members if is_attached(each)),
    )


async def forget(connection: Connection, run: str) -> Forgotten:
    """Forget `run` and its family. What was cut off by a crash is finished by the next call."""
    family = await family_of(connection, run)
    known = await _known(connection, family.runs)
    rows = await executions_of(connection.database, family.runs)
    run_ids = sorted({*rows, *(run_id for _, run_id in known)})
    if not run_ids and not await _leftovers(connection, family):
        raise not_found(run)
    histories = [name for run in family.runs for name in (run, undo_id(run))]
    await _seal_first(connection, {id for id, _ in known})
    unreadable = False
    if connection.vault.on:
        for name in (family.name, *family.keys):
            unreadable |= await connection.vault.forget(name)
    await forget_seals(connection, histories)
    artifacts = await owned_artifacts(connection.database, (*histories, *family.keys))
    for id in artifacts:
        await connection.artifacts.delete(id)
    deleted = await delete_content(connection.database, family.runs, run_ids)
    for id, run_id in known:
        await _delete(connection, id, run_id)
    return Forgotten(family.name, family.runs, unreadable, {"artifact": len(artifacts), **deleted})


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
    there = "SELECT 1 FROM harness.effect WHERE run = ANY(%s) LIMIT 1"
    return bool(await connection.database.fetch(there, (list(family.runs),)))


async def _known(connection: Connection, runs: Sequence[str]) -> list[tuple[str, str]]:
    """Histories that the engine has of them and of their undos; `busy` where one is still open."""
    found: list[tuple[str, str]] = []
    for id in [name for run in runs for name in (run, undo_id(run))]:
        try:
            description = await connection.temporal.get_workflow_handle(id).describe()
        except RPCError as error:
            if error.status in (RPCStatusCode.NOT_FOUND, RPCStatusCode.INVALID_ARGUMENT):
                continue
            raise StackError("unreachable", f"Temporal does not answer: {error.message}") from error
        if description.close_time is None:
            raise RunError(
                "busy", f"Run {id!r} is still going.", fix=f"Abort it first: harness abort {id}"
            )
        query = f"WorkflowId = {json.dumps(id)}"
        ids = [row.run_id async for row in connection.temporal.list_workflows(query)]
        found += [(id, each) for each in dict.fromkeys([*ids, description.run_id]) if each]
    return found


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
            raise StackError("unreachable", f"Temporal does not answer: {error.message}") from error
