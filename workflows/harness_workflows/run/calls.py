"""Call the activities of a run: options, retries, and the summaries on the Temporal page."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from temporalio import workflow
from temporalio.common import RetryPolicy

from harness.contracts.activities import (
    call_model,
    check_edit,
    check_output,
    compact_context,
    learn_memories,
    recall_memories,
    run_tool,
    save_transcript,
    write_instructions,
)
from harness.contracts.agent_code import CheckedOutput, CheckOutput, WriteInstructions
from harness.contracts.clean_text import clean_line
from harness.contracts.memory_work import (
    LearnedMemories,
    LearnMemories,
    RecalledMemories,
    RecallMemories,
)
from harness.contracts.model import CallModel, CompactContext, Compacted, ModelTurn
from harness.contracts.queues import workspace_queue
from harness.contracts.run import RunSpec
from harness.contracts.run_limits import MAX_WAITS
from harness.contracts.tool import POOL_WAIT_S, RunTool, ToolOutcome, ToolPolicy
from harness.contracts.transcript import SaveTranscript

INLINE_LIMIT = timedelta(seconds=1)
PLAYBACK_LIMIT = timedelta(seconds=5)
"""For an inline tool in a what-if: the record may be large, and is read from the store."""
CHECK_LIMIT = timedelta(seconds=20)
CHECK_ATTEMPTS = 3
COMPACT_ATTEMPTS = 4
SAVE_LIMIT = timedelta(seconds=60)
MAX_QUERY = 4_000
"""Characters of the prompt that memories are searched by."""
SUMMARY_WIDTH = 120  # the page truncates longer labels
READ = ToolPolicy(effect="read")
"""Policy of a tool that the agent does not have: the model gets an error that it can correct."""


def start_model(spec: RunSpec, request: CallModel) -> workflow.ActivityHandle[ModelTurn]:
    limits = spec.limits
    return workflow.start_activity(
        call_model,
        request,
        task_queue=spec.model_queue,
        start_to_close_timeout=timedelta(seconds=limits.model_timeout_s),
        heartbeat_timeout=timedelta(seconds=limits.heartbeat_s),
        # A cancelled call returns the text received so far, so wait for it.
        cancellation_type=workflow.ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
        # Waiting for a limit uses up no attempt: the activity counts those that failed.
        retry_policy=_retry_policy(limits.model_attempts + MAX_WAITS),
        summary=f"{spec.model} turn {request.turn}",
    )


def start_compaction(
    spec: RunSpec, request: CompactContext, queue: str | None
) -> workflow.ActivityHandle[Compacted]:
    """Have a model summarize the conversation."""
    limits = spec.limits
    return workflow.start_activity(
        compact_context,
        request,
        task_queue=queue,
        start_to_close_timeout=timedelta(seconds=limits.model_timeout_s),
        heartbeat_timeout=timedelta(seconds=limits.heartbeat_s),
        # The run can continue without a summary, so it does not wait for a long outage to end.
        retry_policy=_retry_policy(min(limits.model_attempts, COMPACT_ATTEMPTS)),
        summary=f"summarize the conversation after turn {request.turn}",
    )


def start_instructions(spec: RunSpec) -> workflow.ActivityHandle[str]:
    """Have a worker of the agent write the instructions of this run."""
    return workflow.start_activity(
        write_instructions,
        WriteInstructions(spec=spec.spec, salt=spec.salt),
        summary=f"write the instructions of {spec.agent}"[:SUMMARY_WIDTH],
        **_function_options(spec),
    )


def start_output_check(
    spec: RunSpec, request: CheckOutput
) -> workflow.ActivityHandle[CheckedOutput]:
    """Have a worker of the agent run its output validators."""
    return workflow.start_activity(
        check_output,
        request,
        summary=f"check the output of turn {request.turn}",
        **_function_options(spec),
    )


def start_recall(spec: RunSpec) -> workflow.ActivityHandle[RecalledMemories]:
    """Have a worker of the agent find the memories that the run begins with."""
    return workflow.start_activity(
        recall_memories,
        RecallMemories(spec=spec.spec, query=spec.asked[:MAX_QUERY], salt=spec.salt),
        summary="recall memories",
        **_function_options(spec),
    )


def start_learning(
    spec: RunSpec, request: LearnMemories
) -> workflow.ActivityHandle[LearnedMemories]:
    """Have a worker of the agent extract facts from the run."""
    options = _function_options(spec)
    options["start_to_close_timeout"] = timedelta(seconds=spec.limits.model_timeout_s)
    return workflow.start_activity(learn_memories, request, summary="extract memories", **options)


def _function_options(spec: RunSpec) -> dict[str, Any]:
    limits = spec.limits
    return {
        "start_to_close_timeout": timedelta(seconds=limits.tool_timeout_s),
        "heartbeat_timeout": timedelta(seconds=limits.heartbeat_s),
        "retry_policy": _retry_policy(limits.tool_attempts),
    }


def start_tool(spec: RunSpec, request: RunTool) -> workflow.ActivityHandle[ToolOutcome]:
    policy = spec.tools.get(request.call.name, READ)
    label = summarize_call(request.call.name, request.call.arguments)
    if policy.inline:
        return workflow.start_local_activity(
            run_tool,
            request,
            start_to_close_timeout=INLINE_LIMIT if spec.playback is None else PLAYBACK_LIMIT,
            retry_policy=RetryPolicy(maximum_attempts=2),
            summary=label,
        )
    limits = spec.limits
    timeout = policy.timeout_s or limits.tool_timeout_s
    if policy.pool is not None:
        timeout += POOL_WAIT_S
    return workflow.start_activity(
        run_tool,
        request,
        task_queue=_workspace_queue(spec) if policy.workspace and _runs_tools(spec) else None,
        # The activity enforces the tool's own limit, with a more precise error.
        start_to_close_timeout=timedelta(seconds=timeout + 10),
        heartbeat_timeout=timedelta(seconds=limits.heartbeat_s),
        cancellation_type=workflow.ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
        retry_policy=_retry_policy(_tool_attempts(spec, policy)),
        summary=label,
    )


def start_check(request: RunTool) -> workflow.ActivityHandle[ToolOutcome]:
    """Check whether an edit fits, on the agent's own queue: that needs no workspace."""
    return workflow.start_activity(
        check_edit,
        request,
        start_to_close_timeout=CHECK_LIMIT,
        retry_policy=_retry_policy(CHECK_ATTEMPTS),
        summary=f"check the edit of {request.call.name}"[:SUMMARY_WIDTH],
    )


