"""Estimate what interrupted attempts at a model call cost: providers charge for what they sent, but
report it only at the end."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress

from temporalio import activity

from harness.contracts.errors import StoreError
from harness.contracts.model import CallModel, Interrupted, ModelTurn, Usage
from harness.providers.context.estimate import CHARS_PER_TOKEN
from harness.providers.prices import Price, cost_micros
from harness.store.cut_attempts import CallPlace, CutAttempts
from harness_activities.model_call.stream import TRIES_PER_ATTEMPT

MEASURE_S = 2.0


async def add_interrupted(
    turn: ModelTurn, request: CallModel, cut: CutAttempts, prices: Mapping[str, Price]
) -> ModelTurn:
    """Add the interrupted attempts to the reply, including itself if it was interrupted."""
    info = activity.info()
    sent: list[int] = []
    if info.attempt > 1:
        place = CallPlace(
            run=info.workflow_id or "", run_id=info.workflow_run_id or "",
            activity=info.activity_id, turn=request.turn, call=request.call or 0,
            scheduled=int(info.scheduled_time.timestamp() * 1e6),
        )  # fmt: skip
        with suppress(StoreError, TimeoutError):  # only an estimate: an abort must not wait for it
            async with asyncio.timeout(MEASURE_S):
                sent = await cut.measure_texts(place, info.attempt, TRIES_PER_ATTEMPT)
    # All attempts had the same prompt, so the reply's own figure gives its length.
    usages = [
        Usage(input=turn.usage.input, output=-(-chars // CHARS_PER_TOKEN), estimated=True)
        for chars in sent
    ]
    if turn.interrupted:
        usages.append(turn.usage)
    if not usages:
        return turn
    costs = [cost_micros(turn.model, usage, prices) for usage in usages]
    known = [cost for cost in costs if cost is not None]
    estimate = Interrupted(
        attempts=len(usages), usage=sum(usages, Usage()), cost_micros=sum(known) if known else None
    )
    return turn.model_copy(update={"cut": estimate})
