"""Which decision fits what waits: the rules behind the `decide` update."""

from __future__ import annotations

from harness.contracts.errors import SteeringError
from harness.contracts.run import Pending
from harness.contracts.steering import EXAMPLES, Decide, read_grant
from harness.contracts.verdicts import MEANINGS, fits_digest, list_verdicts, short_digest
from harness_workflows.memory import Memory


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
    allowed = MEANINGS[pending.need]
    if decide.verdict not in allowed:
        raise SteeringError(
            "bad_payload",
            f"{decide.verdict!r} does not fit: {pending.id} takes {', '.join(allowed)} "
            f"({'; '.join(list_verdicts(pending.need))})",
        )
    if decide.digest is not None and not fits_digest(pending.asked, decide.digest):
        raise SteeringError(
            "changed",
            f"{pending.id} was not decided: digest {decide.digest} is of something else. What "
            f"waits now is {pending.tool or pending.need} with digest "
            f"{short_digest(pending.asked)}",
        )
    if pending.need == "budget":
        read_grant(decide.arguments)
    return decide, pending
