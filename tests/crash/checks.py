"""What must hold of every trial. Pure: evidence in, violations out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.contracts import event as e
from harness.contracts.effect import EffectRow
from harness.contracts.run import RunState
from tests.crash.case import Decided
from tests.crash.line import Visit
from tests.crash.model import text_of
from tests.crash.plan import ASKED, INLINE, STAYS, WRITES, Trial
from tests.crash.world import PLAN_FILE

Events = Sequence[e.DurableEvent]


@dataclass(frozen=True, kw_only=True)
class Evidence:
    trial: Trial
    trace: Events
    """From history, after the end."""
    followers: Sequence[Events]
    snapshots: Sequence[Events]
    """Traces that were read on the way."""
    trouble: Sequence[str]
    """What followers found out of order, live text included."""
    rows: Sequence[EffectRow]
    effects: Mapping[str, Sequence[str]]
    """The key of each effect in the world, by the text of its call."""
    requests: Sequence[tuple[str, str]]
    """Key and text of what the post office was asked."""
    files: Mapping[str, str]
    decisions: Sequence[Decided]
    visits: Sequence[Visit]


def violations(found: Evidence) -> list[str]:
    checks = (ended, calls, streams, world, ledger, asked)
    return [words for check in checks for words in check(found)]


def ended(found: Evidence) -> Iterator[str]:
    """The run ended as its script says."""
    last = found.trace[-1] if found.trace else None
    if not isinstance(last, e.RunEnded):
        yield f"lost: the run has not ended; the last event is {last and last.type}"
        return
    if last.state is not RunState.COMPLETED:
        yield f"lost: it ended as {last.state} ({last.error or last.reason})"
    final = text_of(found.trial, len(found.trial.replies))
    if not last.output.startswith(final):
        yield f"lost: its answer is {last.output!r}"


def calls(found: Evidence) -> Iterator[str]:
    """Each call of the script was asked for once and came to one good end."""
    wanted = Counter((call.tool, call.text) for call in found.trial.calls)
    requested = [event.call for event in found.trace if isinstance(event, e.ToolCallRequested)]
    got = Counter((call.name, _text(call.arguments)) for call in requested)
    if wanted != got:
        yield f"lost: of the calls {dict(wanted)} it made {dict(got)}"
    rejected = {each.call for each in found.decisions if each.verdict == "reject"}
    ends = Counter(event.call_id for event in found.trace if isinstance(event, e.ToolCallFinished))
    for call in requested:
        if ends[call.id] != 1:
            yield f"lost: call {call.id} of {call.name} has {ends[call.id]} ends"
    for event in found.trace:
        if not isinstance(event, e.ToolCallFinished) or _is_late(event):
            continue
        if event.ok is (event.call_id in rejected or event.name == STAYS):
            why = "it stays too long" if event.name == STAYS else "a person rejected it"
            ended = f"succeeded, though {why}" if event.ok else "failed"
            yield f"lost: {event.name} {ended}: {event.content}"


def _is_late(event: e.ToolCallFinished) -> bool:
    """Whether an inline call took over a second: on a busy machine, not only the one that stays."""
    late = "timed out" in event.content or "took longer" in event.content
    return event.name in INLINE and not event.ok and late


def streams(found: Evidence) -> Iterator[str]:
    """Who followed saw what history says, each event once; and what was read once never changed."""
    truth = _seen(found.trace)
    for number, events in enumerate(found.followers, 1):
        yield from _compare(f"follower {number}", _seen(events), truth)
    for number, events in enumerate(found.snapshots, 1):
        read = _seen(events)
        yield from _compare(f"trace {number}", read, truth[: len(read)])
    for words in found.trouble:
        yield f"stream: {words}"


def _compare(who: str, seen: list[tuple[str, str]], truth: list[tuple[str, str]]) -> Iterator[str]:
    cursors = [cursor for cursor, _ in seen]
    if repeated := [cursor for cursor, times in Counter(cursors).items() if times > 1]:
        yield f"stream: {who} saw {repeated[0]} twice"
        return
    for place, (was, should) in enumerate(zip(seen, truth, strict=False)):
        if was != should:
            what = "a gap before" if was[0] != should[0] else "another event at"
            yield f"stream: {who} has {what} {was[0]} (event {place + 1}): {should[1]}"
            return
    if len(seen) != len(truth):
        yield f"stream: {who} saw {len(seen)} of {len(truth)} events"


def world(found: Evidence) -> Iterator[str]:
    """Each effect once; where a person lied, what follows from the lie."""
    wanted = Counter(call.text for call in found.trial.calls if call.tool in WRITES)
    for call in dict.fromkeys(call for call in found.trial.calls if call.tool in WRITES):
        there = Counter(found.effects.get(call.text, ()))
        keys = {row.key for row in found.rows if _text(row.arguments) == call.text}
        should = {key: times for key in keys if (times := _times(key, found.decisions))}
        if len(keys) != wanted[call.text]:
            yield f"effect: {call.tool} {call.text} has {len(keys)} keys, not {wanted[call.text]}"
        elif dict(there) != should:
            more = "doubled" if sum(there.values()) > sum(should.values()) else "missing"
            yield f"effect: {more}: {call.tool} {call.text} is {dict(there)}, not {should}"
    if found.files != files_after(found.trial):
        yield f"effect: the folder is {dict(found.files)}, not {files_after(found.trial)}"


def _times(key: str, decisions: Sequence[Decided]) -> int:
    """How often the effect is to be in the world."""
    of_key = [each for each in decisions if each.key == key and not each.busy]
    if not of_key:
        return 1
    return of_key[-1].happened + (of_key[-1].verdict == "approve")


def files_after(trial: Trial) -> dict[str, str]:
    files = {"plan.txt": PLAN_FILE}
    for call in trial.calls:
        arguments = dict(call.arguments)
        if call.tool == "write_file":
            files[arguments["path"]] = arguments["content"]
        elif call.tool == "edit_file":
            files["plan.txt"] = PLAN_FILE.replace("draft", arguments["new"])
    return files


def ledger(found: Evidence) -> Iterator[str]:
    """One row for each call, done."""
    wanted = Counter((call.tool, call.text) for call in found.trial.effects)
    got = Counter((row.tool, _text(row.arguments)) for row in found.rows)
    if wanted != got:
        yield f"ledger: of {dict(wanted)} it has {dict(got)}"
    last = {each.key: each.verdict for each in found.decisions if not each.busy}
    for row in found.rows:
        should = "begun" if last.get(row.key) == "reject" else "done"
        if row.state != should:
            yield f"ledger: {row.tool} {_text(row.arguments)} is {row.state}, not {should}"


def asked(found: Evidence) -> Iterator[str]:
    """What is not known is asked of the tool that asks, and shown in `pending`; nothing else is."""
    decided = [event for event in found.trace if isinstance(event, e.DecisionMade)]
    if len(decided) != len(found.decisions):
        yield f"asked: {len(found.decisions)} decisions were sent, {len(decided)} were taken"
    for each in found.decisions:
        if not each.pending:
            yield f"asked: {each.tool} {each.text} was not in `pending`"
        if each.tool != ASKED and not each.busy:
            yield f"asked: a person was asked of {each.tool} {each.text}: {each.question}"
    for key, times in Counter(key for key, _ in found.requests).items():
        allowed = sum(
            each.key == key and each.verdict == "approve" and not each.busy
            for each in found.decisions
        )
        if times > 1 + allowed:
            yield f"asked: {ASKED} was made {times} times, and allowed {allowed} times more"
    begun = Counter(
        visit.key for visit in found.visits if (visit.tool, visit.point) == (ASKED, "before")
    )
    for key, times in begun.items():
        answers = [each for each in found.decisions if each.key == key and not each.busy]
        if times > 1 + len(answers):
            yield f"asked: {ASKED} was begun {times} times, and asked about {len(answers)} times"


def undone(rows: Sequence[EffectRow], effects: Mapping[str, Sequence[str]],
           files: Mapping[str, str]) -> Iterator[str]:  # fmt: skip
    """The world is as it was before the run."""
    for row in rows:
        if row.state != "undone":
            yield f"undo: {row.tool} {_text(row.arguments)} is {row.state} ({row.note})"
    for text, keys in effects.items():
        if keys:
            yield f"undo: {text} is still there"
    if files != {"plan.txt": PLAN_FILE}:
        yield f"undo: the folder is {dict(files)}"


def _seen(events: Events) -> list[tuple[str, str]]:
    return [(str(event.cursor), event.model_dump_json()) for event in events]


def _text(arguments: dict[str, Any] | str) -> str:
    """What names a call, as in the plan."""
    return str(next(iter(arguments.values()), "")) if isinstance(arguments, dict) else arguments
