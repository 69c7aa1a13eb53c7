"""Rules for signals, updates and pending decisions."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter
from temporalio.api.history.v1 import HistoryEvent, WorkflowExecutionSignaledEventAttributes

from harness.contracts import event as e
from harness.contracts.errors import InvalidSignal, SteeringError
from harness.contracts.family import is_session
from harness.contracts.run import Carry, Pending
from harness.contracts.steering import (
    SIGNALS,
    Abort,
    Decided,
    Hint,
    Pause,
    Steering,
    Verdict,
    check_size,
    read_decide,
    read_signal,
)
from harness.contracts.verdicts import Decision, refusal_text, short_digest
from harness.journal.payloads import read_first, read_plain
from harness.journal.state import Draft, State

LAPSED = "nobody decided in time"
PENDING = TypeAdapter(list[Pending])
PENDING_FIELDS = (
    "id", "turn", "need", "question", "tool", "effect", "arguments", "ruling", "until",
)  # fmt: skip


def on_signal(state: State, entry: HistoryEvent) -> Draft:
    attributes = entry.workflow_execution_signaled_event_attributes
    name, identity = attributes.signal_name, _identify_sender(attributes)
    try:
        if name not in SIGNALS:
            raise InvalidSignal(f"there is no signal {name!r}; known are {', '.join(SIGNALS)}")
        read = read_signal(name, read_plain(attributes.input))
        if state.bounded:
            check_size(name, read)
            if isinstance(read, Hint):
                state.room.take(read.text)
    except SteeringError as error:
        return [(e.SignalRefused, {"signal": name, "message": error.message, "by": identity})]
    if isinstance(read, Abort):
        state.why = state.why or read.reason
    return [_event_of(read, _name_sender(read.by, identity))]


def _identify_sender(attributes: WorkflowExecutionSignaledEventAttributes) -> str | None:
    """The client that sent a signal, or the workflow, such as a conversation's: for it, Temporal
    names a part of its own server."""
    return attributes.external_workflow_execution.workflow_id or attributes.identity or None


def _event_of(read: Steering, by: str | None) -> tuple[type[Any], dict[str, Any]]:
    if isinstance(read, Hint):
        return e.HintReceived, {"text": read.text, "interrupt": read.interrupt, "by": by}
    if isinstance(read, Abort):
        undo = True if read.undo else None
        return e.AbortRequested, {"reason": read.reason, "undo": undo, "by": by}
    kind = e.PauseRequested if isinstance(read, Pause) else e.ResumeRequested
    return kind, {"reason": read.reason, "by": by}


def on_cancel_requested(state: State, entry: HistoryEvent) -> Draft:
    attributes = entry.workflow_execution_cancel_requested_event_attributes
    reason = attributes.cause or "cancelled"
    state.why = state.why or reason
    return [(e.AbortRequested, {"reason": reason, "by": attributes.identity or None})]


def on_update_accepted(state: State, entry: HistoryEvent) -> Draft:
    attributes = entry.workflow_execution_update_accepted_event_attributes
    request = attributes.accepted_request
    if request.input.name == "decide":
        decide = read_decide(read_plain(request.input.args))
        state.updates[entry.event_id] = (decide, request.meta.identity or None)
    return []


def on_update_completed(state: State, entry: HistoryEvent) -> Draft:
    attributes = entry.workflow_execution_update_completed_event_attributes
    found = state.updates.pop(attributes.accepted_event_id, None)
    outcome = attributes.outcome
    if found is None or not outcome.HasField("success"):
        return []
    decide, identity = found
    decision = read_first(Decision, outcome.success)
    if decision is None:
        return []
    asked = state.asked.pop(decision.id, None)
    state.announced.discard(decision.id)
    decided = Decided(
        need=asked.need if asked else "approval",
        verdict=decision.verdict,
        by=_name_sender(decision.by, identity),
        note=decision.note,
        answer=decide.answer if decision.verdict == "answer" else None,
        arguments=decision.arguments or decide.arguments,
        remember=decide.remember,
    )
    return _apply_decision(state, decision.id, asked, decided)


def _apply_decision(state: State, id: str, asked: Pending | None, decided: Decided) -> Draft:
    """The decision, and the end of its call if the decision is its result."""
    made = {**decided.model_dump(), "need": asked.need if asked else None}
    yield e.DecisionMade, {"id": id, **made}
    if asked is None or asked.tool is None:
        return
    state.decided[id] = decided
    if not _is_result(decided):
        return
    answered = decided.verdict == "answer"
    state.close_call(id)
    fields = {
        "turn": asked.turn,
        "call_id": id,
        "name": asked.tool,
        "content": decided.answer or "" if answered else refusal_text(asked.need, decided.note),
        "ok": answered,
        "attempts": 0,
        "decided": decided,
    }
    yield e.ToolCallFinished, fields


def _lapse(state: State, asked: Pending | None) -> Draft:
    """The rule's own decision about what nobody decided in time, unless it asks others."""
    ruling = asked and asked.ruling
    if asked is None or ruling is None or asked.until is None:
        return
    if ruling.then not in ("allow", "deny"):
        return
    verdict: Verdict = "approve" if ruling.then == "allow" else "reject"
    made = Decided(need=asked.need, verdict=verdict, by=f"rule {ruling.rule}", note=LAPSED)
    state.decided[asked.id] = made
    yield e.DecisionMade, {"id": asked.id, **made.model_dump()}


def _is_result(decided: Decided) -> bool:
    """Whether the decision is the result of the call."""
    answers = decided.verdict == "answer" and decided.need == "answer"
    return answers or decided.verdict == "reject"


def carry_on(state: State, carry: Carry) -> None:
    """Restore the state of an execution that ended in the middle of a reply's calls."""
    results, held = carry.results or {}, carry.held or {}
    state.open_calls = [call for call in carry.calls or () if call.id not in results]
    for id, decide in (carry.decided or {}).items():
        need = held[id].outcome.need if id in held else None
        if need is None:
            continue
        answer = decide.answer if decide.verdict == "answer" else None
        fields = decide.model_dump(include={"verdict", "by", "note", "arguments", "remember"})
        state.decided[id] = decided = Decided(need=need, answer=answer, **fields)
        if _is_result(decided):
            state.close_call(id)


def _name_sender(by: str | None, identity: str | None) -> str | None:
    """Name the person who acted, and the sender that Temporal recorded if it differs. Who sent a
    message to a conversation, which passes it on, is known to the conversation alone."""
    if by is None or identity is None or by == identity:
        return by or identity
    if is_session(identity):
        return by
    return f"{by} (sent by {identity})"


def on_memo(state: State, entry: HistoryEvent) -> Draft:
    memo = entry.workflow_properties_modified_event_attributes.upserted_memo
    payload = memo.fields.get("waiting")
    if payload is None:
        return
    before = state.asked
    state.asked = {each.id: each for each in PENDING.validate_json(payload.data or b"[]") or []}
    for id in sorted(state.announced - state.asked.keys()):
        yield from _lapse(state, before.get(id))
    state.announced &= state.asked.keys()
    for pending in state.asked.values():
        if pending.id in state.announced:
            continue
        state.announced.add(pending.id)
        fields = {name: getattr(pending, name) for name in PENDING_FIELDS}
        yield e.DecisionRequested, {**fields, "digest": short_digest(pending.asked)}
