"""Ask one gate for its decision, in bounded time: one that fails or is slow stops the call."""

from __future__ import annotations

import asyncio
import logging
from typing import Any, cast

from harness.commons.redact import redact
from harness.contracts.clean_text import clean_text
from harness.contracts.errors import StackUnreachable, StoreUnavailable
from harness.interceptors import AskPerson, Change, Decision, Gate, Note, Stop

log = logging.getLogger("harness.gates")

MOST_REASON = 500


async def ask_gate(gate: Gate, subject: Any, seconds: float) -> Decision:
    """Return what the gate decides; a stop if it does not decide properly.

    The gate is not awaited beyond its time, even if it ignores its cancellation.

    Raises:
        StoreUnavailable: The gate needs the database, which is away: the call is tried again.
        StackUnreachable: The same of Temporal.
    """
    task = asyncio.ensure_future(gate.check(subject))
    try:
        done, _ = await asyncio.wait({task}, timeout=seconds)
    except asyncio.CancelledError:
        task.cancel()
        raise
    if not done:
        task.cancel()
        task.add_done_callback(_drop_result)
        return Stop(f"it did not decide within {seconds:g} s")
    error = asyncio.CancelledError() if task.cancelled() else task.exception()
    if isinstance(error, StoreUnavailable | StackUnreachable):
        raise error
    if error is not None:
        log.warning("the gate %s failed", gate.name, exc_info=error)
        return Stop(f"it failed: {describe(f'{type(error).__name__}: {error}')}")
    decision = cast("object", task.result())
    if decision is None or isinstance(decision, Change | Stop | AskPerson | Note):
        return decision
    return Stop(f"it returned a {type(decision).__name__}, which is not a decision")


def describe(reason: object) -> str:
    """Make a reason safe to record and to show."""
    text = clean_text(redact(str(reason)[: 4 * MOST_REASON]))
    return text if len(text) <= MOST_REASON else f"{text[: MOST_REASON - 1]}…"


def _drop_result(task: asyncio.Future[Any]) -> None:
    if not task.cancelled():
        task.exception()  # retrieved, so that nothing is logged about it
