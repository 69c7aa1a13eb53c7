"""Which executions of a capability's workflows may use this worker.

Whoever reaches Temporal can start any workflow, reset it, answer its tasks and delete its history.
An execution is admitted if it carries the permit that it was started with, or if an admitted one
started or continued it. That is recorded under a MAC, because Temporal deletes old executions.
"""

from __future__ import annotations

from collections import OrderedDict

from temporalio.api.history.v1 import WorkflowExecutionStartedEventAttributes

from harness.contracts.errors import PermitReused, RunForged, RunUnsigned
from harness.engine.connection import Connection
from harness.engine.signed_start import PERMIT_MEMO, digest_input
from harness.journal.payloads import read_value
from harness.store.permits import (
    Start,
    bind_permit,
    is_bound,
    is_start_signed,
    mac_of,
    sign_admitted,
)
from harness_activities.entries import read_start_entry, refuse_restarts

KEPT = 1000
"""Executions that are remembered as admitted."""
MOST_STEPS = 100
"""Executions that are followed back to one that is admitted."""


class StartAdmission:
    """Admits executions that harness started, and those that come from them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._admitted: OrderedDict[str, None] = OrderedDict()

    async def admit(self, workflow: str, run_id: str, queue: str) -> None:
        """Return if the execution is genuine.

        Raises:
            RunUnsigned: Nothing shows that harness started it.
            RunForged: Its permit is for something else.
            PermitReused: It is a reset, or its permit served another execution.
        """
        if run_id not in self._admitted:
            await self._admit(workflow, run_id, queue, MOST_STEPS)
            self._admitted[run_id] = None
            if len(self._admitted) > KEPT:
                self._admitted.popitem(last=False)

    async def _admit(self, workflow: str, run_id: str, queue: str, steps: int) -> None:
        database = self._connection.database
        signer = await self._connection.signing.get_signer()
        mark = sign_admitted(signer, queue, workflow, run_id)
        if await is_bound(database, mark):
            return
        if steps == 0:
            raise RunUnsigned(f"{workflow!r} is too far from an execution that harness started.")
        entry = await read_start_entry(self._connection, workflow, run_id)
        refuse_restarts(workflow, entry)
        self._refuse_reset(workflow, run_id, entry)
        if before := entry.continued_execution_run_id:
            await self._admit(workflow, before, queue, steps - 1)
        elif entry.HasField("parent_workflow_execution"):
            parent = entry.parent_workflow_execution
            await self._admit(parent.workflow_id, parent.run_id, queue, steps - 1)
        else:
            await self._check_permit(workflow, run_id, queue, entry)
        await bind_permit(database, mark, run_id)

    def _refuse_reset(
        self, workflow: str, run_id: str, entry: WorkflowExecutionStartedEventAttributes
    ) -> None:
        accepted = self._connection.settings.worker.accept_resets
        if entry.original_execution_run_id != run_id and not accepted:
            raise PermitReused(f"{workflow!r} was reset, which this worker does not accept.")

    async def _check_permit(
        self,
        workflow: str,
        run_id: str,
        queue: str,
        entry: WorkflowExecutionStartedEventAttributes,
    ) -> None:
        memo = entry.memo.fields
        permit = read_value(memo[PERMIT_MEMO]) if PERMIT_MEMO in memo else None
        if not isinstance(permit, str):
            raise RunUnsigned(f"{workflow!r} carries no permit: harness did not start it.")
        start = Start(workflow, entry.workflow_type.name, queue, digest_input(entry.input.payloads))
        if not is_start_signed(await self._connection.signing.get_signer(), permit, start):
            raise RunForged(f"The permit of {workflow!r} does not fit what it was started with.")
        bound = await bind_permit(self._connection.database, mac_of(permit), run_id)
        if bound != run_id:
            raise PermitReused(f"The permit of {workflow!r} was used before, by execution {bound}.")
