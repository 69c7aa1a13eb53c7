"""Check budgets before each model call, so that a run stops between two steps.

A worker checks those that are shared; this asks a person when one is used up.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TypeVar

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError

from harness.budgets.contracts import GRANT, GrantShared
from harness.contracts.errors import BudgetReached, HarnessError, SharedBudgetReached
from harness.contracts.message import user_message
from harness.contracts.model import CallModel
from harness.contracts.run import Budget, Pending
from harness.contracts.steering import Decide, Grant, read_grant
from harness_workflows.run import waits
from harness_workflows.run.failures import map_failure
from harness_workflows.run.progress import RunProgress

PENDING_ID = "budget"
FINISH = (
    "The budget of this task is used up: {reached}. This is your last turn, and you have no tools. "
    "Sum up briefly what you have found and done, and what is still to do."
)
ADVICE = (
    "Approve to grant as much again. Of a budget in the settings only an admin grants more, with "
    "`harness budgets grant`; this run then goes on."
)
"""For failures in histories that older workers recorded: their message has no advice."""
GRANT_LIMIT = timedelta(seconds=60)
GRANT_RETRIES = RetryPolicy(maximum_attempts=20, maximum_interval=timedelta(seconds=30))


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
        if decide.verdict == "answer":
            start_finishing(progress, reached)
            return None
        progress.budget = _extend_budget(progress, read_grant(decide.arguments))
    return None


async def ask_for_shared_budget(progress: RunProgress, error: HarnessError) -> bool:
    """Ask a person about a shared budget that a worker found used up. Returns whether the call is
    to be repeated, perhaps as the last one. A what-if asks no person."""
    if not isinstance(error, SharedBudgetReached) or not workflow.patched("shared-budget"):
        return False
    reached, _, advice = error.message.partition("\n")
    if progress.finishing is not None or progress.spec.playback is not None:
        raise BudgetReached(reached)
    progress.model_call = None
    progress.recheck = True
    pending = Pending(
        id=PENDING_ID,
        need="budget",
        turn=progress.turn,
        question=f"{reached} {advice or ADVICE}",
        since=workflow.time(),
    )
    decide = await waits.wait_for_decision(progress, pending)
    progress.recheck = False
    if decide is None:
        return True  # aborted
    if decide.verdict == "reject":
        raise BudgetReached(f"a shared budget was reached: {reached}")
    if decide.verdict == "answer":
        start_finishing(progress, reached)
    else:
        await _grant_shared(progress, decide)
    return True


def start_finishing(progress: RunProgress, reached: str) -> None:
    """Make the next turn the last one."""
    progress.finishing = reached
    text = FINISH.format(reached=reached.rstrip("."))
    progress.messages.append(user_message(text, origin="budget"))


def mark_last(progress: RunProgress, request: CallModel) -> CallModel:
    """Return the request as that of the run's last turn, if it is."""
    if progress.finishing is None or request.finish:
        return request
    return request.model_copy(update={"messages": tuple(progress.messages), "finish": True})


async def _grant_shared(progress: RunProgress, decide: Decide) -> None:
    """Have a worker grant more, unless another run's decision already did."""
    grant = GrantShared(
        turn=progress.turn,
        more=read_grant(decide.arguments) if decide.verdict == "edit" else None,
        by=decide.by,
    )
    try:
        await workflow.execute_activity(
            GRANT,
            grant,
            start_to_close_timeout=GRANT_LIMIT,
            retry_policy=GRANT_RETRIES,
            summary="grant more of a shared budget",
        )
    except ActivityError as error:
        raise map_failure(error) from None


def _find_reached(progress: RunProgress) -> str | None:
    if progress.finishing is not None:
        return None
    budget, totals = progress.budget, progress.totals
    spent = totals.cost_micros or 0
    if budget.turns is not None and totals.turns >= budget.turns:
        return f"{budget.turns} turns"
    if budget.shared is not None:
        return None  # a worker counts what the account has left
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
        shared=now.shared,
        turns=_add_limit(now.turns, more.turns or first.turns),
        tokens=_add_limit(now.tokens, more.tokens or first.tokens),
        cost_micros=_add_limit(now.cost_micros, more.cost_micros or first.cost_micros),
        seconds=None if seconds is None else max(seconds, passed + 1),
        ask=now.ask,
    )


N = TypeVar("N", int, float)


def _add_limit(limit: N | None, more: N | None) -> N | None:
    return None if limit is None or more is None else limit + more
