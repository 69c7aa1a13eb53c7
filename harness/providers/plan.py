"""Which model answers: the candidates in order, until one does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import perf_counter

from harness.config.providers import resolve_provider
from harness.config.settings import Settings
from harness.contracts.errors import ModelUnsuitable, ProviderError
from harness.contracts.model import (
    Candidate,
    Fallback,
    ModelPlan,
    ModelReply,
    ModelRequest,
    split_ref,
)
from harness.providers.adapter import Adapter, Sink
from harness.providers.catalog import lacks
from harness.providers.circuit import Circuit
from harness.providers.clients import make_adapter
from harness.providers.context import complete
from harness.providers.prices import cost_micros


@dataclass(frozen=True)
class Answer:
    reply: ModelReply
    model: str
    """provider/model that answered."""
    fallbacks: tuple[Fallback, ...]
    cost_micros: int | None
    ms: float


class Models:
    """The providers as one worker process knows them: their clients and circuit breakers."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._adapters: dict[str, Adapter] = {}
        self._circuits: dict[str, Circuit] = {}
        self._making = asyncio.Lock()

    async def answer(
        self,
        candidates: Sequence[Candidate],
        plan: ModelPlan,
        request: ModelRequest,
        sink: Sink,
        on_attempt: Callable[[str], None],
    ) -> Answer:
        """The first candidate's reply that comes.

        `on_attempt` is told the model before each candidate: text that an earlier one streamed is
        void then. Where all fail, the last one's error is raised.
        """
        started = perf_counter()
        passed: list[Fallback] = []
        for place, candidate in enumerate(candidates):
            last = place + 1 == len(candidates)
            on_attempt(candidate.model)
            try:
                reply = await self._call(candidate, plan, request, sink, last=last)
            except ProviderError as error:
                category = error.code.removeprefix("provider.")
                if last or not _passes(category, plan):
                    raise
                passed.append(
                    Fallback(model=candidate.model, code=error.code, message=error.message)
                )
                continue
            usage = complete(reply.usage, request, reply.message)
            return Answer(
                reply=reply.model_copy(update={"usage": usage}),
                model=candidate.model,
                fallbacks=tuple(passed),
                cost_micros=cost_micros(candidate.model, usage),
                ms=(perf_counter() - started) * 1000,
            )
        raise ModelUnsuitable("The plan names no model.")

    async def close(self) -> None:
        adapters = list(self._adapters.values())
        self._adapters.clear()
        for adapter in adapters:
            await adapter.close()

    async def _call(
        self,
        candidate: Candidate,
        plan: ModelPlan,
        request: ModelRequest,
        sink: Sink,
        *,
        last: bool,
    ) -> ModelReply:
        if lack := lacks(candidate.model, plan.requires, plan.min_context):
            raise ModelUnsuitable(f"{candidate.model} {lack}.")
        provider, model = split_ref(candidate.model)
        adapter = self._adapters.get(provider) or await self._make_adapter(provider)
        circuit = self._circuits.setdefault(provider, Circuit(provider))
        if last:  # nobody else can answer, and a refusal would use up an attempt of the run
            await circuit.wait_to_enter()
        else:
            circuit.enter()
        try:
            reply = await adapter.stream(_request_for(request, model, candidate), sink)
        except ProviderError as error:
            circuit.failed(error)
            raise
        except BaseException:
            circuit.left()
            raise
        circuit.succeeded()
        return reply

    async def _make_adapter(self, provider: str) -> Adapter:
        """In a thread: loading an SDK on the event loop takes up to a second, and on a busy machine
        longer than the engine waits for a heartbeat."""
        async with self._making:
            adapter = self._adapters.get(provider)
            if adapter is None:
                settings = resolve_provider(self._settings, provider)
                adapter = await asyncio.to_thread(make_adapter, provider, settings)
                self._adapters[provider] = adapter
            return adapter


_ALWAYS_PASSED = frozenset({"unsupported", "unknown", "protocol", "tls", "too_large"})
"""It cannot do what is required, or nobody knows it, or its server cannot be talked to."""


def _passes(category: str, plan: ModelPlan) -> bool:
    return category in plan.fall_through or category in _ALWAYS_PASSED


def _request_for(request: ModelRequest, model: str, candidate: Candidate) -> ModelRequest:
    if request.model == model and candidate.params is None:
        return request
    change: dict[str, object] = {"model": model}
    if candidate.params is not None:
        change["params"] = candidate.params
    return request.model_copy(update=change)
