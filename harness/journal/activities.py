"""Rules for model and tool calls."""

from __future__ import annotations

from typing import Any

from temporalio.api.common.v1 import Payloads
from temporalio.api.failure.v1 import Failure
from temporalio.api.history.v1 import (
    ActivityTaskStartedEventAttributes,
    HistoryEvent,
    WorkflowTaskCompletedEventAttributes,
)

from harness.contracts import event as e
from harness.contracts.errors import ErrorInfo, InvalidToolArguments, ToolDenied
from harness.contracts.memory_work import LearnedMemories
from harness.contracts.model import CallModel, CompactContext, Compacted, ModelTurn
from harness.contracts.steering import HintRoom
from harness.contracts.subagent import AWAIT_CHILD
from harness.contracts.tool import RunTool, ToolOutcome
from harness.journal import children
from harness.journal.payloads import error_info, read_first, read_value, read_word, to_seconds
from harness.journal.state import Draft, Scheduled, Started, State

INPUTS: dict[str, type[CallModel] | type[CompactContext] | type[RunTool]] = {
    "call_model": CallModel,
    "compact_context": CompactContext,
    "run_tool": RunTool,
}
SAVE = "save_transcript"
LEARN = "learn_memories"
CANCELLED = ToolDenied("cancelled").info
LOCAL_MARKER = "core_local_activity"


def on_scheduled(state: State, entry: HistoryEvent) -> Draft:
    attributes = entry.activity_task_scheduled_event_attributes
    if attributes.activity_type.name == SAVE:
        state.saving.add(entry.event_id)
    elif attributes.activity_type.name == LEARN:
        state.learning.add(entry.event_id)
    elif attributes.activity_type.name == AWAIT_CHILD:
        state.awaited[entry.event_id] = children.awaited_run(attributes.input)
    kind = INPUTS.get(attributes.activity_type.name)
    request = read_first(kind, attributes.input) if kind else None
    if request is None or (isinstance(request, RunTool) and request.handed is not None):
        return []  # it prepares the run of the agent that takes over
    state.scheduled[entry.event_id] = Scheduled(to_seconds(entry.event_time), request)
    if isinstance(request, CallModel):
        state.turn = request.turn
        if not request.call:
            state.room = HintRoom()  # the model reads what waited
            state.totals = state.totals.plus(turns=1)
        fields = {
            "turn": request.turn,
            "call": request.call or 0,
            "model": request.model or state.model,
            "messages": request.messages,
            "head": request.head,
            "scale": request.scale,
        }
        return [(e.ModelCalled, fields)]
    if isinstance(request, CompactContext):
        return []
    return _hand_over(state, request)


def _hand_over(state: State, request: RunTool) -> Draft:
    """The event of handing a call to a worker: to run it, or to check for approval."""
    if request.happened is not None or request.ended is not None:
        return []  # nothing runs: the ledger records what a person reported, or a child has ended
    if request.decider is not None and request.decider.lapsed not in (None, "allow"):
        return []  # nothing runs: nobody decided in time
    call = request.call
    fields = {
        "turn": request.turn,
        "call_id": call.id,
        "name": call.name,
        "arguments": call.arguments,
    }
    if call.name in state.checked and not request.approved and request.playback is None:
        return [(e.ToolCallChecked, fields)]
    return [(e.ToolCallStarted, {**fields, "edited": request.edited})]


def on_started(state: State, entry: HistoryEvent) -> Draft:
    attributes = entry.activity_task_started_event_attributes
    failure = attributes.last_failure
    state.started[attributes.scheduled_event_id] = Started(
        to_seconds(entry.event_time),
        attributes.attempt,
        str(error_info(failure)) if attributes.HasField("last_failure") else None,
        read_worker(attributes),
    )
    return []


def on_task_completed(state: State, entry: HistoryEvent) -> Draft:
    state.worker = read_worker(entry.workflow_task_completed_event_attributes)
    return []


def read_worker(
    attributes: ActivityTaskStartedEventAttributes | WorkflowTaskCompletedEventAttributes,
) -> e.Worker | None:
    name, build = attributes.identity, attributes.worker_version.build_id
    return e.Worker(name=name, build=build or None) if name else None


