"""Hand the conversation over: another agent continues it in a run of its own, below this one, and
this run ends as that one ends."""

from __future__ import annotations

import asyncio
from functools import partial

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

from harness.contracts.errors import RunFailed, rebuild_error
from harness.contracts.run import OpenChild, RunEnd, RunState, Totals
from harness.contracts.steering import Hint, HintRoom, Pause, Resume
from harness.contracts.subagent import ChildStart
from harness.contracts.tool import RunTool
from harness_workflows.run import card
from harness_workflows.run.calls import start_tool
from harness_workflows.run.children import add_left, await_end, open_child
from harness_workflows.run.failures import map_failure
from harness_workflows.run.progress import RunProgress
from harness_workflows.run.saving import save_nodes


def is_handed_over(progress: RunProgress) -> bool:
    """Whether another agent's run continues the conversation already."""
    handover = progress.handover
    return handover is not None and handover.call.id in progress.children


async def hand_over(progress: RunProgress, request: RunTool) -> None:
    """Have the other agent continue, and note how that ended; raise the error if it failed."""
    if progress.spec.playback is not None:
        # A what-if starts no runs: it ends where the conversation was handed over.
        progress.handed = RunEnd(
            state=RunState.COMPLETED, output=progress.reply, totals=Totals(), head=progress.head
        )
        return
    child, start = progress.children.get(request.call.id), None
    if child is None:
        start = await _prepare(progress, request)
        child = await open_child(progress, request, start)
    if child is None:
        return
    progress.handed_to = child.run
    passing = asyncio.create_task(_pass_on(progress, child.run))
    try:
        end = await await_end(progress, child, start)
    except Exception:  # not when the worker evicts the run from memory
        passing.cancel()
        raise
    passing.cancel()
    if end is not None:
        _note_end(progress, child, end)


def _note_end(progress: RunProgress, child: OpenChild, end: RunEnd) -> None:
    progress.handed = end
    if end.state is RunState.FAILED:
        info = end.error
        error = info and rebuild_error(info.code, info.message)
        raise error or RunFailed(f"Run {child.run!r} failed, which had taken over.")
    if end.state is RunState.ABORTED and progress.aborted is None:
        progress.request_abort(end.reason or "aborted")


async def _prepare(progress: RunProgress, request: RunTool) -> ChildStart:
    """Save the conversation so far, and pin the run that continues it."""
    card.show_doing(progress, f"handing over: {request.call.name}")
    progress.take_hints()  # the other agent reads them
    messages = tuple(progress.messages)
    try:
        head = await save_nodes(progress, progress.head, messages)
        progress.head = progress.saved = head
        progress.sent.clear()
        progress.messages.clear()
        handed = request.model_copy(update={"handed": head})
        outcome = await start_tool(progress.spec, add_left(progress, handed))
    except ActivityError as error:
        raise map_failure(error) from None
    if outcome.child is not None:
        return outcome.child
    info = outcome.failure
    raise (info and rebuild_error(info.code, info.message)) or RunFailed(
        f"{request.call.name} was allowed, and then started no run."
    )


async def _pass_on(progress: RunProgress, run: str) -> None:
    """Pass on what people send to this run: the other one is where it has an effect."""
    other, paused = workflow.get_external_workflow_handle(run), False
    try:
        while True:
            await workflow.wait_condition(partial(_has_news, progress, paused=paused))
            if progress.paused is not paused:
                paused = progress.paused
                signal = Pause(by=progress.by) if paused else Resume()
                await other.signal("pause" if paused else "resume", signal)
            if progress.hints:
                await other.signal("hint", Hint(text=progress.hints[0]))
                del progress.hints[0]
                progress.room = HintRoom()
    except ApplicationError:
        return  # it has ended: what is left is reported as unread


def _has_news(progress: RunProgress, *, paused: bool) -> bool:
    return bool(progress.hints) or progress.paused is not paused
