"""Budgets: looked at before each model call, so that a run stops between two steps."""

from __future__ import annotations

from temporalio import workflow

from harness.contracts.run import Budget, Pending
from harness_workflows import waits
from harness_workflows.memory import Memory

PENDING_ID = "budget"


async def within_budget(memory: Memory) -> str | None:
    """None when the run may go on, else which budget it reached."""
    while (reached := _reached(memory)) is not None:
        if not memory.budget.ask:
            return reached
        pending = Pending(
            id=PENDING_ID,
            need="budget",
            turn=memory.turn,
            question=f"The budget of {reached} is used up. Approve to grant as much again.",
            since=workflow.time(),
        )
        decide = await waits.decision(memory, pending)
        if decide is None:
            return None  # aborted
        if decide.verdict == "reject":
            return reached
        memory.budget = _extended(memory, decide.arguments)
    return None


def _reached(memory: Memory) -> str | None:
    budget, totals = memory.budget, memory.totals
    spent = totals.cost_micros or 0
    if budget.turns is not None and totals.turns >= budget.turns:
        return f"{budget.turns} turns"
    if budget.tokens is not None and totals.usage.total >= budget.tokens:
        return f"{budget.tokens} tokens"
    if budget.cost_micros is not None and spent >= budget.cost_micros:
        return f"${budget.cost_micros / 1e6:.4f}"
    if budget.seconds is not None and workflow.time() - memory.started >= budget.seconds:
        return f"{budget.seconds:g} seconds"
    return None


def _extended(memory: Memory, granted: dict[str, object] | None) -> Budget:
    """As much again as the run started with, or what the person granted instead."""
    first = memory.spec.budget
    changes: dict[str, float] = {}
    for name in ("turns", "tokens", "cost_micros", "seconds"):
        limit, more = getattr(memory.budget, name), getattr(first, name)
        if granted and isinstance(amount := granted.get(name), int | float):
            more = amount
        if limit is not None and more is not None:
            changes[name] = limit + more
    if "seconds" in changes:  # time went on while the person was asked
        changes["seconds"] = max(changes["seconds"], workflow.time() - memory.started + 1)
    return memory.budget.model_copy(update=changes)
