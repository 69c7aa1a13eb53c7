"""Tries a model: one call that is as small as a call can be."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from time import perf_counter

from harness.config.providers import resolve_provider
from harness.config.settings import Settings
from harness.contracts.base import Word
from harness.contracts.errors import (
    ErrorInfo,
    HarnessError,
    ProviderTimeout,
)
from harness.contracts.message import user_message
from harness.contracts.model import ModelParams, ModelReply, ModelRequest, Usage, split_ref
from harness.providers.clients import make_adapter

TRIAL_S = 30.0
CLOSE_S = 2.0
OUTPUT_TOKENS = 16
"""The least that OpenAI accepts."""


class Trial(Word):
    """What became of a call."""

    model: str
    ms: float
    """How long it took."""
    answered_by: str | None = None
    """The model that answered, as the provider names it; absent if none did."""
    usage: Usage | None = None
    error: ErrorInfo | None = None
    """Why it failed."""


async def try_model(settings: Settings, model: str, seconds: float = TRIAL_S) -> Trial:
    """Call a model once, with the settings of this process, and report what became of it.

    Args:
        settings: Those that name the provider and its key.
        model: As provider/model.
        seconds: How long it may take.
    """
    started = perf_counter()
    try:
        reply = await _call(settings, model, seconds)
    except HarnessError as error:
        return Trial(model=model, ms=_since(started), error=error.info)
    return Trial(model=model, ms=_since(started), answered_by=reply.model, usage=reply.usage)


async def _call(settings: Settings, model: str, seconds: float) -> ModelReply:
    provider, name = split_ref(model)
    adapter = await asyncio.to_thread(  # its SDK takes up to 0.7 s to load
        make_adapter, provider, resolve_provider(settings, provider)
    )
    request = ModelRequest(
        model=name,
        instructions="",
        messages=(user_message("Reply with: OK"),),
        params=ModelParams(max_output_tokens=OUTPUT_TOKENS),
    )
    try:
        async with asyncio.timeout(seconds):
            return await adapter.stream(request, lambda _: None)
    except TimeoutError:
        raise ProviderTimeout(f"{model} did not answer within {seconds:g} s.") from None
    finally:
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_S):
                await adapter.close()


def _since(started: float) -> float:
    return round((perf_counter() - started) * 1e3, 1)
