"""What every activity passes before it acts: the run that asks for it must be genuine.

Whoever reaches the engine can start workflows, and can answer for a worker. So nothing that an
activity is handed is believed: what the run was started with is read from the engine, once per
execution and worker, and must carry a permit; what the activity is asked for must agree with it.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from temporalio import activity
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.history.v1 import WorkflowExecutionStartedEventAttributes
from temporalio.api.workflowservice.v1 import GetWorkflowExecutionHistoryRequest
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

from harness.client.connection import Connection
from harness.client.plain import plain
from harness.contracts.effect import UNDO, Compensate, ListEffects, UndoSpec, undo_id
from harness.contracts.errors import RunError, StackError
from harness.contracts.message import call_ordinals
from harness.contracts.model import CallModel, ModelTurn
from harness.contracts.run import WORKFLOW, RunSpec
from harness.contracts.tool import RunTool, ToolOutcome
from harness.contracts.transcript import SaveTranscript
from harness.journal.payloads import first
from harness.store.permits import (
    Place,
    bind_permit,
    is_call_signed,
    is_permitted,
    sign_asked,
    sign_call,
)

KEPT = 1000
"""Executions that are remembered as admitted."""

Spec = TypeVar("Spec", RunSpec, UndoSpec)


@dataclass(frozen=True)
class Admitted:
    """An execution that may use this worker."""

    spec: RunSpec | UndoSpec
    """Without what may be large: messages and steps."""
    origin: str
    """First run id of its chain."""

    @property
    def signed(self) -> bool:
        """Whether its tool calls must be signed too: what is started by hand may ask for any."""
        return self.spec.permit is not None


class Guard(Interceptor):
    """Admits executions, and refuses what they were not started for."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._known: OrderedDict[str, asyncio.Task[Admitted]] = OrderedDict()

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:
        return _Guarded(next, self)

    async def admit(self, workflow: str, run_id: str) -> Admitted:
        """The execution, where it is genuine. Asks the engine and the database once."""
        task = self._known.get(run_id)
        if task is None:
            task = asyncio.create_task(self._admit(workflow, run_id))
            task.add_done_callback(partial(self._drop_failed, run_id))
            self._known[run_id] = task
            if len(self._known) > KEPT:
                self._known.popitem(last=False)
        else:
            self._known.move_to_end(run_id)
        return await asyncio.shield(task)  # a cancelled call must not take it from another

    async def check(self, request: object) -> None:
        """Refuse what the run did not start for."""
        info = activity.info()
        admitted = await self.admit(info.workflow_id or "", info.workflow_run_id or "")
        spec = admitted.spec
        if isinstance(request, CallModel | RunTool | SaveTranscript):
            if not isinstance(spec, RunSpec):
                raise _forged("An undo asks for a step of a run.")
            _check_step(spec, request)
            if isinstance(request, RunTool):
                await self._check_call(admitted, request, info)
        elif isinstance(request, ListEffects | Compensate):
            if not isinstance(spec, UndoSpec) or request.run != spec.run:
                raise _forged(f"{info.workflow_id!r} asks for effects of {request.run!r}.")
            if isinstance(request, Compensate) and spec.dry_run:
                raise _forged("A dry run asks for an effect to be taken back.")

    async def sign_turn(self, request: CallModel, turn: ModelTurn) -> ModelTurn:
        """The answer with a MAC for each of its tool calls."""
        calls = turn.message.calls
        if not calls:
            return turn
        info = activity.info()
        admitted = await self.admit(info.workflow_id or "", info.workflow_run_id or "")
        signer = await self._connection.signing.signer()
        signatures = tuple(
            sign_call(signer, Place(admitted.origin, request.turn, ordinal or 1), call)
            for call, ordinal in zip(calls, call_ordinals(calls), strict=True)
        )
        return turn.model_copy(update={"signatures": signatures})

    async def sign_outcome(self, request: RunTool, outcome: ToolOutcome) -> ToolOutcome:
        """Where a person is asked: the outcome with what proves that."""
        if outcome.need not in ("approval", "outcome"):
            return outcome
        info = activity.info()
        admitted = await self.admit(info.workflow_id or "", info.workflow_run_id or "")
        signer = await self._connection.signing.signer()
        return outcome.model_copy(update={"asked": sign_asked(signer, admitted.origin, request)})

    # --- inside

    def _drop_failed(self, run_id: str, task: asyncio.Task[Admitted]) -> None:
        """An outage passes: the next attempt asks again."""
        failed = task.cancelled() or task.exception() is not None
        if failed and self._known.get(run_id) is task:
            del self._known[run_id]

    async def _check_call(self, admitted: Admitted, request: RunTool, info: activity.Info) -> None:
        origin = request.origin or info.workflow_run_id
        if origin != admitted.origin:
            raise _forged(f"A call names {origin!r} as its run's first execution.")
        if not admitted.signed:
            return
        signer = await self._connection.signing.signer()
        if is_call_signed(signer, admitted.origin, request):
            return
        name = request.call.name
        if request.edited:
            raise _forged(f"A call of {name} has other arguments, and nobody was asked about it.")
        raise _forged(f"A call of {name} is not one that the model made in turn {request.turn}.")

    async def _admit(self, workflow: str, run_id: str) -> Admitted:
        started = await self._started(workflow, run_id)
        kind, origin = started.workflow_type.name, started.first_execution_run_id
        spec: RunSpec | UndoSpec
        if kind == WORKFLOW:
            spec = _read(RunSpec, started)
            if spec.carry is not None and origin == run_id:
                raise _forged(f"Run {workflow!r} claims to continue another execution.")
        elif kind == UNDO:
            spec = _read(UndoSpec, started)
            if spec.permit is None and started.HasField("parent_workflow_execution"):
                return await self._admit_child(workflow, spec, started, origin)
        else:
            raise _unsigned(workflow)
        await self._check_permit(workflow, spec, origin)
        return Admitted(_small(spec), origin)

    async def _admit_child(
        self,
        workflow: str,
        spec: UndoSpec,
        started: WorkflowExecutionStartedEventAttributes,
        origin: str,
    ) -> Admitted:
        """The undo that a run starts at its end. The engine says which run that is."""
        parent = started.parent_workflow_execution
        if (workflow, _small(spec)) != (
            undo_id(parent.workflow_id),
            UndoSpec(run=parent.workflow_id),
        ):
            raise _forged(f"Run {parent.workflow_id!r} asks to undo something else than itself.")
        above = await self.admit(parent.workflow_id, parent.run_id)
        if not isinstance(above.spec, RunSpec):
            raise _unsigned(workflow)
        return Admitted(_small(spec), origin)

    async def _check_permit(self, workflow: str, spec: RunSpec | UndoSpec, origin: str) -> None:
        if spec.permit is None:
            if self._connection.settings.worker.accept_unsigned:
                return
            raise _unsigned(workflow)
        signer = await self._connection.signing.signer()
        if not is_permitted(signer, workflow, spec):
            raise _forged(f"The permit of {workflow!r} does not fit what it was started with.")
        bound = await bind_permit(self._connection.database, spec.permit, origin)
        if bound != origin:
            raise RunError(
                "replayed", f"The permit of {workflow!r} was used before, by execution {bound}."
            )

    async def _started(self, workflow: str, run_id: str) -> WorkflowExecutionStartedEventAttributes:
        """What an execution was started with, as the engine has it."""
        client = self._connection.temporal
        request = GetWorkflowExecutionHistoryRequest(
            namespace=client.namespace,
            execution=WorkflowExecution(workflow_id=workflow, run_id=run_id),
            maximum_page_size=1,
        )
        try:
            page = await client.workflow_service.get_workflow_execution_history(request, retry=True)
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                raise RunError("not_found", f"The engine has no run {workflow!r}.") from None
            raise StackError("unreachable", f"Temporal does not answer: {error.message}") from error
        entry = await plain(client.data_converter, page.history.events[0])
        return entry.workflow_execution_started_event_attributes


