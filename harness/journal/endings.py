"""Rules for the ends of runs, harness's and Temporal's own."""

from __future__ import annotations

from typing import Any

from temporalio.api.history.v1 import HistoryEvent

from harness.contracts import event as e
from harness.contracts.errors import (
    BudgetReached,
    HarnessError,
    RunTerminated,
    RunTimedOut,
    ToolDenied,
)
from harness.contracts.run import RunEnd, RunState
from harness.contracts.tool import RunTool
from harness.journal.payloads import error_info, read_first
from harness.journal.state import Draft, State


def on_completed(state: State, entry: HistoryEvent) -> Draft:
    result = read_first(RunEnd, entry.workflow_execution_completed_event_attributes.result)
    if result:
        yield from _end_open_calls(state)
        yield e.RunEnded, _result_fields(result)


def on_failed(state: State, entry: HistoryEvent) -> Draft:
    failure = entry.workflow_execution_failed_event_attributes.failure
    details = failure.application_failure_info.details
    result = read_first(RunEnd, details)
    error = result.error if result and result.error else error_info(failure)
    yield from _end_open_calls(state)
    if error.code == BudgetReached.code:
        yield e.BudgetReached, {"budget": error.message}
    fields = _result_fields(result) if result else {"output": state.reply, "totals": state.totals}
    yield e.RunEnded, {**fields, "state": RunState.FAILED, "error": error}


def on_canceled(state: State, entry: HistoryEvent) -> Draft:
    fields = {
        "state": RunState.ABORTED,
        "output": state.reply,
        "reason": state.why,
        "totals": state.totals,
        "head": state.head,
        "undone": state.undone,
    }
    yield from _end_open_calls(state)
    yield e.RunEnded, fields


def on_terminated(state: State, entry: HistoryEvent) -> Draft:
    attributes = entry.workflow_execution_terminated_event_attributes
    by = f" by {attributes.identity}" if attributes.identity else ""
    reason = f": {attributes.reason}" if attributes.reason else ""
    yield from _end_open_calls(state)
    yield _from_outside(state, RunTerminated(f"terminated{by}{reason}"))


def on_timed_out(state: State, entry: HistoryEvent) -> Draft:
    yield from _end_open_calls(state)
    yield _from_outside(state, RunTimedOut("a time limit of Temporal was reached"))


def _end_open_calls(state: State) -> Draft:
    """End every requested call, even if the run ended before it."""
    running = {
        each.input.call.id for each in state.scheduled.values() if isinstance(each.input, RunTool)
    }
    for call in state.open_calls:
        why = f" ({state.why})" if state.why else ""
        words = f"not run: the run ended{why}"
        if call.id in running:
            words = f"the run ended{why} before the call returned; it may have happened"
        fields: dict[str, Any] = {
            "turn": state.turn,
            "call_id": call.id,
            "name": call.name,
            "content": words,
            "ok": False,
            "error": ToolDenied(words).info,
            "attempts": 0,
            "decided": state.decided.get(call.id),
            "unrun": True,
        }
        yield e.ToolCallFinished, fields
    state.open_calls = []


def _from_outside(state: State, error: HarnessError) -> tuple[type[Any], dict[str, Any]]:
    # No head: the run's last messages were not saved.
    fields = {
        "state": RunState.FAILED, "output": state.reply, "error": error.info,
        "totals": state.totals,
    }  # fmt: skip
    return e.RunEnded, fields


def _result_fields(result: RunEnd) -> dict[str, Any]:
    names = (
        "state", "output", "data", "truncated", "reason", "error", "undone", "totals", "head",
        "handed_to",
    )  # fmt: skip
    return {name: getattr(result, name) for name in names}
