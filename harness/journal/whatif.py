"""The outcome of a run after a turn, and the differences of a what-if from its source. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import takewhile
from statistics import median
from typing import Any

from harness.contracts import event as e
from harness.contracts.errors import CallNotRecorded, InvalidToolArguments, UnknownTool
from harness.contracts.event import DurableEvent
from harness.contracts.run import RunState
from harness.contracts.whatif import (
    Called,
    ForkOutcome,
    How,
    Outcome,
    SourceOutcome,
    Verdict,
    WhatIfReport,
    call_key,
)
from harness.journal.branches import drop_reset_events

MISTAKES = frozenset({UnknownTool.code, InvalidToolArguments.code})
VERDICTS: tuple[Verdict, ...] = ("same", "different", "failed")


def read_outcome(events: Iterable[DurableEvent], after: int) -> Outcome | None:
    """Read the outcome after a turn; None if there is no start event."""
    kept = drop_reset_events(events)
    started = next((each for each in kept if isinstance(each, e.RunStarted)), None)
    if started is None:
        return None
    own = [each for each in kept if getattr(each, "turn", 0) > after]
    replies = [each for each in own if isinstance(each, e.ModelReplied)]
    ended = kept[-1] if isinstance(kept[-1], e.RunEnded) else None
    costs = [each.cost_micros for each in replies if each.cost_micros is not None]
    begun = next((each.at for each in own), started.at)
    return Outcome(
        run=started.run,
        model=replies[-1].model if replies else started.model,
        state=ended.state if ended else _last_state(kept),
        output=ended.output if ended else (replies[-1].message.text if replies else ""),
        data=ended.data if ended else None,
        reason=ended.reason if ended else None,
        error=ended.error if ended else None,
        turns=len({each.turn for each in own if isinstance(each, e.ModelCalled)}),
        calls=_list_calls(own),
        tokens=sum(each.usage.total for each in replies),
        cost_micros=sum(costs) if costs else None,
        seconds=max(0.0, kept[-1].at - begun),
    )


def _last_state(events: Sequence[DurableEvent]) -> RunState:
    states = [each.state for each in events if isinstance(each, e.StateChanged)]
    return states[-1] if states else RunState.RUNNING


def _list_calls(events: Sequence[DurableEvent]) -> tuple[Called, ...]:
    finished = {
        (each.turn, each.call_id): each for each in events if isinstance(each, e.ToolCallFinished)
    }
    return tuple(
        Called(
            turn=each.turn,
            name=call.name,
            arguments=call.arguments,
            how=_classify_call(finished.get((each.turn, call.id))),
        )
        for each in events
        if isinstance(each, e.ModelReplied) and not each.interrupted
        for call in each.message.calls
    )


def _classify_call(event: e.ToolCallFinished | None) -> How:
    if event is None or not event.attempts:  # nothing ran: a person decided, or the run ended
        return "open"
    if event.played:
        return "played"
    code = event.error.code if event.error else None
    if code == CallNotRecorded.code:
        return "refused"
    return "invalid" if code in MISTAKES else "ran"


def compare_outcomes(was: Outcome, fork: Outcome) -> ForkOutcome:
    both_done = was.state is fork.state is RunState.COMPLETED
    same = both_done and _answer_of(was) == _answer_of(fork)
    failed = fork.state is not RunState.COMPLETED
    pairs = zip(was.calls, fork.calls, strict=False)
    alike = sum(1 for _ in takewhile(lambda pair: _key_of(pair[0]) == _key_of(pair[1]), pairs))
    rest = [calls[alike].turn for calls in (was.calls, fork.calls) if len(calls) > alike]
    return ForkOutcome(
        **dict(fork),
        verdict="failed" if failed else "same" if same else "different",
        same_answer=same,
        same_calls=alike,
        parts=min(rest) if rest else None,
    )


def _answer_of(of: Outcome) -> Any:
    """What to compare: the typed result, or the text with its white space normalized."""
    return of.data if of.data is not None else " ".join(of.output.split())


def _key_of(call: Called) -> str:
    return call_key(call.name, call.arguments)


def compute_medians(outcomes: Sequence[Outcome]) -> dict[str, float]:
    """Compute the medians of tokens, cost and seconds; cost only if all are known."""
    if not outcomes:
        return {}
    found: dict[str, float] = {
        "tokens": median(each.tokens for each in outcomes),
        "seconds": median(each.seconds for each in outcomes),
    }
    costs = [each.cost_micros for each in outcomes if each.cost_micros is not None]
    if len(costs) == len(outcomes):
        found["cost_micros"] = median(costs)
    return found


def summary(report: WhatIfReport) -> dict[str, Any]:
    """The report in figures, ready for JSON.

    Args:
        report: What `whatif` returned.

    Returns:
        Counts of verdicts, medians of tokens, cost and time, and the same for each source.
    """
    return {
        "label": report.label,
        "at": report.at,
        "changes": list(report.changes),
        "live_reads": bool(report.live_reads),
        "complete": report.complete,
        "forks": len(report.forks),
        **{each: report.count(each) for each in VERDICTS},
        "median": compute_medians(report.forks),
        "was": compute_medians([each.was for each in report.sources if each.was]),
        "sources": [_summarize_source(each) for each in report.sources],
    }


def _summarize_source(each: SourceOutcome) -> dict[str, Any]:
    data: dict[str, Any] = {"source": each.source, "recorded": each.recorded}
    if each.was:
        kept = {"model", "state", "output", "data", "turns", "tokens", "cost_micros", "seconds"}
        data["was"] = each.was.model_dump(mode="json", exclude_none=True, include=kept)
    data |= {verdict: each.count(verdict) for verdict in VERDICTS}
    data["median"] = compute_medians(each.forks)
    if each.error:
        data["error"] = each.error.model_dump(mode="json", exclude_none=True)
    return data
