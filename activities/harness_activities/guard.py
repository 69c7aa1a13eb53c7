"""What every activity passes before it acts: what it is asked for must be what its run started for.

Whoever reaches the engine can start workflows and answer for a worker, so an activity believes
nothing that it is handed.
"""

from __future__ import annotations

from typing import Any

from temporalio import activity
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

from harness.contracts.agent_code import CheckOutput, WriteInstructions
from harness.contracts.effect import UNDO, Compensate, ListEffects, UndoSpec
from harness.contracts.message import call_ordinals
from harness.contracts.model import CallModel, ModelTurn
from harness.contracts.permit import Pinned
from harness.contracts.queues import agent_queue, workspace_queue
from harness.contracts.run import WORKFLOW
from harness.contracts.tool import RunTool, ToolOutcome
from harness.contracts.transcript import SaveTranscript
from harness.engine.connection import Connection
from harness.store.effects import find_effect
from harness.store.permits import Place, is_call_signed, sign_asked, sign_call
from harness_activities.admission import Admission, Admitted, run_forged
from harness_activities.heartbeats import sending_heartbeats
from harness_activities.start_admission import StartAdmission

REQUESTS: dict[str, type] = {
    "call_model": CallModel,
    "run_tool": RunTool,
    "check_edit": RunTool,
    "save_transcript": SaveTranscript,
    "write_instructions": WriteInstructions,
    "check_output": CheckOutput,
    "list_effects": ListEffects,
    "compensate": Compensate,
}
"""What each activity of ours takes."""

Step = CallModel | RunTool | SaveTranscript | WriteInstructions | CheckOutput


class Guard(Interceptor):
    """Refuses what an execution was not started for, and signs what later steps must prove."""

    def __init__(self, connection: Connection) -> None:
        self._signing = connection.signing
        self._database = connection.database
        self._admission = Admission(connection)
        self._starts = StartAdmission(connection)

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:
        return _Guarded(next, self)

    async def check_request(self, name: str, request: object) -> None:
        """Refuse what the run did not start for. The activity says what its request must be: a
        payload can be encoded so that it decodes as anything."""
        kind = REQUESTS.get(name)
        if kind is None:
            await self._check_capability()
        elif type(request) is not kind:
            raise run_forged(f"{name} is asked with something other than {kind.__name__}.")
        elif isinstance(request, Step):
            await self._check_step(request)
        elif isinstance(request, ListEffects | Compensate):
            await self._check_undo(request)

    async def _check_capability(self) -> None:
        """An activity that a capability adds to agents: a run's, an undo's or that of a workflow
        which the capability started."""
        info = activity.info()
        if info.workflow_type in (WORKFLOW, UNDO):
            await self._admit_caller()
        else:
            workflow, run_id = info.workflow_id or "", info.workflow_run_id or ""
            await self._starts.admit(workflow, run_id, info.task_queue)

    async def sign_turn(self, request: CallModel, turn: ModelTurn) -> ModelTurn:
        """The answer with a MAC for each of its tool calls."""
        calls = turn.message.calls
        if not calls:
            return turn
        origin = (await self._admit_caller()).origin
        signer = await self._signing.get_signer()
        signatures = tuple(
            sign_call(signer, Place(origin, request.turn, ordinal or 1), call)
            for call, ordinal in zip(calls, call_ordinals(calls), strict=True)
        )
        return turn.model_copy(update={"signatures": signatures})

    async def sign_outcome(self, request: RunTool, outcome: ToolOutcome) -> ToolOutcome:
        """Where a person is asked: the outcome with what proves that."""
        if outcome.need not in ("approval", "outcome"):
            return outcome
        origin = (await self._admit_caller()).origin
        asked = sign_asked(await self._signing.get_signer(), origin, request)
        return outcome.model_copy(update={"asked": asked})

    async def _admit_caller(self, request: object = None) -> Admitted:
        info = activity.info()
        return await self._admission.admit(
            info.workflow_id or "", info.workflow_run_id or "", request
        )

    async def _check_step(self, request: Step) -> None:
        admitted = await self._admit_caller(request)
        pinned = admitted.what
        if not isinstance(pinned, Pinned):
            raise run_forged("An undo asks for a step of a run.")
        expected: dict[str, object] = {"salt": pinned.salt}
        if isinstance(request, CallModel):
            expected |= {"spec": pinned.spec, "model": pinned.model}
        elif isinstance(request, RunTool):
            expected |= {"workspace": pinned.workspace, "playback": pinned.playback}
        elif isinstance(request, WriteInstructions | CheckOutput):
            expected |= {"spec": pinned.spec}
            if activity.info().task_queue != agent_queue(pinned.agent):
                raise run_forged(f"A run of {pinned.agent} asks another agent for its functions.")
        for name, value in expected.items():
            if getattr(request, name) != value:
                raise run_forged(
                    f"The request's {name} does not match what the run was started with."
                )
        if isinstance(request, RunTool):
            await self._check_call(admitted, pinned, request)

    async def _check_call(self, admitted: Admitted, pinned: Pinned, request: RunTool) -> None:
        info, place = activity.info(), pinned.workspace
        queues = (agent_queue(pinned.agent), place and workspace_queue(pinned.agent, place.host))
        if info.task_queue not in queues:
            raise run_forged(f"A run of {pinned.agent} asks another agent for {request.call.name}.")
        origin = request.origin or info.workflow_run_id
        if origin != admitted.origin:
            raise run_forged(f"A call names {origin!r} as its run's first execution.")
        signer = await self._signing.get_signer()
        if not admitted.signed or is_call_signed(signer, admitted.origin, request):
            return
        name = request.call.name
        if request.edited:
            raise run_forged(
                f"A call of {name} has other arguments, and nobody was asked about it."
            )
        raise run_forged(f"A call of {name} is not one that the model made in turn {request.turn}.")

    async def _check_undo(self, request: ListEffects | Compensate) -> None:
        spec = (await self._admit_caller()).what
        if not isinstance(spec, UndoSpec) or request.run != spec.run:
            raise run_forged(
                f"Effects of {request.run!r} are asked for, and this is not their undo."
            )
        if isinstance(request, Compensate):
            await self._check_bounds(spec, request)

    async def _check_bounds(self, spec: UndoSpec, request: Compensate) -> None:
        if spec.dry_run:
            raise run_forged("A dry run asks for an effect to be taken back.")
        found = await find_effect(self._database, request.run, request.key)
        if found is None:
            raise run_forged(f"Run {request.run!r} has no effect with the key {request.key!r}.")
        turn, call = found
        if (spec.to_turn is not None and turn <= spec.to_turn) or call in spec.past:
            raise run_forged(f"{call} of turn {turn} is outside this undo's bounds.")


class _Guarded(ActivityInboundInterceptor):
    def __init__(self, next: ActivityInboundInterceptor, guard: Guard) -> None:
        super().__init__(next)
        self._guard = guard

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:
        request = input.args[0] if input.args else None
        with sending_heartbeats():  # the engine or the database may be slow
            await self._guard.check_request(activity.info().activity_type, request)
        result = await self.next.execute_activity(input)
        if isinstance(request, RunTool) and isinstance(result, ToolOutcome):
            return await self._guard.sign_outcome(request, result)
        return result
