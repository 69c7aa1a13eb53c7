"""Check every activity before it runs: its request must match what its run was started for.

Anyone who can reach Temporal can start workflows and answer in place of a worker, so an activity
trusts nothing in its input.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from temporalio import activity
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

from harness.contracts.agent_code import CheckOutput, WriteInstructions
from harness.contracts.effect import UNDO, CheckTargets, Compensate, ListEffects, UndoSpec
from harness.contracts.errors import RunForged
from harness.contracts.memory_work import LearnMemories, RecallMemories
from harness.contracts.message import call_ordinals
from harness.contracts.model import CallModel, CompactContext, ModelTurn
from harness.contracts.permit import Pinned
from harness.contracts.queues import agent_queue, workspace_queue
from harness.contracts.run import WORKFLOW
from harness.contracts.tool import RunTool, ToolOutcome
from harness.contracts.transcript import SaveTranscript
from harness.engine.connection import Connection
from harness.interceptors import Caller
from harness.store import Transcripts
from harness.store.effects import find_effect
from harness.store.permits import Place, is_call_signed, sign_asked, sign_call
from harness_activities.admission import Admission, Admitted
from harness_activities.heartbeats import sending_heartbeats
from harness_activities.own_transcript import OwnTranscript, named_heads
from harness_activities.start_admission import StartAdmission

REQUESTS: dict[str, type] = {
    "call_model": CallModel,
    "compact_context": CompactContext,
    "run_tool": RunTool,
    "check_edit": RunTool,
    "save_transcript": SaveTranscript,
    "write_instructions": WriteInstructions,
    "check_output": CheckOutput,
    "recall_memories": RecallMemories,
    "learn_memories": LearnMemories,
    "list_effects": ListEffects,
    "compensate": Compensate,
    "check_targets": CheckTargets,
}
"""The request type of each built-in activity."""

RunWatch = Callable[[str, str], Awaitable[None]]
"""Called with a run and its agent, before each activity of the run: see `run_watch` of a record."""

Step = (
    CallModel
    | CompactContext
    | RunTool
    | SaveTranscript
    | WriteInstructions
    | CheckOutput
    | RecallMemories
    | LearnMemories
)


class Guard(Interceptor):
    """Refuses requests that an execution was not started for, and signs what later steps verify."""

    def __init__(
        self, connection: Connection, transcripts: Transcripts, watches: Sequence[RunWatch] = ()
    ) -> None:
        self._signing = connection.signing
        self._transcript = OwnTranscript(connection, transcripts)
        self._watches = watches
        self._database = connection.database
        self._children = connection.stores.children
        self._admission = Admission(connection)
        self._starts = StartAdmission(connection)

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:
        return _Guarded(next, self)

    async def check_request(self, name: str, request: object) -> None:
        """Refuse requests that the run was not started for. The activity's name determines the type
        of its request: a payload can be encoded so that it decodes as anything."""
        kind = REQUESTS.get(name)
        if kind is None:
            await self._check_capability()
        elif type(request) is not kind:
            raise RunForged(f"{name} got a request that is not a {kind.__name__}.")
        elif isinstance(request, Step):
            await self._check_step(request)
        elif isinstance(request, ListEffects | Compensate | CheckTargets):
            await self._check_undo(request)

    async def _check_capability(self) -> None:
        """Check an activity that a capability adds to agents: it is called by a run, by an undo or
        by a workflow that the capability started."""
        info = activity.info()
        if info.workflow_type in (WORKFLOW, UNDO):
            await self._admit_caller()
        else:
            workflow, run_id = info.workflow_id or "", info.workflow_run_id or ""
            await self._starts.admit(workflow, run_id, info.task_queue)

    async def find_caller(
        self, request: CallModel | CompactContext | RunTool | RecallMemories | LearnMemories
    ) -> Caller:
        """Return on whose behalf a call of the running activity is made."""
        info, admitted = activity.info(), await self._admit_caller(request)
        pinned = admitted.what
        assert isinstance(pinned, Pinned)  # the request was checked before
        return Caller(
            run=info.workflow_id or "", origin=admitted.origin, agent=pinned.agent,
            turn=0 if isinstance(request, RecallMemories) else request.turn,
            attempt=info.attempt, session=pinned.session, owner=pinned.owner,
            root=pinned.root, priority=pinned.priority, budget=pinned.budget,
            call=(request.call or 0) if isinstance(request, CallModel) else 0,
            purpose=_find_purpose(request), above=pinned.above,
        )  # fmt: skip

    async def find_undo(self) -> UndoSpec:
        """Return what the undo of the running activity was started for."""
        spec = (await self._admit_caller()).what
        assert isinstance(spec, UndoSpec)  # the request was checked before
        return spec

    async def sign_turn(self, request: CallModel, turn: ModelTurn) -> ModelTurn:
        """Add a MAC for each tool call of the reply."""
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
        """Add proof that a person is asked, if so."""
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
            raise RunForged("An undo requests a step of a run.")
        expected: dict[str, object] = {"salt": pinned.salt}
        if isinstance(request, CallModel | CompactContext):
            expected |= {"spec": pinned.spec, "model": pinned.model}
        elif isinstance(request, RunTool):
            expected |= {"workspace": pinned.workspace, "playback": pinned.playback}
        elif isinstance(request, WriteInstructions | CheckOutput | RecallMemories | LearnMemories):
            expected |= {"spec": pinned.spec}
            if activity.info().task_queue != agent_queue(pinned.agent):
                raise RunForged(f"A run of {pinned.agent} calls functions of another agent.")
        for name, value in expected.items():
            if getattr(request, name) != value:
                raise RunForged(
                    f"The request's {name} does not match what the run was started with."
                )
        if isinstance(request, RunTool):
            await self._check_call(admitted, pinned, request)
        if admitted.signed:  # one started by hand may begin anywhere
            await self._transcript.check(admitted.origin, named_heads(request))
        for watch in self._watches:
            await watch(activity.info().workflow_id or "", pinned.agent)

    async def _check_call(self, admitted: Admitted, pinned: Pinned, request: RunTool) -> None:
        info, place = activity.info(), pinned.workspace
        queues = (agent_queue(pinned.agent), place and workspace_queue(pinned.agent, place.host))
        if info.task_queue not in queues:
            raise RunForged(f"A run of {pinned.agent} calls {request.call.name} of another agent.")
        origin = request.origin or info.workflow_run_id
        if origin != admitted.origin:
            raise RunForged(f"A call names {origin!r} as its run's first execution.")
        signer = await self._signing.get_signer()
        if not admitted.signed or is_call_signed(signer, admitted.origin, request):
            return
        name = request.call.name
        if request.edited:
            raise RunForged(
                f"A call of {name} has different arguments, and no person was asked about it."
            )
        raise RunForged(f"A call of {name} was not made by the model in turn {request.turn}.")

    async def _check_undo(self, request: ListEffects | Compensate | CheckTargets) -> None:
        spec = (await self._admit_caller()).what
        if not isinstance(spec, UndoSpec) or request.run != spec.run:
            raise RunForged(
                f"Effects of {request.run!r} are requested by a workflow that is not their undo."
            )
        if isinstance(request, Compensate):
            await self._check_bounds(spec, request)
        elif isinstance(request, CheckTargets) and not spec.dry_run:
            raise RunForged("An undo that is not a dry run asks for the check of a dry run.")

    async def _check_bounds(self, spec: UndoSpec, request: Compensate) -> None:
        if spec.dry_run:
            raise RunForged("A dry run tries to undo an effect.")
        below = await self._children.find_below(request.run, spec.to_turn)
        found = await find_effect(self._database, (request.run, *below), request.key)
        if found is None:
            raise RunForged(f"Run {request.run!r} has no effect with the key {request.key!r}.")
        run, turn, call = found
        kept = run == request.run and spec.to_turn is not None and turn <= spec.to_turn
        if kept or call in spec.past:
            raise RunForged(f"{call} of turn {turn} is outside this undo's bounds.")


def _find_purpose(request: object) -> str:
    if isinstance(request, LearnMemories):
        return "memory"
    return "finish" if isinstance(request, CallModel) and request.finish else "turn"


class _Guarded(ActivityInboundInterceptor):
    def __init__(self, next: ActivityInboundInterceptor, guard: Guard) -> None:
        super().__init__(next)
        self._guard = guard

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:
        request = input.args[0] if input.args else None
        with sending_heartbeats():  # Temporal or the database may be slow
            await self._guard.check_request(activity.info().activity_type, request)
        result = await self.next.execute_activity(input)
        if isinstance(request, RunTool) and isinstance(result, ToolOutcome):
            return await self._guard.sign_outcome(request, result)
        return result
