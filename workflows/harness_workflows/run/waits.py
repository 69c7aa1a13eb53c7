"""Wait for a person. The question is in the run's memo and state, so history and the Temporal page
show it too."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from temporalio import workflow
from temporalio.common import SearchAttributeKey, SearchAttributeUpdate

from harness.contracts.errors import BudgetReached
from harness.contracts.run import Pending, RunState
from harness.contracts.steering import Decide
from harness_workflows.run import card
from harness_workflows.run.progress import RunProgress

STATE = SearchAttributeKey.for_keyword("HarnessState")
TOKENS = SearchAttributeKey.for_int("HarnessTokens")
COST = SearchAttributeKey.for_int("HarnessCostMicros")
WAITING_MEMO = "waiting"
LONGEST_TIMER_S = 9e9
"""Temporal counts nanoseconds in 63 bits, and a person may grant any number of seconds."""


class FreshHistory(Exception):
    """Raised to continue the run in a new execution."""


def enter_state(progress: RunProgress, state: RunState) -> None:
    """Change the state, including the search attribute."""
    if progress.state is not state:
        progress.state = state
        set_attributes(STATE.value_set(state.value))
    card.show_doing(progress, progress.doing)


def set_attributes(*updates: SearchAttributeUpdate[Any]) -> None:
    workflow.upsert_search_attributes(updates)  # pyright: ignore[reportUnknownMemberType]


async def wait_for_decision(progress: RunProgress, pending: Pending) -> Decide | None:
    """Wait for a person's decision about `pending`; None if the run is aborted first, or the time
    to decide passes."""
    progress.pending[pending.id] = pending
    progress.doing = f"waiting for a person: {pending.question}"
    _publish_waiting(progress)
    # Not in a `finally`: that would also run when the worker evicts the run from memory.
    await wait_until(
        progress, lambda: pending.id in progress.decided, pending.question, pending.until
    )
    progress.pending.pop(pending.id, None)
    if progress.aborted is None:
        _publish_waiting(progress)
    return progress.decided.pop(pending.id, None)


async def wait_while_paused(progress: RunProgress) -> None:
    if progress.aborted is not None:
        return
    if not progress.paused:
        if progress.state is RunState.PAUSED:  # resumed while the history ended
            enter_state(progress, RunState.RUNNING)
        return
    enter_state(progress, RunState.PAUSED)
    await wait_until(progress, lambda: not progress.paused, "paused")
    if progress.aborted is None:
        enter_state(progress, RunState.RUNNING)


async def wait_until(
    progress: RunProgress, met: Callable[[], bool], why: str, until: float | None = None
) -> None:
    """Wait for `met`, an abort or the time `until`, but no longer than the time budget allows.

    A budget that asks for more does so between two steps, and does not end a wait. Raises
    FreshHistory when signals have filled the history: the wait continues in the next one.
    """
    asks = progress.budget.ask or progress.budget.shared is not None
    limit = None if asks else progress.budget.seconds
    ends = None if limit is None else progress.started + limit
    passes = until is not None and (ends is None or until <= ends)
    last = until if passes else ends
    left = None if last is None else min(max(0.0, last - workflow.time()), LONGEST_TIMER_S)
    kind = "time to decide" if passes else "time budget"
    try:
        await workflow.wait_condition(
            lambda: met() or progress.aborted is not None or progress.needs_fresh_history,
            timeout=left,
            timeout_summary=None if left is None else f"{kind}, while waiting: {why}"[:120],
        )
    except TimeoutError:
        if passes:
            return
        words = f"the run reached its budget of {limit or 0:g} seconds while it waited: {why}"
        raise BudgetReached(words) from None
    except asyncio.CancelledError:
        notice_cancel(progress)
    if progress.needs_fresh_history and progress.aborted is None and not met():
        raise FreshHistory


def notice_cancel(progress: RunProgress) -> None:
    """Treat Temporal's own Cancel as an abort. An awaited activity may swallow the CancelledError,
    so check the request itself."""
    reason = workflow.cancellation_reason()
    if reason is not None and not progress.cancelled:
        progress.cancelled = True
        progress.request_abort(reason or "cancelled")


def _publish_waiting(progress: RunProgress) -> None:
    waiting = list(progress.pending.values())
    workflow.upsert_memo({WAITING_MEMO: waiting or None})
    enter_state(progress, RunState.WAITING if waiting else RunState.RUNNING)
