"""Rules for model and tool calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from temporalio.api.common.v1 import Payloads
from temporalio.api.failure.v1 import Failure
from temporalio.api.history.v1 import HistoryEvent

from harness.contracts import event as e
from harness.contracts.errors import CATALOG, ErrorInfo
from harness.contracts.model import CallModel, ModelTurn
from harness.contracts.tool import RunTool, ToolOutcome
from harness.journal.payloads import error_info, first, seconds, value, word
from harness.journal.scheduled import Scheduled, Started

if TYPE_CHECKING:
    from harness.journal.projector import Draft, Projector

INPUTS: dict[str, type[CallModel] | type[RunTool]] = {"call_model": CallModel, "run_tool": RunTool}
LOCAL_MARKER = "core_local_activity"


def scheduled(projector: Projector, entry: HistoryEvent) -> Draft:
    attributes = entry.activity_task_scheduled_event_attributes
    kind = INPUTS.get(attributes.activity_type.name)
    request = first(kind, attributes.input) if kind else None
    if request is None:
        return []
    projector.scheduled[entry.event_id] = Scheduled(seconds(entry.event_time), request)
    if isinstance(request, CallModel):
        projector.turn = request.turn
        fields = {
            "turn": request.turn,
            "call": request.call or 0,
            "model": request.model or projector.model,
            "messages": request.messages,
        }
        return [(e.ModelCalled, fields)]
    call = request.call
    fields = {
        "turn": request.turn,
        "call_id": call.id,
        "name": call.name,
        "arguments": call.arguments,
        "edited": request.edited,
    }
    return [(e.ToolCallStarted, fields)]


def started(projector: Projector, entry: HistoryEvent) -> Draft:
    attributes = entry.activity_task_started_event_attributes
    failure = attributes.last_failure
    projector.started[attributes.scheduled_event_id] = Started(
        seconds(entry.event_time),
        attributes.attempt,
        str(error_info(failure)) if attributes.HasField("last_failure") else None,
    )
    return []


def completed(projector: Projector, entry: HistoryEvent) -> Draft:
    attributes = entry.activity_task_completed_event_attributes
    found = projector.scheduled.pop(attributes.scheduled_event_id, None)
    if found is None:
        return []
    begun = projector.started.pop(attributes.scheduled_event_id)
    if isinstance(found.input, CallModel):
        return _replied(projector, found.input, found.at, begun, attributes.result)
    outcome = first(ToolOutcome, attributes.result)
    if outcome is None or outcome.need:
        return []
    extra = {
        "queued_ms": _queued(found, begun),
        "attempts": begun.attempt,
        "last_failure": begun.last_failure,
    }
    return [_finished(projector, found.input.turn, outcome, extra)]


def failed(projector: Projector, entry: HistoryEvent) -> Draft:
    attributes = entry.activity_task_failed_event_attributes
    return _failed(projector, attributes.scheduled_event_id, error_info(attributes.failure))


def timed_out(projector: Projector, entry: HistoryEvent) -> Draft:
    attributes = entry.activity_task_timed_out_event_attributes
    return _failed(projector, attributes.scheduled_event_id, error_info(attributes.failure))


def canceled(projector: Projector, entry: HistoryEvent) -> Draft:
    attributes = entry.activity_task_canceled_event_attributes
    error = ErrorInfo(
        code="tool.denied", message="cancelled", fix=CATALOG["tool.denied"].fix, retryable=False
    )
    found = projector.scheduled.get(attributes.scheduled_event_id)
    if found and isinstance(found.input, CallModel):
        projector.scheduled.pop(attributes.scheduled_event_id)
        projector.started.pop(attributes.scheduled_event_id, None)
        return []  # nothing was said: the abort or the hint tells why
    return _failed(projector, attributes.scheduled_event_id, error)


def local(projector: Projector, entry: HistoryEvent) -> Draft:
    """An inline tool: the engine records it once, when it is over."""
    attributes = entry.marker_recorded_event_attributes
    if attributes.marker_name != LOCAL_MARKER:
        return []
    data: dict[str, Any] = value(attributes.details["data"].payloads[0])
    if data["activity_type"] != "run_tool":
        return []
    if attributes.HasField("failure"):
        return _local_failed(projector, data, attributes.failure)
    outcome = word(ToolOutcome, attributes.details["result"].payloads[0])
    if outcome.need:
        return []
    return [_finished(projector, projector.turn, outcome, {"attempts": data.get("attempt", 1)})]


def _local_failed(projector: Projector, data: dict[str, Any], failure: Failure) -> Draft:
    error = error_info(failure)
    call = projector.open_calls.pop(0) if projector.open_calls else None
    fields: dict[str, Any] = {
        "turn": projector.turn,
        "call_id": call.id if call else "",
        "name": call.name if call else "",
        "content": error.message,
        "ok": False,
        "error": error,
        "attempts": data.get("attempt", 1),
    }
    return [(e.ToolCallFinished, fields)]


def _replied(
    projector: Projector, request: CallModel, at: float, begun: Started, result: Payloads
) -> Draft:
    turn = first(ModelTurn, result)
    if turn is None:
        return
    projector.reply = turn.message.text or projector.reply
    copied = {
        name: getattr(turn, name)
        for name in (
            "model", "message", "usage", "cost_micros", "first_ms", "ms", "fallbacks",
            "dropped", "interrupted", "recovered", "head",
        )
    }  # fmt: skip
    yield (
        e.ModelReplied,
        {
            **copied,
            "turn": request.turn,
            "call": request.call or 0,
            "queued_ms": round((begun.at - at) * 1e3, 1),
            "attempts": begun.attempt,
            "last_failure": begun.last_failure,
        },
    )
    if turn.interrupted:
        return
    projector.open_calls = list(turn.message.calls)
    for call in turn.message.calls:
        yield e.ToolCallRequested, {"turn": request.turn, "call": call}


def _finished(
    projector: Projector, turn: int, outcome: ToolOutcome, extra: dict[str, Any]
) -> tuple[type[Any], dict[str, Any]]:
    result = outcome.result
    assert result is not None
    fields = {
        "turn": turn,
        "call_id": result.call,
        "name": result.name,
        "content": result.content,
        "ok": not result.error,
        "artifact": result.artifact,
        "error": outcome.failure,
        "ms": outcome.ms,
        **extra,
    }
    return e.ToolCallFinished, fields


def _failed(projector: Projector, event_id: int, error: ErrorInfo) -> Draft:
    found = projector.scheduled.pop(event_id, None)
    if found is None:
        return []
    begun = projector.started.pop(event_id, None)
    attempts = begun.attempt if begun else 0
    request = found.input
    if isinstance(request, CallModel):
        fields: dict[str, Any] = {"turn": request.turn, "call": request.call or 0}
        return [(e.ModelFailed, {**fields, "attempts": attempts, "error": error})]
    fields = {
        "turn": request.turn,
        "call_id": request.call.id,
        "name": request.call.name,
        "content": error.message,
        "ok": False,
        "error": error,
        "queued_ms": _queued(found, begun) if begun else None,
        "attempts": attempts,
    }
    return [(e.ToolCallFinished, fields)]


def _queued(found: Scheduled, begun: Started) -> float:
    return round((begun.at - found.at) * 1e3, 1)
