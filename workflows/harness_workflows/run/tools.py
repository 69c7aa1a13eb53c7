"""Run the tool calls of one reply, in parallel or one by one, with approval where required."""

from __future__ import annotations

import asyncio

from temporalio import workflow
from temporalio.exceptions import ApplicationError, FailureError, is_cancelled_exception

from harness.contracts.base import Flag
from harness.contracts.errors import (
    REFUSALS,
    InvalidToolArguments,
    SubagentRefused,
    UnknownTool,
    rebuild_error,
)
from harness.contracts.message import ToolCall, ToolResult, call_ordinals, tool_results
from harness.contracts.ruling import Decider
from harness.contracts.run import Held, Pending
from harness.contracts.steering import Decide
from harness.contracts.subagent import MAX_CHILDREN
from harness.contracts.tool import RunTool, ToolOutcome, ToolPolicy
from harness.contracts.verdicts import refusal_text
from harness_workflows.run import card, waits
from harness_workflows.run.calls import READ, start_tool
from harness_workflows.run.children import add_left, rejoin_child, run_child
from harness_workflows.run.failures import get_cause, is_call_failure
from harness_workflows.run.progress import RunProgress

MENDABLE = frozenset({UnknownTool.code, InvalidToolArguments.code})
"""Failures that are the model's own mistakes, which it can correct."""


async def run_calls(progress: RunProgress, calls: tuple[ToolCall, ...]) -> None:
    """Run the calls and add their results to the messages that the model reads next."""
    if not progress.calls:
        progress.calls, progress.invalid = calls, False
    ordinals = call_ordinals(calls)
    if progress.spec.parallel and all(_policy_of(progress, call).parallel for call in calls):
        pairs = zip(calls, ordinals, strict=True)
        tasks = [asyncio.create_task(_run_call(progress, call, ordinal)) for call, ordinal in pairs]
        await _wait_for_all(progress, tasks)
    else:
        for call, ordinal in zip(calls, ordinals, strict=True):
            await _run_call(progress, call, ordinal)
    # Counted per reply: otherwise one valid call beside an invalid one would always reset it.
    progress.mends = progress.mends + 1 if progress.invalid else 0
    settle_calls(progress)


async def _wait_for_all(progress: RunProgress, tasks: list[asyncio.Task[None]]) -> None:
    """Wait for all of them. `gather` would end the run immediately when it is cancelled."""
    while not all(task.done() for task in tasks):
        try:
            await workflow.wait(tasks)
        except asyncio.CancelledError:
            waits.notice_cancel(progress)
    for task in tasks:
        task.result()


def settle_calls(progress: RunProgress) -> None:
    """Answer the open calls, in their order. Every call gets a result, even if the run ends first:
    all providers refuse a transcript with an unanswered call."""
    if not progress.calls:
        return
    why = "not run: the run ended" + (f" ({progress.aborted})" if progress.aborted else "")
    results = [progress.results.get(call.id) or _error_result(call, why) for call in progress.calls]
    progress.messages.append(tool_results(tuple(results)))
    progress.calls = ()
    progress.results.clear()


async def _run_call(progress: RunProgress, call: ToolCall, ordinal: int | None) -> None:
    if call.id in progress.results:
        return
    result = await _call_until_settled(progress, call, ordinal)
    if result is not None:
        progress.results[call.id] = result


async def _call_until_settled(
    progress: RunProgress, call: ToolCall, ordinal: int | None
) -> ToolResult | None:
    """Return the result of a call; None if the run is aborted first."""
    held, child = progress.held.get(call.id), progress.children.get(call.id)
    known = held or child
    if known is None:
        progress.totals = progress.totals.plus(tool_calls=1)
    request = known.request if known else _build_request(progress, call, ordinal)
    asked: Held | None = None
    while progress.aborted is None:
        if child is not None:
            ended, child = await rejoin_child(progress, child), None
            if ended is None:
                break
            request = ended
        if held is None:
            held = await _try_call(progress, request, asked)
        if held.outcome.child is not None:
            ended = await run_child(progress, held.request, held.outcome.child)
            if ended is None:
                break
            request, held = ended, None
            continue
        if held.outcome.need is None:
            return _take_result(progress, call, held)
        progress.held[call.id] = held
        decide = await waits.wait_for_decision(progress, _build_pending(progress, held))
        del progress.held[call.id]
        if decide is None and progress.aborted is not None:
            break
        settled = _apply_decision(
            held.request, held.outcome, decide, policed=progress.spec.policed is True
        )
        if isinstance(settled, ToolResult):
            return settled
        if asked is None or held.request is not asked.request:  # a new question
            asked = held
        request, held = settled, None
    return None