def on_completed(state: State, entry: HistoryEvent) -> Draft:
    attributes = entry.activity_task_completed_event_attributes
    if attributes.scheduled_event_id in state.awaited:
        return children.on_awaited(state, attributes.scheduled_event_id, attributes.result)
    if attributes.scheduled_event_id in state.saving:
        state.head = read_value(attributes.result.payloads[0])
    elif attributes.scheduled_event_id in state.learning:
        _add_learning(state, attributes.result)
    found = state.scheduled.pop(attributes.scheduled_event_id, None)
    if found is None:
        return []
    begun = state.started.pop(attributes.scheduled_event_id)
    if isinstance(found.input, CallModel):
        return _end_model_call(state, found.input, found.at, begun, attributes.result)
    if isinstance(found.input, CompactContext):
        return _end_compaction(state, found.input, attributes.result)
    outcome = read_first(ToolOutcome, attributes.result)
    if outcome is None or outcome.need or outcome.child:
        return []
    if _is_unfit_edit(outcome, edited=bool(found.input.edited)):
        return []
    extra = {
        "queued_ms": _queued_ms(found, begun),
        "attempts": begun.attempt,
        "last_failure": begun.last_failure,
        "worker": begun.worker,
    }
    return [_finish_call(state, found.input.turn, outcome, extra)]


def on_failed(state: State, entry: HistoryEvent) -> Draft:
    attributes = entry.activity_task_failed_event_attributes
    return _fail_call(state, attributes.scheduled_event_id, error_info(attributes.failure))


def on_timed_out(state: State, entry: HistoryEvent) -> Draft:
    attributes = entry.activity_task_timed_out_event_attributes
    return _fail_call(state, attributes.scheduled_event_id, error_info(attributes.failure))


def on_canceled(state: State, entry: HistoryEvent) -> Draft:
    attributes = entry.activity_task_canceled_event_attributes
    found = state.scheduled.get(attributes.scheduled_event_id)
    if found and isinstance(found.input, CallModel):
        state.scheduled.pop(attributes.scheduled_event_id)
        state.started.pop(attributes.scheduled_event_id, None)
        return []  # no event: the abort or the hint explains it
    return _fail_call(state, attributes.scheduled_event_id, CANCELLED)


def on_local_marker(state: State, entry: HistoryEvent) -> Draft:
    """An inline tool: Temporal records it once, at its end."""
    attributes = entry.marker_recorded_event_attributes
    if attributes.marker_name != LOCAL_MARKER:
        return []
    data: dict[str, Any] = read_value(attributes.details["data"].payloads[0])
    if data["activity_type"] != "run_tool":
        return []
    if attributes.HasField("failure"):
        return _local_failed(state, data, attributes.failure)
    outcome = read_word(ToolOutcome, attributes.details["result"].payloads[0])
    if outcome.need or _is_unfit_edit(outcome, edited=_was_edited(state, outcome)):
        return []
    extra = {"attempts": data.get("attempt", 1), "worker": state.worker}
    return [_finish_call(state, state.turn, outcome, extra)]


def _is_unfit_edit(outcome: ToolOutcome, *, edited: bool) -> bool:
    """Whether an edit does not fit the tool: then the person is asked again."""
    failure = outcome.failure
    return edited and failure is not None and failure.code == InvalidToolArguments.code


def _was_edited(state: State, outcome: ToolOutcome) -> bool:
    decided = state.decided.get(outcome.result.call) if outcome.result else None
    return decided is not None and decided.verdict == "edit"


def _local_failed(state: State, data: dict[str, Any], failure: Failure) -> Draft:
    error = error_info(failure)
    call = state.open_calls.pop(0) if state.open_calls else None
    fields: dict[str, Any] = {
        "turn": state.turn,
        "call_id": call.id if call else "",
        "name": call.name if call else "",
        "content": error.message,
        "ok": False,
        "error": error,
        "attempts": data.get("attempt", 1),
        "decided": state.decided.get(call.id) if call else None,
        "worker": state.worker,
    }
    return [(e.ToolCallFinished, fields)]


