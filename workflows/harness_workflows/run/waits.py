"""Waiting for a person: what is asked shows in the run's memo and state, so that history and the
Temporal page have it too."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from temporalio import workflow
from temporalio.common import SearchAttributeKey, SearchAttributeUpdate

from harness.contracts.errors import RunError
from harness.contracts.run import Pending, RunState
from harness.contracts.steering import Decide
from harness_workflows.run import card
from harness_workflows.run.progress import Memory

STATE = SearchAttributeKey.for_keyword("HarnessState")
TOKENS = SearchAttributeKey.for_int("HarnessTokens")
COST = SearchAttributeKey.for_int("HarnessCostMicros")
WAITING_MEMO = "waiting"


class FreshHistory(Exception):
    """The run goes on in a new execution."""


def enter(memory: Memory, state: RunState) -> None:
    """Change the state where searches and the page can see it."""
    if memory.state is not state:
        memory.state = state
        attributes(STATE.value_set(state.value))
    card.show(memory, memory.doing)


def attributes(*updates: SearchAttributeUpdate[Any]) -> None:
    workflow.upsert_search_attributes(updates)  # pyright: ignore[reportUnknownMemberType]


async def decision(memory: Memory, pending: Pending) -> Decide | None:
    """What a person decides about `pending`; None when the run is aborted first."""
    memory.pending[pending.id] = pending
    memory.doing = f"waiting for a person: {pending.question}"
    _publish(memory)
    # No `finally` around this: it would run when the worker drops the run from its memory, too.
    await until(memory, lambda: pending.id in memory.decided, pending.question)
    memory.pending.pop(pending.id, None)
    if memory.aborted is None:
        _publish(memory)
    return memory.decided.pop(pending.id, None)


async def unpaused(memory: Memory) -> None:
    if memory.aborted is not None:
        return
    if not memory.paused:
        if memory.state is RunState.PAUSED:  # resumed while the history ended
            enter(memory, RunState.RUNNING)
        return
    enter(memory, RunState.PAUSED)
    await until(memory, lambda: not memory.paused, "paused")
    if memory.aborted is None:
        enter(memory, RunState.RUNNING)


async def until(memory: Memory, met: Callable[[], bool], why: str) -> None:
    """Wait for `met` or an abort, but no longer than the time budget allows.

    A budget that asks for more does so between two steps, and lets a wait go on. Raises
    FreshHistory when signals have filled the history: the wait goes on in the next one.
    """
    limit = None if memory.budget.ask else memory.budget.seconds
    left = None if limit is None else max(0.0, memory.started + limit - workflow.time())
    try:
        await workflow.wait_condition(
            lambda: met() or memory.aborted is not None or memory.outgrown,
            timeout=left,
            timeout_summary=None if left is None else f"time budget, while waiting: {why}"[:120],
        )
    except TimeoutError:
        words = f"the run reached its budget of {limit:g} seconds while it waited: {why}"
        raise RunError("budget", words) from None
    except asyncio.CancelledError:
        notice_cancel(memory)
    if memory.outgrown and memory.aborted is None and not met():
        raise FreshHistory


def notice_cancel(memory: Memory) -> None:
    """Temporal's own Cancel works as an abort. An activity that is waited for may swallow the
    CancelledError, so the request itself is looked at."""
    reason = workflow.cancellation_reason()
    if reason is not None and not memory.cancelled:
        memory.cancelled = True
        memory.abort(reason or "cancelled")


def _publish(memory: Memory) -> None:
    waiting = list(memory.pending.values())
    workflow.upsert_memo({WAITING_MEMO: waiting or None})
    enter(memory, RunState.WAITING if waiting else RunState.RUNNING)
