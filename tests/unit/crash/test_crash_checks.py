"""The checks of the crash campaign find what is wrong: each kind of harm is done, and is seen."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from harness.contracts import event as e
from harness.contracts.effect import EffectRow
from harness.contracts.message import ToolCall
from harness.contracts.run import RunState
from tests.crash.case import Decided, Follower
from tests.crash.checks import Evidence, calls, files_after, undone, violations
from tests.crash.line import Visit
from tests.crash.model import reply_after, text_of
from tests.crash.plan import ASKED, FILES, KINDS, QUICK, STAYS, WRITES, Call, Strike, Trial, plan

CALLS = tuple(Call(tool, (("text", f"1.{place}"),)) for place, tool in enumerate(WRITES))
TRIAL = Trial(
    number=1, kind=KINDS[0].title, block=0, replies=(CALLS[:2], CALLS[2:]),
    strike=Strike("worker", "inside", "1.0"), lie=None, late_s=0.0, undoing=None,
)  # fmt: skip
MAIL = next(call.text for call in CALLS if call.tool == ASKED)
EFFECTS = {call.text: [f"k{call.text}"] for call in CALLS}
DONE = f"{text_of(TRIAL, 2)} (asked 1 times)"


def made(kind: type[Any], at: int, **fields: Any) -> Any:
    return kind(
        run="r", at=float(at), trace="t", cursor=e.Cursor(run_id="x", event_id=at), **fields
    )


def trace(calls: tuple[Call, ...] = CALLS, *, ok: bool = True) -> list[e.DurableEvent]:
    events: list[Any] = []
    for call in calls:
        asked = ToolCall(id=f"c{call.text}", name=call.tool, arguments=dict(call.arguments))
        events.append(made(e.ToolCallRequested, len(events) + 1, turn=1, call=asked))
        events.append(
            made(
                e.ToolCallFinished, len(events) + 1, turn=1, call_id=asked.id, name=call.tool,
                content="done", ok=ok, attempts=1,
            )
        )  # fmt: skip
    end = {"state": RunState.COMPLETED, "output": DONE}
    return [*events, made(e.RunEnded, len(events) + 1, **end)]


def row(call: Call, **changes: Any) -> EffectRow:
    fields: dict[str, Any] = {
        "key": f"k{call.text}", "seq": 1, "origin": "o", "run": "r", "agent": "a", "turn": 1,
        "call": f"c{call.text}", "tool": call.tool, "effect": "write",
        "arguments": dict(call.arguments), "state": "done", "attempt": 1, "who": "w", "began": 1.0,
    }  # fmt: skip
    return EffectRow(**(fields | changes))


def good() -> Evidence:
    events = trace()
    return Evidence(
        trial=TRIAL, trace=events, followers=[events, events], snapshots=[events[:3], []],
        trouble=[], rows=[row(call) for call in CALLS],
        effects=EFFECTS,
        requests=[(f"k{MAIL}", MAIL)], files=files_after(TRIAL), decisions=[], visits=[],
    )  # fmt: skip


def asked(verdict: Any = "approve", *, happened: bool = False, **changes: Any) -> Decided:
    fields: dict[str, Any] = {"tool": ASKED, "text": MAIL, "key": f"k{MAIL}", "pending": True}
    return Decided(
        call=f"c{MAIL}", question="It may have happened.", happened=happened, verdict=verdict,
        **(fields | changes),
    )  # fmt: skip


def decided(events: list[e.DurableEvent]) -> list[e.DurableEvent]:
    """With one decision before the end."""
    taken = made(e.DecisionMade, 90, id=f"c{MAIL}", verdict="approve")
    return [*events[:-1], taken, made(e.RunEnded, 91, state=RunState.COMPLETED, output=DONE)]


def after_asking(**changes: Any) -> Evidence:
    events = decided(trace())
    said: dict[str, Any] = {"trace": events, "followers": [events], "decisions": [asked()]}
    return dataclasses.replace(good(), **(said | changes))


def test_what_is_right_is_let_through() -> None:
    assert violations(good()) == []
    assert violations(after_asking()) == []


def changed(**changes: Any) -> Callable[[], Evidence]:
    return lambda: dataclasses.replace(good(), **changes)


EVENTS = trace()
HARM: dict[str, tuple[Callable[[], Evidence], str]] = {
    "a lost run": (changed(trace=EVENTS[:-1], followers=[]), "lost: the run has not ended"),
    "a lost call": (changed(trace=trace(CALLS[1:]), followers=[], snapshots=[]), "lost: of the"),
    "a failed call": (changed(trace=trace(ok=False), followers=[], snapshots=[]), "lost: note f"),
    "a gap": (changed(followers=[EVENTS[:2] + EVENTS[3:]]), "stream: follower 1 has a gap"),
    "a repeat": (changed(followers=[EVENTS[:2] + EVENTS[1:]]), "stream: follower 1 saw x/2/0 tw"),
    "an end that was not seen": (changed(followers=[EVENTS[:-1]]), "stream: follower 1 saw 8 of 9"),
    "an event that changed": (changed(snapshots=[trace(ok=False)[:2]]), "stream: trace 1 has ano"),
    "mixed text": (changed(trouble=["two attempts mixed"]), "stream: two attempts mixed"),
    "a doubled effect": (changed(effects=EFFECTS | {"1.0": ["k1.0", "k1.0"]}), "doubled"),
    "an effect of nobody": (changed(effects=EFFECTS | {"1.0": ["k1.0", "x"]}), "doubled"),
    "a missing effect": (changed(effects=EFFECTS | {"1.0": []}), "effect: missing"),
    "a changed file": (changed(files={}), "effect: the folder"),
    "a row that is open": (
        changed(rows=[row(CALLS[0], state="begun"), *good().rows[1:]]), "ledger: note 1.0 is begun",
    ),
    "a row that is gone": (changed(rows=good().rows[1:]), "ledger: of"),
    "an unknown that nobody was asked of": (
        changed(requests=[(f"k{MAIL}", MAIL)] * 2), "asked: mail was made 2 times",
    ),
    "a call that was begun again unasked": (
        changed(visits=[Visit(1, 9, "before", ASKED, MAIL, f"k{MAIL}")] * 2), "asked: mail was beg",
    ),
    "a question without need": (
        lambda: after_asking(decisions=[asked(tool="note")]), "asked: a person was asked of note",
    ),
    "a question that pending did not show": (
        lambda: after_asking(decisions=[asked(pending=False)]), "was not in `pending`",
    ),
    "a decision that was lost": (changed(decisions=[asked()]), "1 decisions were sent, 0 were tak"),
    "what a lie should have done": (
        lambda: after_asking(decisions=[asked(happened=True)]), "effect: missing",
    ),
}  # fmt: skip


@pytest.mark.parametrize("harm", HARM)
def test_harm_is_found(harm: str) -> None:
    make, words = HARM[harm]
    found = violations(make())
    assert any(words in each for each in found), found


@pytest.mark.parametrize(
    ("tool", "ok", "content", "found"),
    [
        (QUICK, True, "saw it", None),
        (QUICK, False, "Activity timed out", None),
        (QUICK, False, "glance took longer than 0.95 s and was abandoned.", None),
        (QUICK, False, "it broke", "lost: glance failed"),
        (STAYS, False, "Activity timed out", None),
        (STAYS, True, "stayed", "lost: stay succeeded, though it stays too long"),
    ],
)
def test_an_inline_call_may_be_late(tool: str, ok: bool, content: str, found: str | None) -> None:
    call = Call(tool, (("text", "1.i0"),))
    trial = dataclasses.replace(TRIAL, replies=((call,),))
    requested, finished, end = trace((call,), ok=ok)
    told = finished.model_copy(update={"content": content})
    evidence = dataclasses.replace(good(), trial=trial, trace=[requested, told, end])
    assert [words.startswith(str(found)) for words in calls(evidence)] == [True] * bool(found)


def test_an_undo_that_left_something_is_found() -> None:
    files = files_after(TRIAL)
    rows = [row(CALLS[0], state="undone")]
    assert list(undone(rows, {"1.0": []}, files)) == []
    assert "is done" in next(undone([row(CALLS[0])], {}, files))
    assert "still there" in next(undone(rows, {"1.0": ["k"]}, files))
    assert "the folder" in next(undone(rows, {}, {}))


def test_a_follower_says_what_was_out_of_order() -> None:
    follower = Follower()
    started = {"agent": "a", "model": "m", "prompt": "p"}
    for event in (made(e.RunStarted, 1, **started), made(e.RunStarted, 1, **started)):
        follower.saw(event)
    assert follower.trouble


def test_a_plan_comes_from_its_seed() -> None:
    assert plan(1, 60) == plan(1, 60)
    assert plan(1, 60) != plan(2, 60)
    assert [trial.number for trial in plan(3, 100)] == list(range(1, 101))


@pytest.mark.parametrize("trials", [15, 24, 100, 333])
def test_a_plan_has_each_kind_by_its_share(trials: int) -> None:
    made = Counter(trial.kind for trial in plan(1, trials))
    assert set(made) == {kind.title for kind in KINDS}
    if trials == 100:
        assert made == {kind.title: kind.share for kind in KINDS}


def test_what_is_struck_is_there() -> None:
    for trial in plan(5, 200):
        strike = trial.strike
        if strike.point in ("first", "middle"):
            assert int(strike.text) <= len(trial.replies)
        else:
            assert strike.text in {call.text for call in trial.calls if call.tool not in FILES}
        places = [reply_after(trial, results) for results in range(len(trial.calls) + 1)]
        assert places == sorted(places)
        assert places[-1] == len(trial.replies)
