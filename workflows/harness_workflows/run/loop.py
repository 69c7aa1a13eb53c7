"""The loop of a run: call the model and run the tools it calls, until there is an answer."""

from __future__ import annotations

import asyncio

from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception

from harness.contracts.errors import (
    ArtifactMissing,
    BudgetReached,
    HarnessError,
    InvalidOutput,
    MendLimitReached,
    RunError,
    TranscriptMissing,
)
from harness.contracts.message import ToolCall, user_message
from harness.contracts.model import CallModel, ModelTurn
from harness.contracts.run import Pending
from harness_workflows.run import card, waits
from harness_workflows.run.budgets import ask_for_shared_budget, find_spent_budget, mark_last
from harness_workflows.run.calls import start_model
from harness_workflows.run.compaction import compact_context
from harness_workflows.run.failures import map_failure
from harness_workflows.run.functions import insert_instructions, validate_reply
from harness_workflows.run.handover import hand_over, is_handed_over
from harness_workflows.run.memories import insert_memories
from harness_workflows.run.progress import RunProgress
from harness_workflows.run.tools import run_calls

MISSING = (TranscriptMissing, ArtifactMissing)
"""Something the run needs is not in the database: an older copy may have been restored."""


async def run_loop(progress: RunProgress) -> ModelTurn | None:
    """Run to the final reply; None if the run was aborted first, or handed its conversation
    over."""
    await insert_memories(progress)
    await insert_instructions(progress)
    if progress.calls:  # the previous history ended before they were complete
        await _run_calls(progress, progress.calls)
    while is_handed_over(progress) or await _can_continue(progress):
        if progress.handover is not None and progress.finishing is None:
            return await hand_over(progress, progress.handover)
        if await compact_context(progress):
            continue
        reply = await _take_turn(progress)
        if progress.finishing is not None and reply is not None and not reply.interrupted:
            return _finish(progress, reply)
        if reply is not None and not reply.interrupted:
            reply = await validate_reply(progress, reply)
        if reply is None or reply.interrupted:
            continue
        if reply.message.calls:
            await _run_calls(progress, reply.message.calls)
        elif reply.invalid:
            progress.mends += 1
            progress.messages.append(user_message(reply.invalid, origin="mend"))
            _check_mends(progress, "answers", InvalidOutput)
        elif not progress.hints:  # a hint that arrived during the last call needs another one
            return reply
    return None


def _finish(progress: RunProgress, reply: ModelTurn) -> ModelTurn:
    """Return the reply of a run's last turn. An agent with an output type promises more than a
    summary: unless the reply fits, its run fails, with the text as far as it got."""
    if reply.invalid or reply.message.calls:
        raise BudgetReached(f"the run reached its budget: {progress.finishing}")
    return reply


async def _run_calls(progress: RunProgress, calls: tuple[ToolCall, ...]) -> None:
    await run_calls(progress, calls)
    _check_mends(progress, "tool calls", MendLimitReached)


async def _can_continue(progress: RunProgress) -> bool:
    """Handle pauses, aborts, budgets and fresh histories between two steps."""
    await waits.wait_while_paused(progress)
    if workflow.info().is_continue_as_new_suggested() and progress.aborted is None:
        raise waits.FreshHistory
    reached = await find_spent_budget(progress)
    if progress.aborted is None and reached is not None:
        raise BudgetReached(f"the run reached its budget of {reached}")
    return progress.aborted is None


async def _take_turn(progress: RunProgress) -> ModelTurn | None:
    """Call the model with all new messages; None if it was cancelled before it began."""
    progress.turn += 1
    progress.totals = progress.totals.plus(turns=1)
    progress.take_hints()
    head, messages = progress.head, tuple(progress.messages)
    request = CallModel(
        spec=progress.spec.spec,
        head=head,
        messages=messages,
        turn=progress.turn,
        model=progress.spec.fixed_model,
        salt=progress.spec.salt,
        scale=progress.scale,
        started=progress.get_proof_of_start(),
    )
    request = mark_last(progress, request)
    reply: ModelTurn | None = None
    while reply is None and progress.aborted is None:
        try:
            reply = await _call_model(progress, request)
        except HarnessError as error:
            if isinstance(error, TranscriptMissing) and progress.sent:
                head, messages = progress.requeue_unsaved(messages)
                changes = {"head": head, "messages": messages, "call": _next_call(request)}
                request = request.model_copy(update=changes)
            elif await ask_for_shared_budget(progress, error):
                request = mark_last(progress, request)
                request = request.model_copy(update={"call": _next_call(request)})
                messages = request.messages
            elif not await _wait_for_restore(progress, error):
                raise
        else:
            break  # an interrupted call has no reply, and is not repeated
    if reply is not None:
        progress.add_reply(reply, messages)
    return reply


def _next_call(request: CallModel) -> int:
    """The number of the call that repeats this one."""
    return (request.call or 0) + 1


async def _wait_for_restore(progress: RunProgress, error: HarnessError) -> bool:
    """Wait for a person to restore what is missing, because a failed run cannot be resumed. False
    in a what-if, which asks no person."""
    if not isinstance(error, MISSING) or progress.spec.playback is not None:
        return False
    if not workflow.patched("wait-for-store"):
        return False
    pending = Pending(
        id="store",
        need="store",
        turn=progress.turn,
        question=f"{error.message} Restore the matching copy of the database, then approve to "
        "check again, or reject to let the run fail.",
        since=workflow.time(),
    )
    decide = await waits.wait_for_decision(progress, pending)
    return decide is None or decide.verdict == "approve"


async def _call_model(progress: RunProgress, request: CallModel) -> ModelTurn | None:
    card.show_doing(progress, f"asking {progress.spec.model}")
    progress.model_call = start_model(progress.spec, request)
    reply: ModelTurn | None = None
    try:
        reply = await progress.model_call
    except (asyncio.CancelledError, ActivityError) as error:
        if not is_cancelled_exception(error):
            raise map_failure(error) from None
    progress.model_call = None
    waits.notice_cancel(progress)
    return reply


def _check_mends(progress: RunProgress, what: str, kind: type[RunError]) -> None:
    if progress.mends > progress.spec.limits.mends:
        raise kind(f"the model made {progress.mends} invalid {what} in a row")
