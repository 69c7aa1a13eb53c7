"""Steps of a workflow in one form, read from history and from the commands of today's code."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from pydantic_core import from_json
from temporalio.api.common.v1 import Payload
from temporalio.api.enums.v1 import EventType
from temporalio.api.failure.v1 import Failure
from temporalio.api.history.v1 import HistoryEvent
from temporalio.bridge.proto.workflow_commands import WorkflowCommand

from harness.contracts.tool import RETIRED

LOCAL_MARKER = "core_local_activity"
PATCHES = "TemporalChangeVersion"
"""A search attribute that the SDK itself sets."""
BY_EXECUTION = {"call_model": "started", "run_tool": "origin", "check_edit": "origin"}
"""Fields that name the execution of a step. They are not compared: after a reset it is unknown
which of the two executions made an earlier step."""
TOOL_CALLS = ("run_tool", "check_edit")

WORKFLOW_STEPS = frozenset({
    EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED,
    EventType.EVENT_TYPE_START_CHILD_WORKFLOW_EXECUTION_INITIATED,
    EventType.EVENT_TYPE_MARKER_RECORDED,
    EventType.EVENT_TYPE_TIMER_STARTED,
    EventType.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES,
    EventType.EVENT_TYPE_WORKFLOW_PROPERTIES_MODIFIED,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_COMPLETED,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CANCELED,
})  # fmt: skip
"""Looked up once: names of this enum resolve slowly, and most entries are not steps."""


@dataclass(frozen=True)
class Step:
    lane: str
    """Steps of a kind keep their order. A local activity has its own lane, by number, because it is
    recorded when it ends."""
    content: Mapping[str, Any]
    entry: int | None = None
    """Its place in history, on the recorded side."""


def steps_from_history(entries: Iterable[HistoryEvent]) -> Iterator[Step]:
    for entry in entries:
        if entry.event_type not in WORKFLOW_STEPS:
            continue
        found = _read_entry(entry)
        if found is not None:
            lane, content = found
            if content:
                yield Step(lane, content, entry.event_id)


def _read_entry(entry: HistoryEvent) -> tuple[str, dict[str, Any]] | None:
    match entry.event_type:
        case EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
            scheduled = entry.activity_task_scheduled_event_attributes
            return "activity", _activity_content(
                scheduled.activity_type.name,
                scheduled.task_queue.name,
                scheduled.input.payloads,
            )
        case EventType.EVENT_TYPE_START_CHILD_WORKFLOW_EXECUTION_INITIATED:
            child = entry.start_child_workflow_execution_initiated_event_attributes
            return "workflow", _child_content(
                child.workflow_type.name, child.workflow_id, child.input.payloads
            )
        case EventType.EVENT_TYPE_MARKER_RECORDED:
            return _read_marker(entry)
        case EventType.EVENT_TYPE_TIMER_STARTED:
            timer = entry.timer_started_event_attributes
            return "timer", {"seconds": timer.start_to_fire_timeout.ToTimedelta().total_seconds()}
        case EventType.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES:
            upsert = entry.upsert_workflow_search_attributes_event_attributes
            return "search attributes", _decode_fields(upsert.search_attributes.indexed_fields)
        case EventType.EVENT_TYPE_WORKFLOW_PROPERTIES_MODIFIED:
            changed = entry.workflow_properties_modified_event_attributes
            return "memo", _decode_fields(changed.upserted_memo.fields)
        case EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_COMPLETED:
            outcome = entry.workflow_execution_update_completed_event_attributes.outcome
            if outcome.HasField("failure"):
                return "answer to an update", _failure_content(outcome.failure)
            return "answer to an update", {"result": _decode_payloads(outcome.success.payloads)}
        case _:
            return _read_end_entry(entry)


def _read_end_entry(entry: HistoryEvent) -> tuple[str, dict[str, Any]] | None:
    match entry.event_type:
        case EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW:
            going_on = entry.workflow_execution_continued_as_new_event_attributes
            return "end", _continuation_content(going_on.input.payloads)
        case EventType.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED:
            result = entry.workflow_execution_completed_event_attributes.result
            return "end", {"result": _decode_payloads(result.payloads)}
        case EventType.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED:
            return "end", _failure_content(entry.workflow_execution_failed_event_attributes.failure)
        case EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CANCELED:
            return "end", {"cancelled": True}
        case _:
            return None


def _read_marker(entry: HistoryEvent) -> tuple[str, dict[str, Any]] | None:
    marker = entry.marker_recorded_event_attributes
    if marker.marker_name != LOCAL_MARKER:
        return None
    data: dict[str, Any] = from_json(marker.details["data"].payloads[0].data)
    return f"local activity {data['seq']}", _local_content(
        data["activity_type"], entry.user_metadata
    )


def step_from_command(command: WorkflowCommand, own_queue: str, queue: str) -> Step | None:
    """Read a command. `own_queue` is the replayer's name for the run's queue, `queue` history's."""
    lane, content = _read_command(command, own_queue, queue)
    return Step(lane, content) if content else None


