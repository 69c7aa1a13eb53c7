"""Makes all rows of conversations anew, from Temporal and the archive."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import GetWorkflowExecutionHistoryRequest
from temporalio.client import WorkflowExecutionStatus
from temporalio.service import RPCError

from harness.contracts.errors import ConfigError, HarnessError
from harness.contracts.family import SESSION as PREFIX
from harness.contracts.queues import capability_queue
from harness.conversations.capability import CONVERSATIONS
from harness.conversations.contracts import SESSION, session_workflow
from harness.conversations.projection import open_rows, project_conversation
from harness.conversations.session_client import read_card
from harness.engine.connection import Connection
from harness.engine.retry import unreachable_error
from harness.engine.signed_start import PERMIT_MEMO, digest_input
from harness.history import live
from harness.journal.payloads import read_value
from harness.store.permits import Start, is_bound, is_start_signed, sign_admitted
from harness.store.store_id import get_store_id


@dataclass(frozen=True)
class Rebuilt:
    conversations: int
    runs: int
    left: tuple[str, ...]
    """Conversations whose rows were left as they are, each with the reason."""


async def rebuild_rows(connection: Connection, progress: Callable[[str, int], None]) -> Rebuilt:
    """Make the rows of all conversations of this namespace anew. `progress` gets each id with the
    number of its runs. Rows of conversations that Temporal does not have stay: nothing else has
    them."""
    queue = capability_queue(CONVERSATIONS.name, await get_store_id(connection.database))
    done, runs, left = set[str](), 0, list[str]()
    for workflow, run_id in (await _list_sessions(connection, queue)).items():
        id = workflow.removeprefix(PREFIX)
        done.add(id)
        try:
            if not await _is_genuine(connection, workflow, run_id, queue):
                left.append(f"{id}: harness did not start its session")
                continue
            card = await read_card(connection, id)
            if card is None:
                left.append(f"{id}: its session has no card")
                continue
            count = await project_conversation(connection, card)
        except HarnessError as error:
            if error.retryable or isinstance(error, ConfigError):
                raise
            left.append(f"{id}: {error.message}")
            continue
        runs += count
        progress(id, count)
    missing = [each for each in await open_rows(connection).list_ids() if each not in done]
    left += [f"{each}: Temporal has no session of it" for each in missing]
    return Rebuilt(len(done) - (len(left) - len(missing)), runs, tuple(left))


async def _list_sessions(connection: Connection, queue: str) -> dict[str, str]:
    """The newest execution of each session, by workflow id."""
    query = f"WorkflowType = '{SESSION}' AND TaskQueue = '{queue}'"
    found: dict[str, str] = {}
    try:
        async for row in connection.temporal.list_workflows(query):
            if row.status is not WorkflowExecutionStatus.CONTINUED_AS_NEW:
                found.setdefault(row.id, row.run_id)
    except RPCError as error:
        raise unreachable_error(error) from error
    return {id: found[id] for id in sorted(found) if id == session_workflow(id[len(PREFIX) :])}


async def _is_genuine(connection: Connection, workflow: str, run_id: str, queue: str) -> bool:
    """Whether harness started the session, or a worker has admitted this execution of it."""
    if connection.settings.worker.accept_unsigned:
        return True
    signer = await connection.signing.get_signer()
    if await is_bound(connection.database, sign_admitted(signer, queue, workflow, run_id)):
        return True
    request = GetWorkflowExecutionHistoryRequest(
        namespace=connection.temporal.namespace,
        execution=WorkflowExecution(workflow_id=workflow, run_id=run_id),
        maximum_page_size=1,
    )
    entries = await live.read_page(connection.temporal, request, workflow)
    started = entries[0].workflow_execution_started_event_attributes
    memo = started.memo.fields
    permit = read_value(memo[PERMIT_MEMO]) if PERMIT_MEMO in memo else None
    start = Start(workflow, SESSION, queue, digest_input(started.input.payloads))
    return isinstance(permit, str) and is_start_signed(signer, permit, start)
