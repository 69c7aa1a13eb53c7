"""One model call in progress: the request, and the text received so far."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from time import perf_counter
from typing import cast

from temporalio import activity

from harness.commons.telemetry import annotate, span
from harness.contracts.errors import StreamInterrupted
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
from harness.interceptors import Caller, Gate
from harness.providers.context.assemble import counts_tokens
from harness.providers.context.estimate import CHARS_PER_TOKEN, complete_usage, measure_scale
from harness.providers.context.fit import Fitted
from harness.providers.plan import Answer, Models
from harness.providers.received import Hidden, counting_hidden
from harness_activities.model_call.call_ids import make_ids_unique
from harness_activities.model_call.output import read_output
from harness_activities.model_call.stream import Streams

CONFIRM_S = 60.0
"""How long Temporal may take to cancel a call after an abort was announced."""


class ModelCall:
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
        self.hidden = Hidden()
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
            tools=() if request.finish else spec.tools,
            output=spec.output,
            cache_key=cache_key,
        )

    async def get_answer(
        self,
        models: Models,
        caller: Caller,
        transcript: Sequence[Message] = (),
        gates: Sequence[Gate] = (),
    ) -> Answer:
        facts = {"model": self.model, "run": self.request.cache_key or ""}
        with span("call the provider", facts), counting_hidden(self.hidden):
            answer = await models.answer(
                caller,
                self.candidates,
                self.spec.plan,
                self.request,
                self._add_text,
                self._start_attempt,
                transcript,
                gates,
            )
            usage = answer.reply.usage
            annotate({"model": answer.model, "input": usage.input, "output": usage.output})
            return answer

    def leave_provider(self) -> None:
        """Close the stream immediately, because the run is being aborted."""
        if not self.left:
            self.left = True
            self.task.cancel()

    async def wait_for_cancel(self) -> None:
        """After leaving early, wait for Temporal's cancellation, which decides."""
        if not self.left or activity.is_cancelled():
            return
        self.task.uncancel()
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(CONFIRM_S)
            raise StreamInterrupted("An abort was announced, but the run continues.")

    def build_turn(self, answer: Answer, fitted: Fitted) -> ModelTurn:
        reply = answer.reply
        data, invalid = None, None
        if self.spec.output is not None and not reply.message.calls:
            data, invalid = read_output(reply.message.text, self.spec.output)
            if self.spec.wrapped and invalid is None:
                data = data["value"]
        return ModelTurn(
            head="",
            message=make_ids_unique(reply.message),
            model=answer.model,
            usage=reply.usage,
            cost_micros=answer.cost_micros,
            finish=reply.finish,
            first_ms=self._first_ms(),
            ms=round(answer.ms, 1),
            dropped=fitted.dropped or None,
            cleared=len(fitted.cleared) or None,
            scale=self._measure_scale(reply.usage),
            fallbacks=answer.fallbacks or None,
            data=data,
            invalid=invalid,
            request_id=reply.request_id,
            gates=reply.gates or None,
        )

    def build_cut_turn(self) -> ModelTurn:
        """Return the partial reply of a cancelled call. Its usage is an estimate: providers charge
        for what they sent, but report it only at the end."""
        text = "".join(self.pieces)
        message = Message(
            role="assistant", parts=(Text(text=text),) if text else (), origin="interrupted"
        )
        usage = complete_usage(Usage(), self.request, message)
        if hidden := self.hidden.characters // CHARS_PER_TOKEN:
            usage = usage.model_copy(update={"output": usage.output + hidden})
        return ModelTurn(
            head="",
            message=message,
            model=self.model,
            usage=usage,
            finish="stop",
            first_ms=self._first_ms(),
            ms=round((perf_counter() - self.started) * 1e3, 1),
            interrupted=True,
        )

    def _measure_scale(self, usage: Usage) -> float | None:
        return measure_scale(usage, self.request) if counts_tokens(self.spec.context) else None

    def _first_ms(self) -> float | None:
        """Return the time to the first text, including earlier candidates; None if there was no
        text."""
        return None if self.first is None else round((self.first - self.started) * 1e3, 1)

    def _add_text(self, text: str) -> None:
        if self.first is None:
            self.first = perf_counter()
        self.pieces.append(text)
        self.live.write_text(text)

    def _start_attempt(self, model: str) -> None:
        self.model = model
        self.first = None
        self.pieces.clear()
        self.hidden.characters = 0
        self.live.start_try()
