"""The loop of a run: ask the model, run the tools it asks for, until there is an answer."""

from __future__ import annotations

import asyncio

from temporalio import exceptions, workflow
from temporalio.exceptions import ActivityError, ApplicationError, is_cancelled_exception

from harness.contracts.errors import (
    CATALOG,
    HarnessError,
    ProviderError,
    RunError,
    by_code,
)
from harness.contracts.message import ToolCall, user
from harness.contracts.model import CallModel, ModelTurn
from harness.contracts.run import Pending
from harness_workflows.run import card, waits
from harness_workflows.run.budgets import within_budget
from harness_workflows.run.calls import start_model
from harness_workflows.run.progress import Memory
from harness_workflows.run.tools import run_calls

TRANSCRIPT_MISSING = "store.transcript_missing"
MISSING = frozenset({TRANSCRIPT_MISSING, "store.artifact_missing"})
"""What the run was told to use is not in the database: an older copy may have been put back."""


async def converse(memory: Memory) -> ModelTurn | None:
    """The final reply; None when the run was aborted first."""
    if memory.calls:  # the history before this one ended in the middle of them
        await _run_calls(memory, memory.calls)
    while await _may_go_on(memory):
        reply = await _turn(memory)
        if reply is None or reply.interrupted:
            continue
        if reply.message.calls:
            await _run_calls(memory, reply.message.calls)
        elif reply.invalid:
            memory.mends += 1
            memory.messages.append(user(reply.invalid, origin="mend"))
            _check_mends(memory, "answers", "invalid_output")
        elif not memory.hints:  # a hint that came during the last call deserves another
            return reply
    return None


async def _run_calls(memory: Memory, calls: tuple[ToolCall, ...]) -> None:
    await run_calls(memory, calls)
    _check_mends(memory, "tool calls", "mend_limit")


async def _may_go_on(memory: Memory) -> bool:
    """The boundary between two steps: pauses, aborts, budgets and fresh histories happen here."""
    await waits.unpaused(memory)
    if workflow.info().is_continue_as_new_suggested() and memory.aborted is None:
        raise waits.FreshHistory
    reached = await within_budget(memory)
    if memory.aborted is None and reached is not None:
        raise RunError("budget", f"the run reached its budget of {reached}")
    return memory.aborted is None


async def _turn(memory: Memory) -> ModelTurn | None:
    """One model call with everything that is new; None when it was cancelled before it began."""
    memory.turn += 1
    memory.totals = memory.totals.plus(turns=1)
    memory.take_hints()
    head, messages = memory.head, tuple(memory.messages)
    request = CallModel(
        spec=memory.spec.spec,
        head=head,
        messages=messages,
        turn=memory.turn,
        model=memory.spec.fixed_model,
        salt=memory.spec.salt,
        started=memory.proof(),
    )
    reply: ModelTurn | None = None
    while reply is None and memory.aborted is None:
        try:
            reply = await _answer(memory, request)
        except HarnessError as error:
            if error.code == TRANSCRIPT_MISSING and memory.sent:
                head, messages = memory.resend(messages)
                changes = {"head": head, "messages": messages, "call": 1}
                request = request.model_copy(update=changes)
            elif not await _brought_back(memory, error):
                raise
        else:
            break  # an interrupted call has no reply, and is not repeated
    if reply is not None:
        memory.took(reply, messages)
    return reply


async def _brought_back(memory: Memory, error: HarnessError) -> bool:
    """Wait for a person who restores what is missing. Failing would be for good, and in a what-if
    nobody is asked."""
    if error.code not in MISSING or memory.spec.playback is not None:
        return False
    if not workflow.patched("wait-for-store"):
        return False
    pending = Pending(
        id="store",
        need="store",
        turn=memory.turn,
        question=f"{error.message} Restore the matching copy of the database, then approve to "
        "check again, or reject to let the run fail.",
        since=workflow.time(),
    )
    decide = await waits.decision(memory, pending)
    return decide is None or decide.verdict == "approve"


async def _answer(memory: Memory, request: CallModel) -> ModelTurn | None:
    card.show(memory, f"asking {memory.spec.model}")
    memory.model_call = start_model(memory.spec, request)
    reply: ModelTurn | None = None
    try:
        reply = await memory.model_call
    except (asyncio.CancelledError, ActivityError) as error:
        if not is_cancelled_exception(error):
            raise failure(error) from None
    memory.model_call = None
    waits.notice_cancel(memory)
    return reply


def _check_mends(memory: Memory, what: str, category: str) -> None:
    if memory.mends > memory.spec.limits.mends:
        raise RunError(category, f"the model made {memory.mends} invalid {what} in a row")


def failure(error: BaseException) -> HarnessError:
    """What an activity's failure says, in our words."""
    cause = error.cause if isinstance(error, ActivityError) else error
    if isinstance(cause, ApplicationError) and cause.type in CATALOG:
        return by_code(cause.type, cause.message)
    if isinstance(cause, exceptions.TimeoutError):
        return ProviderError("timeout", f"a call ran out of time: {cause.message}")
    return RunError("failed", f"a call failed: {cause or error}")
