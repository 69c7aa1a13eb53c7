"""Match decisions to pending requests: the rules of the `decide` update."""

from __future__ import annotations

import asyncio

from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception

from harness.contracts.errors import InvalidSignal, NotDecider, NotPending, PendingChanged
from harness.contracts.ruling import describe_whom, fits_whom
from harness.contracts.run import Pending
from harness.contracts.steering import EXAMPLES, Decide, read_grant
from harness.contracts.verdicts import MEANINGS, fits_digest, list_verdicts, short_digest
from harness_workflows.run.calls import start_check
from harness_workflows.run.failures import map_failure
from harness_workflows.run.progress import RunProgress
from harness_workflows.run.tools import allow_call


def check_decision(progress: RunProgress, decide: Decide) -> tuple[Decide, Pending]:
    """Find what `decide` is about; raises SteeringError if it does not fit."""
    waiting = {id: p for id, p in progress.pending.items() if id not in progress.decided}
    if not waiting:
        raise NotPending("nothing waits for a decision")
    if decide.id is None and len(waiting) > 1:
        raise NotPending(f"say which: {', '.join(waiting)}. Example: {EXAMPLES['decide']}")
    pending = waiting.get(decide.id) if decide.id else next(iter(waiting.values()))
    if pending is None:
        raise NotPending(f"nothing waits under {decide.id!r}; what waits: {', '.join(waiting)}")
    verdicts = MEANINGS[pending.need]
    if decide.verdict not in verdicts:
        raise InvalidSignal(
            f"{decide.verdict!r} does not fit: {pending.id} takes {', '.join(verdicts)} "
            f"({'; '.join(list_verdicts(pending.need))})",
        )
    if decide.digest is not None and not fits_digest(pending.asked, decide.digest):
        raise PendingChanged(
            f"{pending.id} was not decided: digest {decide.digest} is of something else. What "
            f"waits now is {pending.tool or pending.need} with digest "
            f"{short_digest(pending.asked)}",
        )
    _check_decider(decide, pending)
    if pending.need == "budget":
        read_grant(decide.arguments)
    return decide, pending


def _check_decider(decide: Decide, pending: Pending) -> None:
    """Refuse a decision of someone whom the policy does not ask, or that it does not remember."""
    ruling = pending.ruling
    if ruling is not None and not fits_whom(ruling.whom, decide.by, decide.role):
        raise NotDecider(
            f"{pending.id} was not decided: rule {ruling.rule} asks {describe_whom(ruling.whom)}, "
            f"and this decision is of {decide.by or 'nobody'}"
        )
    if decide.remember is None:
        return
    if ruling is None or ruling.remembers is None or decide.verdict not in ("approve", "edit"):
        raise InvalidSignal(
            f"{pending.id} was not decided: only an approval can be remembered, of a call that a "
            "rule with remember = true asks about"
        )


def refuse_empty_edit(decide: Decide) -> None:
    """Refuse an edit that changes nothing: it would count as an approval."""
    if decide.verdict == "edit" and not decide.arguments and not decide.replace:
        raise InvalidSignal(
            "the edit names no argument to change. To call it as it is, approve it; to call it "
            'without arguments, send "replace": true',
        )


async def check_edit(progress: RunProgress, decide: Decide, pending: Pending) -> None:
    """Ask a worker whether the edited call fits the tool; raises SteeringError if not, or if
    another decision was made in the meantime."""
    if not workflow.patched("edits-checked"):  # a call that did not fit was presented again
        return
    held = progress.held[pending.id]
    handle = start_check(
        allow_call(held.request, held.outcome, decide, policed=progress.spec.policed is True)
    )
    progress.tool_calls.append(handle)  # an abort cancels it, a fresh history waits for it
    wrong: BaseException | None = None
    misfit = None
    try:
        misfit = (await handle).failure
    except (asyncio.CancelledError, ActivityError) as error:
        wrong = error
    progress.tool_calls.remove(handle)
    if misfit is not None:
        raise InvalidSignal(f"Nothing was decided. {misfit.message}")
    if wrong is not None and is_cancelled_exception(wrong):
        raise NotPending("the run was aborted while the edit was checked")
    if wrong is not None:
        raise map_failure(wrong)
    same = {"id": pending.id, "digest": short_digest(pending.asked)}
    check_decision(progress, decide.model_copy(update=same))
