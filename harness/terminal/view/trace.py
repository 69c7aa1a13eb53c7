"""Format events as lines of a trace. Each line depends only on its own event, so printed lines stay
true. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from harness.contracts import event as e
from harness.contracts.event import DurableEvent
from harness.contracts.model import Usage
from harness.journal.attempts import Earlier
from harness.terminal.view.live import STYLES, describe_decision
from harness.terminal.view.text import (
    clean_shown,
    count_of,
    cut_cost,
    describe_prompt,
    describe_undone,
    format_cached,
    format_call,
    format_duration,
    format_money,
    format_totals,
    one_line,
)

SHOWN = 100


class Line(NamedTuple):
    what: str
    """One line of text."""
    facts: tuple[str, ...] = ()
    """Latencies, attempts, tokens, cost, person."""
    style: str = ""


def event_line(event: DurableEvent) -> Line:
    line = _RULES[type(event)](event)
    return line._replace(what=clean_shown(line.what), facts=tuple(map(clean_shown, line.facts)))


def line_after_attempts(attempts: Sequence[Earlier], event: DurableEvent) -> Line:
    """The line of an event after its attempts, without repeating their failure."""
    said = attempts and attempts[-1].logged is not None and attempts[-1].step is event
    if said and isinstance(event, e.ModelReplied | e.ToolCallFinished):
        return event_line(event.model_copy(update={"last_failure": None}))
    return event_line(event)


def attempt_line(attempt: Earlier) -> Line:
    """The line of an attempt before the last one, from the attempt log."""
    found = attempt.logged
    if found is None:
        return Line("not logged: its worker was killed, or could not write the log", style="quiet")
    code = f" [{found.code}]" if found.code else f" ({found.type})"
    facts = [f"failed after {format_duration(found.ended - found.started)}"]
    facts += [f"retry after {format_duration(found.retry_after)}"] if found.retry_after else []
    facts += [] if found.retryable else ["not retried"]
    facts += [f"on {found.who}", "from the attempt log"]
    what = f"{one_line(found.message, SHOWN)}{code}"
    return Line(clean_shown(what), tuple(map(clean_shown, facts)), "bad")


def attempt_facts(attempt: Earlier) -> dict[str, Any]:
    """The same for programs; `event` is the cursor of its step."""
    found = attempt.logged.model_dump(exclude_none=True) if attempt.logged else {}
    where = {"event": str(attempt.step.cursor), "attempt": attempt.attempt}
    return {**where, "logged": attempt.logged is not None, **found}


def format_time(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def ran_on(event: DurableEvent) -> tuple[str, ...]:
    """The worker process that ran the step, and its code."""
    worker: e.Worker | None = getattr(event, "worker", None)
    if worker is None:
        return ()
    return tuple(clean_shown(fact) for fact in (f"on {worker.name}", worker.build) if fact)


def format_offset(seconds: float) -> str:
    """Time since the start of the run, as a column."""
    if seconds < 100:
        return f"{seconds:9.3f}s"
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(int(minutes), 60)
    return f"{hours:3d}:{minutes:02d}:{rest:02.0f} " if hours < 100 else f"{hours:8d}h "


def _run_started(event: e.RunStarted) -> Line:
    if event.continued:
        return Line("continues in a new history", style="quiet")
    facts = [format_time(event.at)]
    facts += [f"by {event.by}"] if event.by else []
    facts += [f"owner {event.owner}"] if event.owner else []
    facts += [f"session {event.session}"] if event.session else []
    if event.parent:
        facts.append(f"fork of {event.parent.run} at turn {event.parent.turn}")
    facts += [f"prompt {describe_prompt(event.template)}"] if event.template else []
    facts += ["what-if: no tool runs"] if event.whatif else []
    what = f"{event.agent} on {event.model}: {one_line(event.prompt, SHOWN)}"
    return Line(what, tuple(facts), "bold")


def _state_changed(event: e.StateChanged) -> Line:
    return Line(f"now {event.state.value}", style=STYLES.get(event.state, "quiet"))


def _model_called(event: e.ModelCalled) -> Line:
    parts = [count_of(len(event.messages), "new message")]
    named = [m for m in event.messages if m.origin in ("instructions", "hint")]
    parts += [f"{m.origin}: {one_line(m.text, 60)}" for m in named]
    again = f", call {event.call + 1} of the turn" if event.call else ""
    return Line(f"calls {event.model}{again}: {'; '.join(parts)}", style="quiet")


def _model_replied(event: e.ModelReplied) -> Line:
    said = one_line(event.message.text, SHOWN) if event.message.text else ""
    wants = ", ".join(each.name for each in event.message.calls)
    what = " · ".join(filter(None, [said, f"requests {wants}" if wants else ""])) or "(empty)"
    facts = [*_latency_facts(event.queued_ms, event.first_ms, event.ms)]
    facts += _attempt_facts(event.attempts, event.last_failure)
    facts += [f"fell back from {f.model} ({f.code})" for f in event.fallbacks or ()]
    facts += [_token_text(event.usage), format_money(event.cost_micros)]
    facts += [f"{count_of(event.dropped, 'old message')} dropped"] if event.dropped else []
    facts += [f"results of {count_of(event.cleared, 'message')} cleared"] if event.cleared else []
    facts += ["interrupted"] if event.interrupted else []
    facts += [cut_cost(event.cut.attempts, event.cut.cost_micros)] if event.cut else []
    facts += ["cut off at the output limit"] if event.truncated else []
    facts += ["paid for by an earlier attempt"] if event.recovered else []
    return Line(what, tuple(facts))


def _model_failed(event: e.ModelFailed) -> Line:
    what = f"{one_line(event.error.message, SHOWN)} [{event.error.code}]"
    return Line(what, tuple(_attempt_facts(event.attempts, None)), "bad")


def _context_compacted(event: e.ContextCompacted) -> Line:
    what = f"summarizes {count_of(event.summarized, 'message')}: {one_line(event.summary, SHOWN)}"
    facts = (
        f"{event.before:,} → ~{event.after:,} tokens of context",
        f"by {event.model}",
        _token_text(event.usage),
        format_money(event.cost_micros),
    )
    return Line(what, facts, "quiet")


def _compaction_failed(event: e.CompactionFailed) -> Line:
    return Line(
        f"could not summarize: {one_line(event.error.message, SHOWN)} [{event.error.code}]",
        style="bad",
    )


def _tool_requested(event: e.ToolCallRequested) -> Line:
    return Line(format_call(event.call.name, event.call.arguments), style="call")


def _tool_checked(event: e.ToolCallChecked) -> Line:
    return Line(f"{event.name}: checking whether it needs approval", style="quiet")


def _tool_started(event: e.ToolCallStarted) -> Line:
    facts = ("with edited arguments",) if event.edited else ()
    return Line(f"{event.name} sent to a worker", facts, "quiet")


def _tool_finished(event: e.ToolCallFinished) -> Line:
    facts = [*_latency_facts(event.queued_ms, None, event.ms)]
    facts += _attempt_facts(event.attempts, event.last_failure)
    facts += ["played back"] if event.played else []
    facts += [describe_decision(event.decided)] if event.decided else []
    facts += [str(event.ruling)] if event.ruling else []
    facts += [f"whole result: {event.artifact}"] if event.artifact else []
    what = f"{event.name}: {one_line(event.content, SHOWN)}"
    return Line(what, tuple(facts), "good" if event.ok else "bad")


def _child_started(event: e.ChildStarted) -> Line:
    does = "hands over to" if event.handover else "calls"
    what = f"{does} {event.agent}: {one_line(event.prompt, SHOWN)}"
    return Line(what, (f"run {event.child}",), "call")


def _child_ended(event: e.ChildEnded) -> Line:
    code = f": {one_line(event.error.message, SHOWN)} [{event.error.code}]" if event.error else ""
    facts = (format_totals(event.totals),) if event.totals else ()
    return Line(f"run {event.child} {event.state.value}{code}", facts, STYLES.get(event.state, ""))


def _decision_requested(event: e.DecisionRequested) -> Line:
    what = f"{format_call(event.tool, event.arguments)}: " if event.tool else ""
    facts = (f"for {event.need}", event.id, *([f"digest {event.digest}"] if event.digest else []))
    return Line(f"waiting: {what}{one_line(event.question, SHOWN)}", facts, "ask")


def _decision_made(event: e.DecisionMade) -> Line:
    return Line(describe_decision(event), tuple(filter(None, [event.id])), "ask")


def _hint_received(event: e.HintReceived) -> Line:
    what = f"hint{' (interrupts)' if event.interrupt else ''}: {one_line(event.text, SHOWN)}"
    return Line(what, _by_person(event.by), "ask")


def _steering_requested(event: e.PauseRequested | e.ResumeRequested | e.AbortRequested) -> Line:
    name = event.type.removesuffix("_requested")
    return Line(f"{name}{f': {event.reason}' if event.reason else ''}", _by_person(event.by), "ask")


def _signal_refused(event: e.SignalRefused) -> Line:
    return Line(f"{event.signal}: {one_line(event.message, SHOWN)}", _by_person(event.by), "bad")


def _budget_reached(event: e.BudgetReached) -> Line:
    return Line(one_line(event.budget, SHOWN), style="ask")


def _undo_started(event: e.UndoStarted) -> Line:
    return Line("undoing the effects of the run", (event.workflow,), "ask")


def _effects_undone(event: e.EffectsUndone) -> Line:
    return Line(describe_undone(event.undone), style="ask" if event.undone.whole else "bad")


def _run_branched(event: e.Branched) -> Line:
    what = f"continues from an earlier point: {one_line(event.reason, SHOWN)}"
    return Line(what, (f"branch {event.to_run_id} of {event.from_run_id}",), "ask")


def _run_ended(event: e.RunEnded) -> Line:
    said = event.error.message if event.error else (event.reason or event.output)
    facts = (format_totals(event.totals),) if event.totals else ()
    style = STYLES.get(event.state, "")
    state = f"{event.state.value}, truncated" if event.truncated else event.state.value
    return Line(f"{state}: {one_line(said, SHOWN)}", facts, "ask" if event.truncated else style)


def _latency_facts(queued: float | None, first: float | None, total: float | None) -> Iterator[str]:
    for name, ms in (("queued", queued), ("first token", first), ("took", total)):
        if ms is not None:
            yield f"{name} {format_duration(ms / 1e3)}"


def _attempt_facts(attempts: int, why: str | None) -> list[str]:
    if attempts <= 1:
        return []
    return [f"{attempts} attempts{f', the last failure: {one_line(why, SHOWN)}' if why else ''}"]


def _token_text(usage: Usage) -> str:
    about = "~" if usage.estimated else ""
    return f"{about}{usage.input:,}{format_cached(usage)} → {about}{usage.output:,} tokens"


def _by_person(who: str | None, what: str | None = None) -> tuple[str, ...]:
    return tuple(filter(None, [f"by {who}" if who else None, what]))


_RULES: dict[type[Any], Callable[[Any], Line]] = {
    e.RunStarted: _run_started,
    e.StateChanged: _state_changed,
    e.ModelCalled: _model_called,
    e.ModelReplied: _model_replied,
    e.ModelFailed: _model_failed,
    e.ContextCompacted: _context_compacted,
    e.CompactionFailed: _compaction_failed,
    e.ToolCallRequested: _tool_requested,
    e.ToolCallChecked: _tool_checked,
    e.ToolCallStarted: _tool_started,
    e.ToolCallFinished: _tool_finished,
    e.ChildStarted: _child_started,
    e.ChildEnded: _child_ended,
    e.DecisionRequested: _decision_requested,
    e.DecisionMade: _decision_made,
    e.HintReceived: _hint_received,
    e.PauseRequested: _steering_requested,
    e.ResumeRequested: _steering_requested,
    e.AbortRequested: _steering_requested,
    e.SignalRefused: _signal_refused,
    e.BudgetReached: _budget_reached,
    e.UndoStarted: _undo_started,
    e.EffectsUndone: _effects_undone,
    e.Branched: _run_branched,
    e.RunEnded: _run_ended,
}
