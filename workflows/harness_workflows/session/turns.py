"""Answer a message: prepare a run, start it as a child, and wait until it has ended."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from pydantic import ValidationError
from temporalio import workflow
from temporalio.common import (
    RawValue,
    RetryPolicy,
    SearchAttributeKey,
    SearchAttributePair,
    TypedSearchAttributes,
    WorkflowIDReusePolicy,
)
from temporalio.exceptions import (
    ActivityError,
    ApplicationError,
    CancelledError,
    ChildWorkflowError,
    WorkflowAlreadyStartedError,
)

from harness.contracts.run import WORKFLOW, RunEnd
from harness.contracts.steering import Abort, Hint
from harness.conversations.contracts import (
    PREPARE,
    PreparedTurn,
    ProjectCard,
    ProjectTurn,
    TurnState,
)
from harness_workflows.run.failures import map_failure
from harness_workflows.session.inbox import Inbox, OpenTurn, TurnEnd

Child = workflow.ChildWorkflowHandle[Any, Any]

LABEL = 120
PATIENCE = RetryPolicy(
    initial_interval=timedelta(milliseconds=500), maximum_interval=timedelta(seconds=30)
)
"""No limit of attempts: a message waits as long as the database is away."""
STEP_LIMIT = timedelta(seconds=60)
HEARTBEAT = timedelta(seconds=5)
ENDED: dict[str, TurnState] = {"completed": "completed", "failed": "failed", "aborted": "aborted"}


async def answer_message(inbox: Inbox) -> int | None:
    """Answer the first message that waits. Returns the number of its run; None if it has none."""
    turn = inbox.begin_turn()
    try:
        child = await _start_run(inbox, turn)
    except ActivityError as error:
        inbox.end_turn(turn, TurnEnd("failed", error=map_failure(error).info))
        return None
    if child is None:
        inbox.end_turn(turn, TurnEnd("rolled_back"))
        return None
    await _steer(inbox, turn, child)
    inbox.end_turn(turn, await _read_end(child))
    return turn.number


async def project(request: ProjectCard | ProjectTurn) -> None:
    """Write rows about the conversation."""
    name = "project_turn" if isinstance(request, ProjectTurn) else "project_card"
    await workflow.execute_activity(
        name,
        request,
        start_to_close_timeout=STEP_LIMIT,
        heartbeat_timeout=HEARTBEAT,
        retry_policy=PATIENCE,
        summary="keep the list of conversations up to date",
    )


async def _start_run(inbox: Inbox, turn: OpenTurn) -> Child | None:
    """Start the run; None if a later message took its place before."""
    while True:
        prepared = await workflow.execute_activity(
            PREPARE,
            inbox.request(turn),
            start_to_close_timeout=STEP_LIMIT,
            heartbeat_timeout=HEARTBEAT,
            retry_policy=PATIENCE,
            summary=f"prepare the answer to {turn.message.id}"[:LABEL],
            result_type=PreparedTurn,
        )
        if turn.dropped:
            return None
        try:
            child = await _start_child(prepared)
        except WorkflowAlreadyStartedError:  # by somebody who uses the same session
            inbox.skip(prepared.number)
            continue
        inbox.note_started(turn, prepared)
        return child


async def _start_child(prepared: PreparedTurn) -> Child:
    pairs = [
        SearchAttributePair(SearchAttributeKey.for_keyword(name), value)
        for name, value in prepared.attributes.items()
    ]
    return await workflow.start_child_workflow(
        WORKFLOW,
        prepared.spec,
        id=prepared.run,
        task_queue=prepared.queue,
        parent_close_policy=workflow.ParentClosePolicy.ABANDON,
        id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
        search_attributes=TypedSearchAttributes(pairs),
        memo=prepared.memo,
        static_summary=prepared.summary,
        static_details=prepared.details,
        # Raw: whatever a run ends with must not stop the inbox.
        result_type=RawValue,
    )


async def _steer(inbox: Inbox, turn: OpenTurn, child: Child) -> None:
    """Send the run what comes in for it, until it has ended."""
    await workflow.wait_condition(lambda: child.done() or turn.dropped or bool(turn.hints))
    while not child.done() and not turn.dropped:
        message = turn.hints.popleft()
        interrupt = (message.policy or inbox.card.policy) == "interrupt"
        hint = Hint(text=message.text, interrupt=interrupt, by=message.by)
        if await _signal(child, "hint", hint):
            turn.sent.append(message)
        else:
            inbox.requeue_hint(message)
        await workflow.wait_condition(lambda: child.done() or turn.dropped or bool(turn.hints))
    if not child.done():
        by = inbox.queue[0].by if inbox.queue else None  # of the message that replaces it
        await _signal(child, "abort", Abort(reason="rolled back", undo=True, by=by))


async def _signal(child: Child, name: str, value: Abort | Hint) -> bool:
    """Signal the run; False if it has ended."""
    try:
        await child.signal(name, value)
    except ApplicationError:
        return False
    return True


async def _read_end(child: Child) -> TurnEnd:
    """How the run ended, as far as it says so."""
    try:
        result = await child
    except ChildWorkflowError as error:
        if isinstance(error.cause, CancelledError):
            return TurnEnd("aborted")
        end = _read_details(error.cause)
        info = map_failure(error.cause or error).info
        return TurnEnd("failed", head=end and end.head, error=info, unread=_count_unread(end))
    try:
        end = RunEnd.model_validate_json(result.payload.data)
    except ValidationError:
        return TurnEnd("completed")
    return TurnEnd(ENDED.get(end.state.value, "failed"), end.head, end.error, _count_unread(end))


def _read_details(cause: BaseException | None) -> RunEnd | None:
    """What a run that failed says of itself."""
    details = cause.details if isinstance(cause, ApplicationError) else ()
    try:
        return RunEnd.model_validate(details[0]) if details else None
    except ValidationError:
        return None


def _count_unread(end: RunEnd | None) -> int:
    return (end and end.unread) or 0