def _build_request(progress: RunProgress, call: ToolCall, ordinal: int | None) -> RunTool:
    return RunTool(
        call=call,
        turn=progress.turn,
        origin=None if progress.origin == workflow.info().run_id else progress.origin,
        ordinal=ordinal,
        workspace=progress.spec.workspace,
        salt=progress.spec.salt,
        asks=_may_ask(progress, call),
        playback=progress.spec.playback,
        nth=progress.count_repeat(call),
        signature=progress.signatures.get(call.id),
        pin=progress.spec.tools.get(call.name, READ).pin,
        cost_micros=progress.totals.cost_micros or None if progress.spec.policed else None,
    )


async def _try_call(progress: RunProgress, request: RunTool, asked: Held | None) -> Held:
    """Try the call and return it with its outcome."""
    if _policy_of(progress, request.call).subagent is not None and request.ended is None:
        if progress.started_children >= MAX_CHILDREN:
            return _refuse_child(request)
        request = add_left(progress, request)
    card.show_doing(progress, f"running {request.call.name}")
    outcome = await _run_activity(progress, request)
    if request.edited and _is_misfit(outcome):
        request, outcome = _ask_again(request, outcome, asked)
    return Held(request=request, outcome=outcome, since=workflow.time())


def _refuse_child(request: RunTool) -> Held:
    words = f"{request.call.name} was not called: this run has started {MAX_CHILDREN} others."
    refused = SubagentRefused(words)
    outcome = ToolOutcome(result=_error_result(request.call, words), failure=refused.info)
    return Held(request=request, outcome=outcome, since=workflow.time())


def _take_result(progress: RunProgress, call: ToolCall, held: Held) -> ToolResult:
    outcome = held.outcome
    if outcome.handover and progress.handover is not None:
        return _error_result(call, "not handed over: another call of this reply already does that")
    if outcome.handover:  # once all calls of this reply are settled
        progress.handover = held.request
    if outcome.failure and outcome.failure.code in MENDABLE:
        progress.invalid = True
    return outcome.result or _error_result(call, "the tool returned nothing")


def are_edits_merged() -> bool:
    """Whether an edit changes only the arguments that it names. In runs recorded before this patch
    it replaced all of them."""
    return workflow.patched("edits-merge")


def _ask_again(
    request: RunTool, outcome: ToolOutcome, asked: Held | None
) -> tuple[RunTool, ToolOutcome]:
    """Ask the same question again, with the reason why the edit does not fit."""
    why = f"The edit does not fit. {_failure_message(outcome)}"
    if asked is None or not are_edits_merged():
        return request, ToolOutcome(need="approval", reason=why)
    reason = (
        f"{why} The arguments are again those that were asked for. {asked.outcome.reason or ''}"
    )
    return asked.request, asked.outcome.model_copy(update={"reason": reason.strip()})


def _is_misfit(outcome: ToolOutcome) -> bool:
    return outcome.failure is not None and outcome.failure.code == InvalidToolArguments.code


def _failure_message(outcome: ToolOutcome) -> str:
    return outcome.failure.message if outcome.failure else ""


async def _run_activity(progress: RunProgress, request: RunTool) -> ToolOutcome:
    handle = start_tool(progress.spec, request)
    progress.tool_calls.append(handle)
    failure: BaseException | None = None
    outcome: ToolOutcome | None = None
    try:
        outcome = await handle
    except (asyncio.CancelledError, FailureError) as error:
        if not is_call_failure(error):
            raise
        failure = error
    progress.tool_calls.remove(handle)
    waits.notice_cancel(progress)
    if outcome is not None:
        return outcome
    if failure is None or is_cancelled_exception(failure):
        return ToolOutcome(result=_error_result(request.call, f"cancelled: {progress.aborted}"))
    cause = get_cause(failure)
    known = (
        rebuild_error(cause.type, cause.message) if isinstance(cause, ApplicationError) else None
    )
    if isinstance(known, REFUSALS):
        raise known  # nothing ran, and the model cannot correct it
    if request.asks and progress.aborted is None:
        # Temporal timed it out midway. If the model read that it failed, it would call again.
        return ToolOutcome(need="outcome", reason=_describe_unfinished(request.call.name, cause))
    return ToolOutcome(result=_error_result(request.call, f"{request.call.name} failed: {cause}"))


