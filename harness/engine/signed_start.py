"""Start workflows of capabilities with the permit that workers require."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

from temporalio.api.common.v1 import Payload
from temporalio.client import WorkflowFailureError, WorkflowHandle
from temporalio.exceptions import ApplicationError, WorkflowAlreadyStartedError
from temporalio.service import RPCError

from harness.contracts.capability import Capability
from harness.contracts.errors import HarnessError, RunFailed, RunIdTaken, rebuild_error
from harness.contracts.queues import agent_queue, capability_queue
from harness.engine.connection import Connection
from harness.engine.retry import ask_patiently, unreachable_error
from harness.store.permits import Start, sign_start
from harness.store.store_id import get_store_id

PERMIT_MEMO = "permit"


async def own_queue(connection: Connection, capability: Capability) -> str:
    """Name the task queue of a capability's own workflows, such as for a schedule.

    Args:
        connection: The process's connection.
        capability: The record.

    Returns:
        The name. Two databases that share a Temporal namespace have one each.
    """
    return capability_queue(capability.name, await get_store_id(connection.database))


async def start_workflow(
    connection: Connection,
    capability: Capability,
    workflow: str,
    argument: Any,
    *,
    id: str,
    agent: str | None = None,
    **options: Any,
) -> WorkflowHandle[Any, Any]:
    """Start a workflow on the capability's task queue, with the permit that its workers require.

    Args:
        connection: The process's connection.
        capability: The record that names the workflow.
        workflow: The workflow's type.
        argument: Its one argument.
        id: Its id.
        agent: For one of the record's `agent_workflows`: the agent whose task queue serves it.
        options: Passed to the Temporal client's `start_workflow`.

    Returns:
        A handle of the workflow.

    Raises:
        RunIdTaken: A workflow with this id is open.
        StackUnreachable: Temporal does not answer.
    """
    queue = agent_queue(agent) if agent else await own_queue(connection, capability)
    converter = connection.temporal.data_converter.payload_converter
    start = Start(id, workflow, queue, digest_input(converter.to_payloads([argument])))
    permit = sign_start(await connection.signing.get_signer(), start)
    memo = {**options.pop("memo", {}), PERMIT_MEMO: permit}
    try:
        return await connection.temporal.start_workflow(
            workflow, argument, id=id, task_queue=queue, memo=memo, **options
        )
    except WorkflowAlreadyStartedError:
        raise RunIdTaken(f"A workflow with the id {id!r} is open.") from None
    except RPCError as error:
        raise unreachable_error(error) from error


async def run_workflow(
    connection: Connection,
    capability: Capability,
    workflow: str,
    argument: Any,
    *,
    id: str,
    **options: Any,
) -> Any:
    """Start a workflow as `start_workflow` does, and wait for its result.

    Args:
        connection: The process's connection.
        capability: The record that names the workflow.
        workflow: The workflow's type.
        argument: Its one argument.
        id: Its id.
        options: As for `start_workflow`.

    Returns:
        The result.

    Raises:
        HarnessError: The error of the workflow's activity; RunFailed for any other failure.
    """
    handle = await start_workflow(connection, capability, workflow, argument, id=id, **options)
    try:
        return await ask_patiently(id, handle.result)
    except WorkflowFailureError as error:
        raise _error_behind(error) from None


def _error_behind(error: BaseException) -> HarnessError:
    """The harness error that made a workflow fail."""
    inner: BaseException | None = error
    while inner is not None:
        if isinstance(inner, ApplicationError):
            known = rebuild_error(inner.type, inner.message)
            if known is not None:
                return known
        error, inner = inner, inner.__cause__
    return RunFailed(str(error))


def digest_input(payloads: Iterable[Payload]) -> str:
    """The digest of a workflow's input, before encryption."""
    found = hashlib.sha256()
    for payload in payloads:
        found.update(len(payload.data).to_bytes(8, "big"))
        found.update(payload.data)
    return found.hexdigest()[:32]
