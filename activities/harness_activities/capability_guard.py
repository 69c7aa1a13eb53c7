"""What an activity of a capability passes before it acts: its workflow must have been started by
someone with the signing key.

Whoever reaches Temporal can start any workflow by hand, with arguments of their choice.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from temporalio import activity
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

from harness.contracts.capability import Capability
from harness.contracts.errors import PermitReused, RunForged, RunUnsigned
from harness.engine.connection import Connection
from harness.engine.signed_start import PERMIT_MEMO, digest_input
from harness.journal.payloads import read_value
from harness.store.permits import Start, bind_permit, is_start_signed, mac_of
from harness_activities.entries import refuse_engine_made, start_entry
from harness_activities.heartbeats import sending_heartbeats

KEPT = 1000
"""Executions that are remembered as admitted."""


class CapabilityGuard(Interceptor):
    """Refuses activities of workflows that carry no permit."""

    def __init__(self, connection: Connection, capability: Capability) -> None:
        self._connection = connection
        settings = connection.settings.worker
        self._open = capability.unsigned or settings.accept_unsigned
        self._admitted: OrderedDict[str, None] = OrderedDict()

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:
        return _Guarded(next, self)

    async def check_workflow(self) -> None:
        """Refuse the activity that runs now, unless its workflow was started by harness."""
        info = activity.info()
        run_id = info.workflow_run_id or ""
        if self._open or run_id in self._admitted:
            return
        await self._admit_workflow(info.workflow_id or "", run_id, info.task_queue)
        self._admitted[run_id] = None
        if len(self._admitted) > KEPT:
            self._admitted.popitem(last=False)

    async def _admit_workflow(self, workflow: str, run_id: str, queue: str) -> None:
        entry = await start_entry(self._connection, workflow, run_id)
        refuse_engine_made(workflow, entry)
        if entry.HasField("parent_workflow_execution"):
            parent = entry.parent_workflow_execution
            await self._admit_workflow(parent.workflow_id, parent.run_id, queue)
            return
        memo = entry.memo.fields
        permit = read_value(memo[PERMIT_MEMO]) if PERMIT_MEMO in memo else None
        if not isinstance(permit, str):
            raise RunUnsigned(f"{workflow!r} carries no permit: it was not started by harness.")
        origin = entry.first_execution_run_id
        start = Start(workflow, entry.workflow_type.name, queue, digest_input(entry.input.payloads))
        signer = await self._connection.signing.get_signer()
        if not is_start_signed(signer, permit, start, first=origin == run_id):
            raise RunForged(f"The permit of {workflow!r} does not fit what it was started with.")
        if entry.original_execution_run_id != run_id and not self._accepts_resets:
            raise PermitReused(f"{workflow!r} was reset, which this worker does not accept.")
        bound = await bind_permit(self._connection.database, mac_of(permit), origin)
        if bound != origin:
            raise PermitReused(f"The permit of {workflow!r} was used before, by execution {bound}.")

    @property
    def _accepts_resets(self) -> bool:
        return self._connection.settings.worker.accept_resets


class _Guarded(ActivityInboundInterceptor):
    def __init__(self, next: ActivityInboundInterceptor, guard: CapabilityGuard) -> None:
        super().__init__(next)
        self._guard = guard

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:
        with sending_heartbeats():  # the engine or the database may be slow
            await self._guard.check_workflow()
        return await self.next.execute_activity(input)