def _describe_unfinished(tool: str, cause: object) -> str:
    if not workflow.patched("unfinished-reworded"):  # recorded memos have this text
        return f"{tool} came to no end: {cause}. It may have happened. Approve to look again."
    return f"{tool} did not finish: {cause}. It may have happened. Approve to check again."


def _apply_decision(
    request: RunTool, outcome: ToolOutcome, decide: Decide | None, *, policed: bool
) -> RunTool | ToolResult:
    """Return the next request, or a result if the decision itself is one."""
    call = request.call
    if decide is None:  # a worker applies what the rule says about this
        return request.model_copy(update={"decider": Decider(lapsed=_find_lapse(outcome))})
    if decide.verdict == "answer" and outcome.need == "outcome":
        # Through the ledger, so that it records what the person knows.
        return request.model_copy(
            update={"approved": True, "again": outcome.attempt, "happened": decide.answer or ""}
        )
    if decide.verdict == "answer":
        return ToolResult(call=call.id, name=call.name, content=decide.answer or "")
    if decide.verdict == "reject":
        unknown = outcome.need == "outcome" and not workflow.patched("unknown-rejected")
        return _error_result(
            call, refusal_text("approval" if unknown else outcome.need, decide.note)
        )
    return allow_call(request, outcome, decide, policed=policed)


def _find_lapse(outcome: ToolOutcome) -> str:
    """What the rule says happens when nobody decides. A worker decides; readers show it."""
    return (outcome.ruling and outcome.ruling.then) or "deny"


def allow_call(request: RunTool, outcome: ToolOutcome, decide: Decide, *, policed: bool) -> RunTool:
    """Return the call as a person allows it: unchanged, or edited."""
    changes: dict[str, object] = {
        "approved": True, "note": decide.note, "again": outcome.attempt,
    }  # fmt: skip
    if outcome.pin is not None:
        changes["pin"] = outcome.pin
    if outcome.ruling is not None or (policed and decide.verdict == "edit"):
        changes["decider"] = Decider(by=decide.by, role=decide.role, remember=decide.remember)
    if asked := [each.gate for each in outcome.gates or () if each.verdict == "ask"]:
        changes["overruled"] = (*(request.overruled or ()), *asked)
    if decide.verdict == "edit":
        edited = request.call.model_copy(update={"arguments": decide.arguments})
        asked = outcome.asked or request.asked
        changes |= {"call": edited, "edited": True, "asked": asked}
    return request.model_copy(update=changes)


def _build_pending(progress: RunProgress, held: Held) -> Pending:
    call, outcome = held.request.call, held.outcome
    return Pending(
        id=call.id,
        need=outcome.need or "approval",
        turn=progress.turn,
        tool=call.name,
        arguments=call.arguments if isinstance(call.arguments, dict) else None,
        effect=_policy_of(progress, call).effect,
        question=outcome.reason or f"May {call.name} run?",
        since=held.since,
        ruling=outcome.ruling,
        until=_find_deadline(held),
    )


def _policy_of(progress: RunProgress, call: ToolCall) -> ToolPolicy:
    return progress.spec.tools.get(call.name, READ)


def _find_deadline(held: Held) -> float | None:
    """When the time to decide passes, also if the wait continues in a fresh history."""
    ruling = held.outcome.ruling
    return None if ruling is None or ruling.wait_s is None else held.since + ruling.wait_s


def _may_ask(progress: RunProgress, call: ToolCall) -> Flag:
    acts = progress.spec.playback is None and _policy_of(progress, call).acts
    return True if progress.spec.asks and acts else None


def _error_result(call: ToolCall, content: str) -> ToolResult:
    return ToolResult(call=call.id, name=call.name, content=content, error=True)