class _Guarded(ActivityInboundInterceptor):
    def __init__(self, next: ActivityInboundInterceptor, guard: Guard) -> None:
        super().__init__(next)
        self._guard = guard

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:
        request = input.args[0] if input.args else None
        await self._guard.check(request)
        result = await self.next.execute_activity(input)
        if isinstance(request, RunTool) and isinstance(result, ToolOutcome):
            return await self._guard.sign_outcome(request, result)
        return result


def _check_step(spec: RunSpec, request: CallModel | RunTool | SaveTranscript) -> None:
    """What a step brings along must be what the run was started with."""
    expected: dict[str, object] = {"salt": spec.salt}
    if isinstance(request, CallModel):
        expected |= {"spec": spec.spec, "model": spec.fixed_model}
    elif isinstance(request, RunTool):
        expected |= {
            "spec": spec.spec, "workspace": spec.workspace, "session": spec.session,
            "playback": spec.playback,
        }  # fmt: skip
    for name, value in expected.items():
        if getattr(request, name) != value:
            raise _forged(f"A step has another {name} than its run was started with.")


def _read(model: type[Spec], started: WorkflowExecutionStartedEventAttributes) -> Spec:
    spec = first(model, started.input)
    if spec is None:
        raise RunError("unsigned", "The run was started without a spec.")
    return spec


def _small(spec: RunSpec | UndoSpec) -> RunSpec | UndoSpec:
    if isinstance(spec, RunSpec):
        return spec.model_copy(update={"messages": (), "carry": None})
    return spec.model_copy(update={"steps": (), "before": None})


def _unsigned(workflow: str) -> RunError:
    return RunError("unsigned", f"{workflow!r} carries no permit: it was not started by harness.")


def _forged(why: str) -> RunError:
    return RunError("forged", why)
