"""Check budgets before each model call, so that a run stops between two steps."""

from __future__ import annotations

from typing import TypeVar

from temporalio import workflow

from harness.contracts.run import Budget, Pending
from harness.contracts.steering import Grant, read_grant
from harness_workflows.run import waits
from harness_workflows.run.progress import RunProgress

PENDING_ID = "budget"


async def find_spent_budget(progress: RunProgress) -> str | None:
    """Return which budget the run reached; None if it may continue."""
    while (reached := _find_reached(progress)) is not None:
        if not progress.budget.ask:
            return reached
        pending = Pending(
            id=PENDING_ID,
            need="budget",
            turn=progress.turn,
            question=f"The budget of {reached} is used up. Approve to grant as much again.",
            since=workflow.time(),
        )
        decide = await waits.wait_for_decision(progress, pending)
        if decide is None:
            return None  # aborted
        if decide.verdict == "reject":
            return reached
        progress.budget = _extend_budget(progress, read_grant(decide.arguments))
    return None


def _find_reached(progress: RunProgress) -> str | None:
    budget, totals = progress.budget, progress.totals
    spent = totals.cost_micros or 0
    if budget.turns is not None and totals.turns >= budget.turns:
        return f"{budget.turns} turns"
    if budget.tokens is not None and totals.usage.total >= budget.tokens:
        return f"{budget.tokens} tokens"
    if budget.cost_micros is not None and spent >= budget.cost_micros:
        return f"${budget.cost_micros / 1e6:.4f}"
    if budget.seconds is not None and workflow.time() - progress.started >= budget.seconds:
        return f"{budget.seconds:g} seconds"
    return None


def _extend_budget(progress: RunProgress, granted: Grant | None) -> Budget:
    """Extend by the initial budget, or by what the person granted instead."""
    first, now = progress.spec.budget, progress.budget
    more = granted or Grant()
    passed = workflow.time() - progress.started  # including the wait for the person
    seconds = _add_limit(now.seconds, more.seconds or first.seconds)
    return Budget(
        turns=_add_limit(now.turns, more.turns or first.turns),
        tokens=_add_limit(now.tokens, more.tokens or first.tokens),
        cost_micros=_add_limit(now.cost_micros, more.cost_micros or first.cost_micros),
        seconds=None if seconds is None else max(seconds, passed + 1),
        ask=now.ask,
    )


N = TypeVar("N", int, float)


def _add_limit(limit: N | None, more: N | None) -> N | None:
    return None if limit is None or more is None else limit + more
