"""Check activities of capabilities before they run: their workflow must have been started by
someone who has the signing key."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

from temporalio import activity
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

from harness.contracts.capability import Capability
from harness.engine.connection import Connection
from harness_activities.heartbeats import sending_heartbeats
from harness_activities.start_admission import StartAdmission
from harness_activities.unfit import leaving_to_others


class CapabilityGuard(Interceptor):
    """Refuses activities of workflows that carry no permit."""

    def __init__(self, connection: Connection, capability: Capability) -> None:
        self._is_open = capability.unsigned or connection.settings.worker.accept_unsigned
        self._patience = leaving_to_others if capability.patient else nullcontext
        self._admission = StartAdmission(connection)

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:
        return _Guarded(next, self)

    async def check_workflow(self) -> None:
        """Refuse the running activity, unless harness started its workflow."""
        info = activity.info()
        if not self._is_open:
            workflow, run_id = info.workflow_id or "", info.workflow_run_id or ""
            with self._patience():
                await self._admission.admit(workflow, run_id, info.task_queue)


class _Guarded(ActivityInboundInterceptor):
    def __init__(self, next: ActivityInboundInterceptor, guard: CapabilityGuard) -> None:
        super().__init__(next)
        self._guard = guard

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:
        with sending_heartbeats():  # Temporal or the database may be slow
            await self._guard.check_workflow()
        return await self.next.execute_activity(input)
