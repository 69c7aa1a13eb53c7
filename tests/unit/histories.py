"""Made-up histories: what the engine may write of a run, in an order that it may write it in."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from temporalio.api.common.v1 import Payload
from temporalio.api.enums.v1 import EventType, WorkflowTaskFailedCause
from temporalio.api.history.v1 import HistoryEvent

from harness.contracts.base import Word
from harness.contracts.message import Message, Text, ToolCall, ToolResult, user_message
from harness.contracts.model import CallModel, ModelTurn, Usage
from harness.contracts.run import Pending, RunEnd, RunSpec, RunState, Totals
from harness.contracts.tool import RunTool, ToolOutcome
from harness.contracts.verdicts import Decision

TEXT = st.text(max_size=5)


def payload(value: Word | str | bytes) -> Payload:
    data = value.wire() if isinstance(value, Word) else value
    data = data.encode("utf-8", "replace") if isinstance(data, str) else data
    return Payload(metadata={"encoding": b"json/plain"}, data=data)


class History:
    """Entries of one execution."""

    def __init__(self, run_id: str = "x") -> None:
        self.run_id = run_id
        self.entries: list[HistoryEvent] = []
        started = self.add("WORKFLOW_EXECUTION_STARTED").workflow_execution_started_event_attributes
        started.workflow_type.name = "AgentRun"
        started.first_execution_run_id = "0f9b6f2e-3a43-4f6f-9d61-1c40c3bb7e11"
        spec = RunSpec(agent="a", spec="s", model="m/x", messages=(user_message("go"),))
        started.input.payloads.append(payload(spec))

    def add(self, kind: str) -> HistoryEvent:
        event_type = EventType.Value(f"EVENT_TYPE_{kind}")
        number = len(self.entries) + 1
        entry = HistoryEvent(event_id=number, event_type=event_type)
        entry.event_time.seconds, entry.event_time.nanos = 1_700_000_000 + number, number * 1000
        self.entries.append(entry)
        return entry

    def schedule(self, name: str, request: Word, *, attempt: int | None = 1) -> int:
        entry = self.add("ACTIVITY_TASK_SCHEDULED")
        scheduled = entry.activity_task_scheduled_event_attributes
        scheduled.activity_type.name = name
        scheduled.input.payloads.append(payload(request))
        if attempt is not None:
            self.start(entry.event_id, attempt)
        return entry.event_id

    def start(self, scheduled: int, attempt: int) -> None:
        started = self.add("ACTIVITY_TASK_STARTED").activity_task_started_event_attributes
        started.scheduled_event_id, started.attempt = scheduled, attempt
        if attempt > 1:
            started.last_failure.message = "once more"
            started.last_failure.application_failure_info.type = "tool.temporary"

    def complete(self, scheduled: int, result: Word | str) -> None:
        entry = self.add("ACTIVITY_TASK_COMPLETED").activity_task_completed_event_attributes
        entry.scheduled_event_id = scheduled
        entry.result.payloads.append(payload(result))

    def fail(self, scheduled: int, code: str) -> None:
        entry = self.add("ACTIVITY_TASK_FAILED").activity_task_failed_event_attributes
        entry.scheduled_event_id = scheduled
        entry.failure.message = "no"
        entry.failure.application_failure_info.type = code

    def time_out(self, scheduled: int) -> None:
        entry = self.add("ACTIVITY_TASK_TIMED_OUT").activity_task_timed_out_event_attributes
        entry.scheduled_event_id = scheduled
        entry.failure.timeout_failure_info.SetInParent()

    def cancel(self, scheduled: int) -> None:
        entry = self.add("ACTIVITY_TASK_CANCELED").activity_task_canceled_event_attributes
        entry.scheduled_event_id = scheduled


@st.composite
def histories(draw: st.DrawFn, *, run_id: str = "x", steps: int = 8) -> list[HistoryEvent]:
    made = History(run_id)
    turn = 0
    for _ in range(draw(st.integers(0, steps))):
        match draw(st.sampled_from(["turn", "turn", "signal", "wait", "state", "other"])):
            case "turn":
                turn += 1
                _turn(draw, made, turn)
            case "signal":
                _signal(draw, made)
            case "wait":
                _wait(draw, made, turn)
            case "state":
                upsert = made.add("UPSERT_WORKFLOW_SEARCH_ATTRIBUTES")
                fields = upsert.upsert_workflow_search_attributes_event_attributes
                state = draw(st.sampled_from(list(RunState)))
                attributes = fields.search_attributes.indexed_fields
                attributes["HarnessState"].CopyFrom(payload(f'"{state.value}"'))
            case _:
                made.add(draw(st.sampled_from(["TIMER_STARTED", "WORKFLOW_TASK_COMPLETED"])))
    _end(draw, made)
    return made.entries


def _turn(draw: st.DrawFn, made: History, turn: int) -> None:
    request = CallModel(spec="s", messages=(user_message(draw(TEXT)),), turn=turn)
    attempt = draw(st.sampled_from([None, 1, 1, 3]))
    asked = made.schedule("call_model", request, attempt=attempt)
    end = draw(st.sampled_from(["reply", "reply", "reply", "fail", "time out", "cancel", "open"]))
    if end == "fail":
        made.fail(asked, draw(st.sampled_from(["provider.server", "SomethingElse"])))
    elif end == "time out":
        made.time_out(asked)
    elif end == "cancel":
        made.cancel(asked)
    elif end == "reply" and attempt is not None:
        ids = [f"c{turn}{number}" for number in range(draw(st.integers(0, 2)))]
        calls = tuple(ToolCall(id=id, name="look", arguments={}) for id in ids)
        message = Message(role="assistant", parts=(Text(text=draw(TEXT) or "x"), *calls))
        reply = ModelTurn(
            head="h", message=message, model="m/x", usage=Usage(input=1), finish="stop", ms=1.0
        )
        made.complete(asked, reply)
        for id in ids:
            _tool(draw, made, turn, id)


def _tool(draw: st.DrawFn, made: History, turn: int, id: str) -> None:
    call = ToolCall(id=id, name="look", arguments={})
    result = ToolResult(call=id, name="look", content=draw(TEXT))
    outcome = ToolOutcome(result=result, ms=1.0)
    match draw(st.sampled_from(["remote", "asks", "inline", "inline fails", "fails", "open"])):
        case "inline":
            _marker(made, outcome)
        case "inline fails":
            _marker(made, None)
        case end:
            asked = made.schedule("run_tool", RunTool(call=call, turn=turn))
            if end == "fails":
                made.fail(asked, "tool.failed")
            elif end != "open":
                made.complete(asked, ToolOutcome(need="approval") if end == "asks" else outcome)


def _marker(made: History, outcome: ToolOutcome | None) -> None:
    marker = made.add("MARKER_RECORDED").marker_recorded_event_attributes
    marker.marker_name = "core_local_activity"
    data = b'{"activity_type":"run_tool","attempt":1}'
    marker.details["data"].payloads.append(payload(data))
    if outcome is None:
        marker.failure.message = "no"
    else:
        marker.details["result"].payloads.append(payload(outcome))


def _signal(draw: st.DrawFn, made: History) -> None:
    name = draw(st.sampled_from(["hint", "abort", "pause", "resume", "other"]))
    signal = made.add("WORKFLOW_EXECUTION_SIGNALED").workflow_execution_signaled_event_attributes
    signal.signal_name = name
    said = draw(st.sampled_from(['"now"', '{"text":"x"}', "{", "", "[1]", '{"reason":"x"}']))
    signal.input.payloads.append(payload(said))


def _wait(draw: st.DrawFn, made: History, turn: int) -> None:
    waits = Pending(id="w", turn=turn, need="answer", question="?", since=1.0)
    memo = made.add("WORKFLOW_PROPERTIES_MODIFIED").workflow_properties_modified_event_attributes
    listed = b"[" + waits.wire() + b"]"
    memo.upserted_memo.fields["waiting"].CopyFrom(payload(listed))
    if draw(st.booleans()):
        accepted = made.add("WORKFLOW_EXECUTION_UPDATE_ACCEPTED")
        request = accepted.workflow_execution_update_accepted_event_attributes.accepted_request
        request.input.name = "decide"
        request.input.args.payloads.append(payload('{"id":"w","verdict":"answer","answer":"x"}'))
        ended = made.add("WORKFLOW_EXECUTION_UPDATE_COMPLETED")
        completed = ended.workflow_execution_update_completed_event_attributes
        completed.accepted_event_id = accepted.event_id
        decision = Decision(id="w", verdict="answer")
        completed.outcome.success.payloads.append(payload(decision))


def _end(draw: st.DrawFn, made: History) -> None:
    match draw(st.sampled_from(["open", "completed", "failed", "terminated", "timed out"])):
        case "completed":
            ended = made.add("WORKFLOW_EXECUTION_COMPLETED")
            result = RunEnd(state=RunState.COMPLETED, output="done", totals=Totals())
            fields = ended.workflow_execution_completed_event_attributes
            fields.result.payloads.append(payload(result))
        case "failed":
            ended = made.add("WORKFLOW_EXECUTION_FAILED")
            failure = ended.workflow_execution_failed_event_attributes.failure
            failure.message, failure.application_failure_info.type = "2 turns", "run.budget"
        case "terminated":
            made.add("WORKFLOW_EXECUTION_TERMINATED")
        case "timed out":
            made.add("WORKFLOW_EXECUTION_TIMED_OUT")
        case _:
            pass


@st.composite
def chains(draw: st.DrawFn) -> list[tuple[str, list[HistoryEvent]]]:
    """Executions of one run: resets keep the beginning of the one before."""
    made: list[tuple[str, list[HistoryEvent]]] = [("x", draw(histories(steps=5)))]
    for number in range(draw(st.integers(0, 2))):
        before_id, before = made[-1]
        run_id = f"x{number}"
        later: list[Any] = []
        if draw(st.booleans()) and len(before) > 1:
            kept = draw(st.integers(1, len(before) - 1))
            after = draw(histories(run_id=run_id, steps=3))[1:]
            branch = History(run_id)
            branch.entries = [HistoryEvent.FromString(e.SerializeToString()) for e in before[:kept]]
            failed = branch.add("WORKFLOW_TASK_FAILED").workflow_task_failed_event_attributes
            cause = WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_RESET_WORKFLOW
            failed.cause, failed.base_run_id, failed.new_run_id = cause, before_id, run_id
            later = _renumbered(branch.entries, after)
        else:
            later = draw(histories(run_id=run_id, steps=3))
        made.append((run_id, later))
    return made


def _renumbered(kept: list[HistoryEvent], after: list[HistoryEvent]) -> list[HistoryEvent]:
    shift = len(kept) - 1
    for entry in after:
        entry.event_id += shift
        for field, value in entry.ListFields():
            for name in ("scheduled_event_id", "accepted_event_id"):
                if field.message_type and getattr(value, name, 0):
                    setattr(value, name, getattr(value, name) + shift)
    return [*kept, *after]
