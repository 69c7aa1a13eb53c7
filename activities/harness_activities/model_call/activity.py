"""The `call_model` activity: what is new goes in, the reply and the new head come out."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from time import perf_counter
from typing import cast

from temporalio import activity

from harness.commons.telemetry import annotate, span
from harness.contracts.errors import ProviderError, StoreError
from harness.contracts.message import Message, Text
from harness.contracts.model import (
    AgentSpec,
    CallModel,
    Candidate,
    ModelRequest,
    ModelTurn,
    Usage,
    split_ref,
)
from harness.contracts.transcript import Node, SaveTranscript
from harness.providers.context import complete, fit
from harness.providers.plan import Answer, Models
from harness.store.artifacts import Artifacts
from harness.store.live.stops import Stops
from harness.store.live.writer import LiveText, LiveWriter
from harness.store.specs import Specs
from harness.store.transcripts.chain import Transcripts
from harness_activities.guard import Guard
from harness_activities.heartbeats import beating
from harness_activities.model_call.call_ids import with_own_ids
from harness_activities.model_call.images import with_images
from harness_activities.model_call.output import read_output

CONFIRM_S = 60.0
"""How long the engine may take to cancel a call whose end was announced."""
FLUSH_WAIT_S = 2.0
"""How long a final answer waits for the database; after that the run saves it by itself."""


@dataclass(frozen=True)
class ModelActivities:
    models: Models
    specs: Specs
    artifacts: Artifacts
    transcripts: Transcripts
    live: LiveWriter
    stops: Stops
    guard: Guard

    @activity.defn(name="call_model")
    async def call_model(self, request: CallModel) -> ModelTurn:
        info = activity.info()
        run_id = info.workflow_run_id or ""
        if info.attempt > 1 and (paid := await self._paid_for(run_id, request)):
            return paid
        await self.transcripts.ready()
        spec = await self.specs.get(request.spec)
        before = await self.transcripts.load(request.head) if request.head else []
        sent, dropped = fit([*before, *request.messages], spec.context)
        sent = await with_images(sent, self.artifacts)
        run = info.workflow_id or ""
        streams = Streams(self.live, run, request, info)
        call = _Call(request, spec, sent, streams, cache_key=run)
        with beating():
            try:
                with self.stops.watch(run, call.leave):
                    answer = await call.answer(self.models)
            except asyncio.CancelledError:
                await call.confirmed()
                details = activity.cancellation_details()
                if details is None or not details.cancel_requested:
                    raise  # the worker stops: another one makes the call again
                await streams.close()
                return self._keep(run_id, request, call.cut_short())
            await streams.close()
            turn = await self.guard.sign_turn(request, call.turn(answer, dropped))
            return await self._finish(run_id, request, turn)

    @activity.defn(name="save_transcript")
    async def save_transcript(self, request: SaveTranscript) -> str:
        with beating():
            head = request.head
            if head is not None:
                await self.transcripts.load(head)  # where it is gone, the run sends it again
            if request.messages:
                run_id = activity.info().workflow_run_id or ""
                node = Node(parent=head, messages=request.messages, salt=request.salt)
                head = self.transcripts.add(
                    node, run=run_id, turn=request.turn, call=SAVE_CALL, owner=_owner()
                )
            if head is None:
                raise StoreError("transcript_missing", "There is nothing to save.")
            await self.transcripts.flush(head)
            return head

    async def _paid_for(self, run_id: str, request: CallModel) -> ModelTurn | None:
        """The answer that an earlier attempt got, and could not report."""
        found = await self.transcripts.find(run_id, request.turn, request.call or 0)
        if found is None or found.reply is None:
            return None
        node = await self.transcripts.node(found.head)
        asked = node.messages[: len(request.messages)]
        if node.parent != request.head or asked != request.messages:
            return None  # a reset asks something else under the same number
        turn = ModelTurn.model_validate_json(found.reply)
        return turn.model_copy(update={"head": found.head, "recovered": True, "saved": found.head})

    async def _finish(self, run_id: str, request: CallModel, turn: ModelTurn) -> ModelTurn:
        kept = self._keep(run_id, request, turn)
        if turn.message.calls:
            return kept
        try:  # the last turn of a run, as far as the model can tell: make it durable
            async with asyncio.timeout(FLUSH_WAIT_S):
                await self.transcripts.flush(kept.head)
        except (TimeoutError, StoreError):
            return kept
        return kept.model_copy(update={"saved": kept.head})

    def _keep(self, run_id: str, request: CallModel, turn: ModelTurn) -> ModelTurn:
        said = (turn.message,) if turn.message.parts else ()
        messages = (*request.messages, *said)
        node = Node(parent=request.head, messages=messages, salt=request.salt)
        head = self.transcripts.add(
            node, run=run_id, turn=request.turn, call=request.call or 0, reply=turn.wire(),
            owner=_owner(),
        )  # fmt: skip
        saved = self.transcripts.newest_saved(request.head) if request.head else None
        return turn.model_copy(update={"head": head, "saved": saved})


TRIES_PER_ATTEMPT = 100
"""More candidates than any plan has, so that tries of a later attempt have higher numbers."""
SAVE_CALL = -1
"""Place in the index of what a run saved at its end."""


def _owner() -> str | None:
    return activity.info().workflow_id


class Streams:
    """The live text of a call. Each candidate of the plan is a try of its own to those who watch:
    text of two models is never mixed."""

    def __init__(
        self, writer: LiveWriter, run: str, request: CallModel, info: activity.Info
    ) -> None:
        self._writer = writer
        self._place = (run, request.turn, request.call or 0)
        self._number = (info.attempt - 1) * TRIES_PER_ATTEMPT
        # After a reset turns have numbers that were used before: the later call counts.
        self._scheduled = info.scheduled_time.timestamp()
        self._text: LiveText | None = None

    async def close(self) -> None:
        if self._text:
            await self._text.close()

    def restart(self) -> None:
        self._number += 1
        self._text = self._writer.open(*self._place, self._number, scheduled=self._scheduled)

    def write(self, text: str) -> None:
        if self._text:
            self._text.write(text)


class _Call:
    """One call under way: what was asked, and the text that has come so far."""

    def __init__(
        self,
        request: CallModel,
        spec: AgentSpec,
        sent: Sequence[Message],
        live: Streams,
        cache_key: str,
    ) -> None:
        self.started = perf_counter()
        self.task = cast("asyncio.Task[object]", asyncio.current_task())
        self.left = False
        self.first: float | None = None
        self.pieces: list[str] = []
        self.model = request.model or spec.plan.candidates[0].model
        self.live = live
        self.spec = spec
        plan = spec.plan
        own = next((c.params for c in plan.candidates if c.model == request.model), None)
        self.candidates = (
            (Candidate(model=request.model, params=own),) if request.model else plan.candidates
        )
        self.request = ModelRequest(
            model=split_ref(self.model)[1],
            instructions=spec.instructions,
            messages=tuple(sent),
            tools=spec.tools,
            output=spec.output,
            cache_key=cache_key,
        )

    async def answer(self, models: Models) -> Answer:
        with span("call the provider", {"model": self.model, "run": self.request.cache_key or ""}):
            answer = await models.answer(
                self.candidates, self.spec.plan, self.request, self._sink, self._attempt
            )
            usage = answer.reply.usage
            annotate({"model": answer.model, "input": usage.input, "output": usage.output})
            return answer

    def leave(self) -> None:
        """Word has come that the run is being aborted: leave the provider at once."""
        if not self.left:
            self.left = True
            self.task.cancel()

    async def confirmed(self) -> None:
        """After an early leave, wait for the engine to say the same. It is what decides."""
        if not self.left or activity.is_cancelled():
            return
        self.task.uncancel()
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(CONFIRM_S)
            raise ProviderError("cut_stream", "An abort was announced, but the run goes on.")

    def turn(self, answer: Answer, dropped: int) -> ModelTurn:
        reply = answer.reply
        data, invalid = None, None
        if self.spec.output is not None and not reply.message.calls:
            data, invalid = read_output(reply.message.text, self.spec.output)
        return ModelTurn(
            head="",
            message=with_own_ids(reply.message),
            model=answer.model,
            usage=reply.usage,
            cost_micros=answer.cost_micros,
            finish=reply.finish,
            first_ms=None if answer.first_ms is None else round(answer.first_ms, 1),
            ms=round(answer.ms, 1),
            dropped=dropped or None,
            fallbacks=answer.fallbacks or None,
            data=data,
            invalid=invalid,
            request_id=reply.request_id,
        )

    def cut_short(self) -> ModelTurn:
        """What there is of a call that was cancelled. Its usage is an estimate: providers charge
        for what they sent, and say how much only at the end."""
        text = "".join(self.pieces)
        message = Message(
            role="assistant", parts=(Text(text=text),) if text else (), origin="interrupted"
        )
        usage = complete(Usage(), self.request, message)
        first = None if self.first is None else (self.first - self.started) * 1e3
        return ModelTurn(
            head="",
            message=message,
            model=self.model,
            usage=usage,
            finish="stop",
            first_ms=first and round(first, 1),
            ms=round((perf_counter() - self.started) * 1e3, 1),
            interrupted=True,
        )

    def _sink(self, text: str) -> None:
        if self.first is None:
            self.first = perf_counter()
        self.pieces.append(text)
        self.live.write(text)

    def _attempt(self, model: str) -> None:
        self.model = model
        self.pieces.clear()
        self.live.restart()