async def save_transcript_now(spec: RunSpec, request: SaveTranscript) -> str:
    return await workflow.execute_activity(
        save_transcript,
        request,
        start_to_close_timeout=timedelta(seconds=30),
        # A run must be able to end during a long outage of the database.
        schedule_to_close_timeout=SAVE_LIMIT,
        heartbeat_timeout=timedelta(seconds=spec.limits.heartbeat_s),
        summary="save the transcript",
    )


def _tool_attempts(spec: RunSpec, policy: ToolPolicy) -> int:
    """Return the attempts of a tool's activity. A write has more than it may fail: after an attempt
    whose worker died, another one must read the outcome from the ledger, or ask, even after an
    outage. The activity itself counts failures of the tool."""
    limits = spec.limits
    attempts = policy.attempts or limits.tool_attempts
    return max(attempts, limits.model_attempts) if policy.acts else attempts


def _retry_policy(attempts: int) -> RetryPolicy:
    return RetryPolicy(
        initial_interval=timedelta(milliseconds=500),
        maximum_interval=timedelta(seconds=30),
        maximum_attempts=attempts,
    )


def _runs_tools(spec: RunSpec) -> bool:
    """Whether tools may run at all. Playback needs no workspace, whose host may be gone."""
    return spec.playback is None or spec.playback.live_reads is not None


def _workspace_queue(spec: RunSpec) -> str | None:
    if spec.workspace is None:
        return None
    return workspace_queue(spec.agent, spec.workspace.host)


def summarize_call(name: str, arguments: dict[str, Any] | str) -> str:
    """Format a call as `add(a=2, b=3)`, truncated to what the page shows."""
    if isinstance(arguments, str):
        inner = arguments
    else:
        inner = ", ".join(f"{key}={value!r}" for key, value in arguments.items())
    text = clean_line(f"{name}({inner})"[: SUMMARY_WIDTH + 1])
    return text if len(text) <= SUMMARY_WIDTH else text[: SUMMARY_WIDTH - 1] + "…"
