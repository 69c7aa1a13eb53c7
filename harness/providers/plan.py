"""Call the candidate models in order, until one answers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from time import perf_counter

from harness.config.providers import resolve_provider
from harness.config.settings import Settings
from harness.contracts.errors import ModelUnsuitable, ProviderError
from harness.contracts.message import Message
from harness.contracts.model import (
    Candidate,
    Fallback,
    ModelPlan,
    ModelReply,
    ModelRequest,
    split_ref,
)
from harness.interceptors import (
    Caller,
    Gate,
    ModelCall,
    ModelInterceptor,
    close_interceptors,
    pass_through,
)
from harness.providers.adapter import Adapter, Sink
from harness.providers.catalog import describe_lack
from harness.providers.circuit import Circuit
from harness.providers.clients import make_adapter
from harness.providers.context.estimate import bound_output, complete_usage
from harness.providers.prices import cost_micros, read_prices


@dataclass(frozen=True)
class Answer:
    reply: ModelReply
    model: str
    """The provider/model that answered."""
    fallbacks: tuple[Fallback, ...]
    cost_micros: int | None
    ms: float


class Models:
    """The providers' clients and circuit breakers of one worker process."""

    def __init__(self, settings: Settings, interceptors: Sequence[ModelInterceptor] = ()) -> None:
        self._settings = settings
        self._interceptors = interceptors
        self._entries = [each.call_model for each in interceptors]
        self.prices = read_prices(settings)
        self._adapters: dict[str, Adapter] = {}
        self._circuits: dict[str, Circuit] = {}
        self._making = asyncio.Lock()

    async def answer(
        self,
        caller: Caller,
        candidates: Sequence[Candidate],
        plan: ModelPlan,
        request: ModelRequest,
        sink: Sink,
        on_attempt: Callable[[str], None],
        transcript: Sequence[Message] = (),
        gates: Sequence[Gate] = (),
    ) -> Answer:
        """Return the reply of the first candidate that answers.

        `on_attempt` is called with the model before each candidate: text that an earlier one
        streamed is then void. If all fail, the last error is raised.
        """
        started = perf_counter()
        passed: list[Fallback] = []
        for place, candidate in enumerate(candidates):
            last = place + 1 == len(candidates)
            on_attempt(candidate.model)
            try:
                self._check_suitable(candidate.model, plan)
                asked = _request_for(request, candidate)
                call = ModelCall(
                    caller=caller, model=candidate.model, request=asked, sink=sink, last=last,
                    transcript=transcript, gates=gates,
                )  # fmt: skip
                reply = await self._call(call)
            except ProviderError as error:
                category = error.code.removeprefix("provider.")
                if last or not _falls_through(category, plan):
                    raise
                passed.append(
                    Fallback(model=candidate.model, code=error.code, message=error.message)
                )
                continue
            return Answer(
                reply=reply,
                model=candidate.model,
                fallbacks=tuple(passed),
                cost_micros=cost_micros(candidate.model, reply.usage, self.prices),
                ms=(perf_counter() - started) * 1000,
            )
        raise ModelUnsuitable("The plan names no model.")

    async def close(self) -> None:
        adapters = list(self._adapters.values())
        self._adapters.clear()
        for adapter in adapters:
            await adapter.close()
        await close_interceptors(self._interceptors)

    def _check_suitable(self, model: str, plan: ModelPlan) -> None:
        region = None
        if plan.regions is not None:
            region = resolve_provider(self._settings, split_ref(model)[0]).region
        if lack := describe_lack(model, plan, region):
            raise ModelUnsuitable(f"{model} {lack}.")

    async def _call(self, call: ModelCall) -> ModelReply:
        """Pass a call through the interceptors to its provider, unless its circuit is open.

        Whatever takes long comes before them: limits count a call from the moment when they admit
        it, and the provider from the moment when it arrives.
        """
        provider, _ = split_ref(call.model)
        await self._open_adapter(provider)
        circuit = self._circuits.setdefault(provider, Circuit(provider))
        # If no other can answer, failing would use up an attempt of the run.
        probes = await circuit.wait_to_enter() if call.last else circuit.begin_call()
        try:
            return await pass_through(self._entries, call, partial(self._send, circuit))
        finally:
            circuit.leave(probes)

    async def _send(self, circuit: Circuit, call: ModelCall) -> ModelReply:
        """Call the provider."""
        adapter = await self._open_adapter(split_ref(call.model)[0])
        call.progress.sent = True
        try:
            reply = await adapter.stream(call.request, call.sink)
        except ProviderError as error:
            circuit.record_failure(error)
            if error.usage is not None:
                error.usage = bound_output(error.usage, call.request)
            raise
        circuit.record_success()
        reported = bound_output(reply.usage, call.request)
        usage = complete_usage(reported, call.request, reply.message)
        return reply.model_copy(update={"usage": usage})

    async def _open_adapter(self, provider: str) -> Adapter:
        return self._adapters.get(provider) or await self._make_adapter(provider)

    async def _make_adapter(self, provider: str) -> Adapter:
        """Make an adapter in a thread: loading an SDK takes up to a second, and on a busy machine
        longer than Temporal waits for a heartbeat."""
        async with self._making:
            adapter = self._adapters.get(provider)
            if adapter is None:
                settings = resolve_provider(self._settings, provider)
                adapter = await asyncio.to_thread(make_adapter, provider, settings)
                self._adapters[provider] = adapter
            return adapter


_ALWAYS_PASSED = frozenset({"unsupported", "unknown", "protocol", "tls", "too_large", "package"})
"""Categories that always fall through: another candidate may work."""


def _falls_through(category: str, plan: ModelPlan) -> bool:
    return category in plan.fall_through or category in _ALWAYS_PASSED


def _request_for(request: ModelRequest, candidate: Candidate) -> ModelRequest:
    model = split_ref(candidate.model)[1]
    if request.model == model and candidate.params is None:
        return request
    change: dict[str, object] = {"model": model}
    if candidate.params is not None:
        change["params"] = candidate.params
    return request.model_copy(update=change)
