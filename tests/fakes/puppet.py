"""A worker that is not ours: whoever reaches the engine can answer for the workers of a run.

Its workflow asks the real worker's activities for what a test's script says.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, TypeVar

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError, ChildWorkflowError
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from harness import Harness
from harness.contracts.effect import UNDO, UndoReport, UndoSpec, undo_id
from harness.contracts.run import WORKFLOW, RunSpec

T = TypeVar("T")


class Strings:
    """What the script pulls: activities and undos of the real worker."""

    def __init__(self, queue: str) -> None:
        self._queue = queue

    async def ask(self, activity: str, request: object, kind: type[T]) -> T:
        return await workflow.execute_activity(
            activity,
            request,
            result_type=kind,
            task_queue=self._queue,
            start_to_close_timeout=timedelta(seconds=20),
            retry_policy=RetryPolicy(maximum_attempts=1),
        )

    async def refused(self, activity: str, request: object) -> str:
        """The code of the refusal, or what came back instead."""
        try:
            return f"not refused: {await self.ask(activity, request, object)}"
        except ActivityError as error:
            assert isinstance(error.cause, ApplicationError), error.cause
            return error.cause.type or str(error.cause)

    async def undo(self, run: str, spec: UndoSpec) -> UndoReport | str:
        try:
            return await workflow.execute_child_workflow(
                UNDO, spec, id=undo_id(run), task_queue=self._queue, result_type=UndoReport
            )
        except ChildWorkflowError as error:
            inner: Any = error.cause
            return str(inner.cause.type if inner.cause else inner)


Script = Callable[[Strings], Awaitable[Any]]
_scripts: dict[str, tuple[Script, str]] = {}


@workflow.defn(name=WORKFLOW)
class Puppet:
    @workflow.run
    async def run(self, spec: RunSpec) -> Any:
        script, queue = _scripts[workflow.info().workflow_id]
        return await script(Strings(queue))


@workflow.defn(name=UNDO)
class PuppetUndo:
    @workflow.run
    async def run(self, spec: UndoSpec) -> Any:
        script, queue = _scripts[workflow.info().workflow_id]
        return await script(Strings(queue))


@asynccontextmanager
async def puppets(harness: Harness, queue: str) -> AsyncGenerator[Callable[..., Awaitable[Any]]]:
    """Runs scripts in the place of a run or an undo: `await play(id, spec, script)`."""
    client = harness.connection.temporal
    worker = Worker(
        client, task_queue=f"evil.{queue}", workflows=[Puppet, PuppetUndo],
        workflow_runner=UnsandboxedWorkflowRunner(), build_id="evil",
    )  # fmt: skip

    async def play(id: str, spec: RunSpec | UndoSpec, script: Script) -> Any:
        _scripts[id] = (script, queue)
        kind = WORKFLOW if isinstance(spec, RunSpec) else UNDO
        return await client.execute_workflow(kind, spec, id=id, task_queue=f"evil.{queue}")

    async with worker:
        yield play
