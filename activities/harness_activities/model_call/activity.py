"""The `call_model` activity: takes new messages, returns the reply and the new head."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from temporalio import activity

from harness.contracts.errors import StoreError, TranscriptMissing
from harness.contracts.model import CallModel, ModelTurn
from harness.contracts.transcript import Node, SaveTranscript
from harness.providers.context.assemble import assemble
from harness.providers.plan import Models
from harness.store.artifacts import Artifacts
from harness.store.cut_attempts import CutAttempts
from harness.store.live.stops import Stops
from harness.store.live.writer import LiveWriter
from harness.store.specs import Specs
from harness.store.transcripts.chain import Transcripts
from harness_activities.guard import Guard
from harness_activities.heartbeats import sending_heartbeats
from harness_activities.model_call.agent_gates import AgentGates, find_model_gates
from harness_activities.model_call.attempts import counting_attempts
from harness_activities.model_call.call import ModelCall
from harness_activities.model_call.compaction import make_compaction
from harness_activities.model_call.images import fill_images
from harness_activities.model_call.interrupted import add_interrupted
from harness_activities.model_call.stream import Streams
from harness_activities.parts import Activity, AgentParts, ProcessParts

FLUSH_WAIT_S = 2.0
"""How long a final answer waits for the database; after that the run saves it automatically."""


def make_activities(parts: AgentParts) -> list[Activity]:
    """The model activities, for the queue of an agent."""
    activities = make_model_activities(parts.process)
    compaction = make_compaction(parts.process)
    return [activities.call_model, activities.save_transcript, compaction.compact_context]


def make_model_activities(parts: ProcessParts) -> ModelActivities:
    """Make the model activities, which all agents of a process share."""
    connection = parts.connection
    return ModelActivities(
        models=parts.models,
        specs=connection.stores.specs,
        artifacts=connection.stores.artifacts,
        transcripts=parts.transcripts,
        live=parts.live,
        stops=connection.stores.stops,
        guard=parts.guard,
        cut=CutAttempts(connection.database, connection.vault),
        gates=parts.gates,
    )


@dataclass(frozen=True)
class ModelActivities:
    models: Models
    specs: Specs
    artifacts: Artifacts
    transcripts: Transcripts
    live: LiveWriter
    stops: Stops
    guard: Guard
    cut: CutAttempts
    gates: AgentGates

    @activity.defn(name="call_model")
    async def call_model(self, request: CallModel) -> ModelTurn:
        with counting_attempts():
            return await self._call_model(request)

    async def _call_model(self, request: CallModel) -> ModelTurn:
        info = activity.info()
        run_id = info.workflow_run_id or ""
        if info.attempt > 1 and (paid := await self._paid_for(run_id, request)):
            return paid
        await self.transcripts.wait_for_room()
        spec = await self.specs.get(request.spec)
        before = await self.transcripts.load(request.head) if request.head else []
        transcript = [*before, *request.messages]
        assembled = assemble(spec, transcript, request.scale)
        sent = await fill_images(assembled.fitted.messages, self.artifacts)
        run = info.workflow_id or ""
        streams = Streams(self.live, run, request, info)
        call = ModelCall(request, assembled.spec, sent, streams, cache_key=run)
        with sending_heartbeats(*info.heartbeat_details):
            try:
                with self.stops.watch(run, call.leave_provider):
                    caller = await self.guard.find_caller(request)
                    gates = find_model_gates(self.gates, caller.agent, spec)
                    answer = await call.get_answer(self.models, caller, transcript, gates)
            except asyncio.CancelledError:
                await call.wait_for_cancel()
                details = activity.cancellation_details()
                if details is None or not details.cancel_requested:
                    raise  # the worker is stopping: another one repeats the call
                await streams.close_text()
                turn = call.build_cut_turn()
                turn = await add_interrupted(turn, request, self.cut, self.models.prices)
                return self._keep_turn(run_id, request, turn)
            await streams.close_text()
            turn = call.build_turn(answer, assembled.fitted)
            turn = await add_interrupted(turn, request, self.cut, self.models.prices)
            turn = await self.guard.sign_turn(request, turn)
            return await self._keep_durably(run_id, request, turn)

    @activity.defn(name="save_transcript")
    async def save_transcript(self, request: SaveTranscript) -> str:
        with sending_heartbeats():
            head = request.head
            if head is not None:
                await self.transcripts.load(head)  # if it is gone, the run sends it again
            if request.messages:
                run_id = activity.info().workflow_run_id or ""
                node = Node(parent=head, messages=request.messages, salt=request.salt)
                head = self.transcripts.add(
                    node, run=run_id, turn=request.turn, call=SAVE_CALL, owner=_current_run()
                )
            if head is None:
                raise TranscriptMissing("There is nothing to save.")
            await self.transcripts.flush(head)
            return head

    async def _paid_for(self, run_id: str, request: CallModel) -> ModelTurn | None:
        """Find the reply that an earlier attempt got but could not report."""
        found = await self.transcripts.find(run_id, request.turn, request.call or 0)
        if found is None or found.reply is None:
            return None
        node = await self.transcripts.load_node(found.head)
        asked = node.messages[: len(request.messages)]
        if node.parent != request.head or asked != request.messages:
            return None  # after a reset, another request has the same number
        turn = ModelTurn.model_validate_json(found.reply)
        return turn.model_copy(update={"head": found.head, "recovered": True, "saved": found.head})

    async def _keep_durably(self, run_id: str, request: CallModel, turn: ModelTurn) -> ModelTurn:
        kept = self._keep_turn(run_id, request, turn)
        if turn.message.calls:
            return kept
        try:  # without tool calls it is probably the last turn: make it durable
            async with asyncio.timeout(FLUSH_WAIT_S):
                await self.transcripts.flush(kept.head)
        except (TimeoutError, StoreError):
            return kept
        return kept.model_copy(update={"saved": kept.head})

    def _keep_turn(self, run_id: str, request: CallModel, turn: ModelTurn) -> ModelTurn:
        said = (turn.message,) if turn.message.parts else ()
        messages = (*request.messages, *said)
        node = Node(parent=request.head, messages=messages, salt=request.salt)
        head = self.transcripts.add(
            node, run=run_id, turn=request.turn, call=request.call or 0, reply=turn.wire(),
            owner=_current_run(),
        )  # fmt: skip
        saved = self.transcripts.newest_saved(request.head) if request.head else None
        return turn.model_copy(update={"head": head, "saved": saved})


SAVE_CALL = -1
"""The call number under which the index has what a run saved at its end."""


def _current_run() -> str | None:
    return activity.info().workflow_id
