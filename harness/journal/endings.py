"""Rules for the ways a run ends, ours and the engine's own."""

from __future__ import annotations

from typing import Any

from temporalio.api.history.v1 import HistoryEvent

from harness.contracts import event as e
from harness.contracts.errors import by_code
from harness.contracts.run import RunResult, RunState
from harness.journal.payloads import error_info, first
from harness.journal.state import Draft, State


def completed(state: State, entry: HistoryEvent) -> Draft:
    result = first(RunResult, entry.workflow_execution_completed_event_attributes.result)
    return [(e.RunEnded, _fields(result))] if result else []


def failed(state: State, entry: HistoryEvent) -> Draft:
    failure = entry.workflow_execution_failed_event_attributes.failure
    details = failure.application_failure_info.details
    result = first(RunResult, details)
    error = result.error if result and result.error else error_info(failure)
    if error.code == "run.budget":
        yield e.BudgetReached, {"budget": error.message}
    fields = _fields(result) if result else {"output": state.reply, "totals": state.totals}
    yield e.RunEnded, {**fields, "state": RunState.FAILED, "error": error}


def canceled(state: State, entry: HistoryEvent) -> Draft:
    fields = {
        "state": RunState.ABORTED,
        "output": state.reply,
        "reason": state.why,
        "totals": state.totals,
        "head": state.head,
        "undone": state.undone,
    }
    return [(e.RunEnded, fields)]


def terminated(state: State, entry: HistoryEvent) -> Draft:
    attributes = entry.workflow_execution_terminated_event_attributes
    by = f" by {attributes.identity}" if attributes.identity else ""
    reason = f": {attributes.reason}" if attributes.reason else ""
    return [_from_outside(state, "run.terminated", f"terminated{by}{reason}")]


def timed_out(state: State, entry: HistoryEvent) -> Draft:
    return [_from_outside(state, "run.timed_out", "the engine's time limit was reached")]


def _from_outside(state: State, code: str, message: str) -> tuple[type[Any], dict[str, Any]]:
    error = by_code(code, message).info
    # No head: what the run held was not saved.
    fields = {
        "state": RunState.FAILED, "output": state.reply, "error": error, "totals": state.totals,
    }  # fmt: skip
    return e.RunEnded, fields


def _fields(result: RunResult) -> dict[str, Any]:
    names = (
        "state", "output", "data", "truncated", "reason", "error", "undone", "totals", "head",
    )  # fmt: skip
    return {name: getattr(result, name) for name in names}
