"""A workflow runner that keeps every command that today's code returns.

Commands, unlike an interceptor's calls, include memo and search attributes, and payloads as they
would be stored.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from temporalio.bridge.proto.workflow_commands import WorkflowCommand
from temporalio.worker import WorkflowInstance, WorkflowInstanceDetails, WorkflowRunner


class Capture(WorkflowRunner):
    """One history at a time."""

    def __init__(self, inner: WorkflowRunner) -> None:
        self._inner = inner
        self.commands: list[WorkflowCommand] = []
        self.queue = ""

    def clear(self) -> None:
        self.commands = []

    def prepare_workflow(self, defn: Any) -> None:
        self._inner.prepare_workflow(defn)

    def create_instance(self, det: WorkflowInstanceDetails) -> WorkflowInstance:
        self.queue = det.info.task_queue
        return _Instance(self._inner.create_instance(det), self)

    def set_worker_level_failure_exception_types(
        self, types: Sequence[type[BaseException]]
    ) -> None:
        self._inner.set_worker_level_failure_exception_types(types)


class _Instance(WorkflowInstance):
    def __init__(self, inner: WorkflowInstance, capture: Capture) -> None:
        self._inner = inner
        self._capture = capture

    def activate(self, act: Any) -> Any:
        completion = self._inner.activate(act)
        commands: list[WorkflowCommand] = []
        for command in completion.successful.commands:
            copy = WorkflowCommand()  # the worker encodes the payloads in place
            copy.CopyFrom(command)
            commands.append(copy)
        self._capture.commands += _drop_cancelled(commands)
        return completion

    def get_serialization_context(self, command_info: Any) -> Any:
        return self._inner.get_serialization_context(command_info)

    def get_external_store_context(self, command_info: Any) -> Any:
        return self._inner.get_external_store_context(command_info)

    def get_info(self) -> Any:
        return self._inner.get_info()

    def get_thread_id(self) -> int | None:
        return self._inner.get_thread_id()


def _drop_cancelled(commands: list[WorkflowCommand]) -> list[WorkflowCommand]:
    """Drop commands that the same activation cancels: Temporal never sees them."""
    timers = {each.cancel_timer.seq for each in commands if each.HasField("cancel_timer")}
    activities = {
        each.request_cancel_activity.seq
        for each in commands
        if each.HasField("request_cancel_activity")
    }
    return [
        each
        for each in commands
        if not (each.HasField("start_timer") and each.start_timer.seq in timers)
        and not (each.HasField("schedule_activity") and each.schedule_activity.seq in activities)
    ]