def _read_command(
    command: WorkflowCommand, own_queue: str, queue: str
) -> tuple[str, dict[str, Any]]:
    match command.WhichOneof("variant"):
        case "schedule_activity":
            activity = command.schedule_activity
            wanted = activity.task_queue if activity.task_queue != own_queue else ""
            arguments = activity.arguments
            return "activity", _activity_content(activity.activity_type, wanted or queue, arguments)
        case "schedule_local_activity":
            local = command.schedule_local_activity
            content = _local_content(local.activity_type, command.user_metadata)
            return f"local activity {local.seq}", content
        case "start_child_workflow_execution":
            child = command.start_child_workflow_execution
            return "workflow", _child_content(child.workflow_type, child.workflow_id, child.input)
        case "start_timer":
            timer = command.start_timer
            return "timer", {"seconds": timer.start_to_fire_timeout.ToTimedelta().total_seconds()}
        case "upsert_workflow_search_attributes":
            upsert = command.upsert_workflow_search_attributes
            return "search attributes", _decode_fields(upsert.search_attributes.indexed_fields)
        case "modify_workflow_properties":
            return "memo", _decode_fields(command.modify_workflow_properties.upserted_memo.fields)
        case "update_response":
            answer = command.update_response
            if answer.HasField("completed"):
                return "answer to an update", {"result": _decode_payloads([answer.completed])}
            if answer.HasField("rejected"):  # after it was accepted: history holds no others
                return "answer to an update", _failure_content(answer.rejected)
            return "", {}
        case variant:
            return _read_end_command(command, variant)


def _read_end_command(command: WorkflowCommand, variant: str | None) -> tuple[str, dict[str, Any]]:
    match variant:
        case "continue_as_new_workflow_execution":
            going_on = command.continue_as_new_workflow_execution
            return "end", _continuation_content(going_on.arguments)
        case "complete_workflow_execution":
            return "end", {"result": _decode_payloads([command.complete_workflow_execution.result])}
        case "fail_workflow_execution":
            return "end", _failure_content(command.fail_workflow_execution.failure)
        case "cancel_workflow_execution":
            return "end", {"cancelled": True}
        case _:
            return "", {}


def _activity_content(name: str, queue: str, arguments: Iterable[Payload]) -> dict[str, Any]:
    values = _decode_payloads(arguments)
    if name in BY_EXECUTION and values and isinstance(values[0], dict):
        values[0].pop(BY_EXECUTION[name], None)
        if name in TOOL_CALLS:
            _drop_retired(values[0])
    return {"activity": name, "queue": queue, "arguments": values}


def _continuation_content(arguments: Iterable[Payload]) -> dict[str, Any]:
    """Read the input of continue-as-new, which includes calls that wait for a person."""
    values = _decode_payloads(arguments)
    if values and isinstance(values[0], dict):
        spec = cast("dict[str, Any]", values[0])
        carry: dict[str, Any] = spec.get("carry") or {}
        for held in cast("dict[str, dict[str, Any]]", carry.get("held") or {}).values():
            _drop_retired(held["request"])
    return {"continue as new": values}


def _drop_retired(request: Any) -> None:
    """Drop fields that only earlier versions wrote; nothing reads them."""
    for name in RETIRED:
        request.pop(name, None)


def _child_content(name: str, id: str, arguments: Iterable[Payload]) -> dict[str, Any]:
    return {"workflow": name, "id": id, "arguments": _decode_payloads(arguments)}


def _local_content(name: str, metadata: Any) -> dict[str, Any]:
    """History lacks the arguments of local activities; their summary has them."""
    return {"activity": name, "summary": _decode_payload(metadata.summary)}


def _failure_content(failure: Failure) -> dict[str, Any]:
    info = failure.application_failure_info
    details = _decode_payloads(info.details.payloads)
    return {"failure": failure.message, "type": info.type, "details": details}


def _decode_fields(fields: Mapping[str, Payload]) -> dict[str, Any]:
    return {name: _decode_payload(value) for name, value in fields.items() if name != PATCHES}


def _decode_payloads(payloads: Iterable[Payload]) -> list[Any]:
    return [_decode_payload(each) for each in payloads]


def _decode_payload(payload: Payload) -> Any:
    if payload.metadata.get("encoding") in (b"json/plain", b"json/protobuf"):
        return from_json(payload.data) if payload.data else None
    return base64.b64encode(payload.data).decode() or None
