"""Which decision fits what waits: the rules behind the `decide` update."""

from __future__ import annotations

from harness.contracts.errors import SteeringError
from harness.contracts.run import Pending
from harness.contracts.steering import EXAMPLES, Decide, Verdict, read_grant
from harness_workflows.memory import Memory

VERDICTS: dict[str, tuple[Verdict, ...]] = {
    "approval": ("approve", "reject", "edit"),
    "answer": ("answer", "reject"),
    # An unknown outcome: run it again, leave it, or say what had come of it.
    "outcome": ("approve", "reject", "answer", "edit"),
    "budget": ("approve", "reject", "edit"),
    "store": ("approve", "reject"),
}


def check(memory: Memory, decide: Decide) -> tuple[Decide, Pending]:
    """What `decide` is about; SteeringError where it does not fit."""
    waiting = {id: p for id, p in memory.pending.items() if id not in memory.decided}
    if not waiting:
        raise SteeringError("not_pending", "nothing waits for a decision")
    if decide.id is None and len(waiting) > 1:
        raise SteeringError(
            "not_pending", f"say which: {', '.join(waiting)}. A right one: {EXAMPLES['decide']}"
        )
    pending = waiting.get(decide.id) if decide.id else next(iter(waiting.values()))
    if pending is None:
        raise SteeringError(
            "not_pending", f"nothing waits under {decide.id!r}; what waits: {', '.join(waiting)}"
        )
    allowed = VERDICTS[pending.need]
    if decide.verdict not in allowed:
        raise SteeringError(
            "bad_payload",
            f"{decide.verdict!r} does not fit: {pending.id} takes {', '.join(allowed)}",
        )
    if pending.need == "budget":
        read_grant(decide.arguments)
    return decide, pending