def _end_model_call(
    state: State, request: CallModel, at: float, begun: Started, result: Payloads
) -> Draft:
    turn = read_first(ModelTurn, result)
    if turn is None:
        return
    state.reply = turn.message.text or state.reply
    state.totals = state.totals.plus(usage=turn.usage, cost_micros=turn.cost_micros, cut=turn.cut)
    if not turn.message.calls:
        state.head = turn.head
    copied = {
        name: getattr(turn, name)
        for name in (
            "model", "message", "usage", "cost_micros", "first_ms", "ms", "fallbacks",
            "dropped", "cleared", "interrupted", "cut", "recovered", "head", "gates",
        )
    }  # fmt: skip
    yield (
        e.ModelReplied,
        {
            **copied,
            "truncated": True if turn.finish == "length" else None,
            "turn": request.turn,
            "call": request.call or 0,
            "queued_ms": round((begun.at - at) * 1e3, 1),
            "attempts": begun.attempt,
            "last_failure": begun.last_failure,
            "worker": begun.worker,
        },
    )
    if turn.interrupted:
        return
    state.open_calls = list(turn.message.calls)
    state.decided.clear()
    state.totals = state.totals.plus(tool_calls=len(turn.message.calls))
    for call in turn.message.calls:
        yield e.ToolCallRequested, {"turn": request.turn, "call": call}


def _end_compaction(state: State, request: CompactContext, result: Payloads) -> Draft:
    made = read_first(Compacted, result)
    if made is None or made.head is None:
        return []  # there was nothing to summarize
    state.totals = state.totals.plus(usage=made.usage, cost_micros=made.cost_micros)
    names = (
        "before", "after", "summarized", "summary", "model", "usage", "cost_micros", "ms",
        "replaces", "head",
    )  # fmt: skip
    fields = {name: getattr(made, name) for name in names}
    return [(e.ContextCompacted, {"turn": request.turn, **fields})]


def _add_learning(state: State, result: Payloads) -> None:
    if (learned := read_first(LearnedMemories, result)) is not None:
        state.totals = state.totals.plus(usage=learned.usage, cost_micros=learned.cost_micros)


def _finish_call(
    state: State, turn: int, outcome: ToolOutcome, extra: dict[str, Any]
) -> tuple[type[Any], dict[str, Any]]:
    result = outcome.result
    assert result is not None
    state.close_call(result.call)
    fields = {
        "turn": turn,
        "call_id": result.call,
        "name": result.name,
        "content": result.content,
        "ok": not result.error,
        "artifact": result.artifact,
        "untrusted": result.untrusted,
        "gates": outcome.gates,
        "error": outcome.failure,
        "played": outcome.played,
        "ms": outcome.ms,
        "decided": state.decided.get(result.call),
        "ruling": outcome.ruling,
        **extra,
    }
    return e.ToolCallFinished, fields


def _fail_call(state: State, event_id: int, error: ErrorInfo) -> Draft:
    found = state.scheduled.pop(event_id, None)
    if found is None:
        return []
    begun = state.started.pop(event_id, None)
    attempts, worker = (begun.attempt, begun.worker) if begun else (0, None)
    request = found.input
    if isinstance(request, CallModel):
        fields: dict[str, Any] = {"turn": request.turn, "call": request.call or 0}
        fields |= {"attempts": attempts, "error": error, "worker": worker}
        return [(e.ModelFailed, fields)]
    if isinstance(request, CompactContext):
        failed = {"turn": request.turn, "error": error}
        return [] if error is CANCELLED else [(e.CompactionFailed, failed)]
    if request.asks and error is not CANCELLED:
        return []  # a person is asked about the outcome
    state.close_call(request.call.id)
    fields = {
        "turn": request.turn,
        "call_id": request.call.id,
        "name": request.call.name,
        "content": error.message,
        "ok": False,
        "error": error,
        "queued_ms": _queued_ms(found, begun) if begun else None,
        "attempts": attempts,
        "decided": state.decided.get(request.call.id),
        "worker": worker,
    }
    return [(e.ToolCallFinished, fields)]


def _queued_ms(found: Scheduled, begun: Started) -> float:
    return round((begun.at - found.at) * 1e3, 1)
