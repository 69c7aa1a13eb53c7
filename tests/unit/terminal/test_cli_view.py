"""A run as the terminal shows it, and its card."""

from __future__ import annotations

import io
from typing import Any

from harness.contracts import event as e
from harness.contracts.attempt import Retry
from harness.contracts.effect import Undone, UndoStep
from harness.contracts.errors import (
    ErrorInfo,
    Irreversible,
    ProviderUnreachable,
)
from harness.contracts.message import Message, Text, ToolCall
from harness.contracts.model import Usage
from harness.contracts.run import RunState, Totals
from harness.journal.card import card_of
from harness.terminal.view.console import make_console
from harness.terminal.view.live import TRUNCATED, RunView
from harness.terminal.view.show import show_card
from harness.terminal.view.text import (
    clean_shown,
    format_age,
    format_call,
    format_duration,
    format_money,
    one_line,
)
from harness.terminal.view.trace import event_line as line_of

BASE: dict[str, Any] = {"run": "r", "at": 1.0, "trace": "t"}
STARTED = e.RunStarted(**BASE, agent="a", model="offline/demo", prompt="Do it", by="me@here")
CALLED = e.ModelCalled(**BASE, turn=1, call=0, model="offline/demo", messages=())
ASKED = e.DecisionRequested(
    **BASE, id="call_1", turn=1, need="approval", question="may I?", tool="add", arguments={"a": 1}
)
DECIDED = e.DecisionMade(**BASE, id="call_1", verdict="reject", note="no", by="you@there")


def _make_reply(text: str) -> e.ModelReplied:
    return e.ModelReplied(
        **BASE,
        turn=1,
        call=0,
        model="offline/demo",
        message=Message(role="assistant", parts=(Text(text=text),)),
        usage=Usage(input=10, output=5),
        cost_micros=7,
        ms=1.0,
        attempts=1,
        head="h",
    )


def _draw_events(*events: e.Event) -> str:
    out = io.StringIO()
    view = RunView(make_console(out), "http://page")
    for each in events:
        view.show(each)
    return out.getvalue()


def test_texts_of_two_attempts_are_not_mixed() -> None:
    delta = {"turn": 1, "call": 0}
    seen = _draw_events(
        STARTED,
        e.OutputDelta(**BASE, **delta, attempt=1, offset=0, text="half of"),
        e.OutputReset(**BASE, **delta, attempt=2),
        e.OutputDelta(**BASE, **delta, attempt=2, offset=0, text="the "),
        e.OutputDelta(**BASE, **delta, attempt=2, offset=4, text="whole"),
    )
    lines = seen.splitlines()
    assert lines[-3] == "half of"
    assert "discarded" in lines[-2]
    assert lines[-1] == "the whole"


def test_what_a_model_prints_cannot_steer_the_terminal() -> None:
    evil = "\x1b]0;title\x07\x1b[2Jtext\u009b31m"
    seen = _draw_events(
        e.OutputDelta(**BASE, turn=1, call=0, attempt=1, offset=0, text=evil),
        e.ToolCallRequested(**BASE, turn=1, call=ToolCall(id="1", name="x", arguments=evil)),
        e.ToolCallFinished(
            **BASE, turn=1, call_id="1", name="x", content=evil, ok=True, attempts=1
        ),
    )
    assert "\x1b" not in seen
    assert "\u009b" not in seen
    assert clean_shown("a\x1bb\tc\n\x7f") == "a<U+001B>b\tc\n<U+007F>"


STOPPED = Undone(
    workflow="r.undo",
    count=2,
    stopped=UndoStep(
        call="c1", turn=1, tool="pay", title="pay()", state="stopped",
        obstacle=Irreversible("too late").info,
    ),
)  # fmt: skip


def test_every_kind_of_event_is_shown() -> None:
    error = ErrorInfo(code="run.budget", message="too much", fix="more", retryable=False)
    seen = _draw_events(
        STARTED,
        CALLED,
        ASKED,
        DECIDED,
        e.HintReceived(**BASE, text="be brief", interrupt=False, by="x"),
        e.PauseRequested(**BASE, reason="lunch"),
        e.AbortRequested(**BASE, reason="enough", by="x"),
        e.SignalRefused(**BASE, signal="hint", message="a right one: {}"),
        e.BudgetReached(**BASE, budget="turns"),
        e.UndoStarted(**BASE, workflow="r.undo"),
        e.EffectsUndone(**BASE, undone=STOPPED),
        e.Branched(**BASE, from_run_id="1", to_run_id="2", reason="again"),
        e.ModelFailed(**BASE, turn=1, call=0, attempts=1, error=error),
        e.ToolProgress(**BASE, turn=1, call_id="1", text="half way"),
        e.OutputGap(**BASE, turn=1, call=0, attempt=1, offset=3),
        e.StateChanged(**BASE, state=RunState.PAUSED),
        e.RunEnded(**BASE, state=RunState.FAILED, output="", error=error, totals=Totals()),
    )
    for words in (
        "a on offline/demo, run r", "(call_1): add: may I?", "a = 1", "rejected by you@there: no",
        "hint by x: be brief", "pause: lunch", "abort by x: enough", "signal hint refused",
        "budget reached: turns", "reset", "too much [run.budget] more", "half way", "missed",
        "harness resume r", "failed  0 turns", "undoing its effects (r.undo)",
        "undid 2 effects, then stopped at turn 1, pay(): too late",
    ):  # fmt: skip
        assert words in seen


def test_the_card_shows_what_waits_and_what_was_decided() -> None:
    card = card_of([STARTED, CALLED, _make_reply("well"), ASKED])
    assert card and [each.id for each in card.waiting] == ["call_1"]
    card = card_of(
        [STARTED, CALLED, _make_reply("well"), ASKED, DECIDED, CALLED, _make_reply("done")]
    )
    assert card and not card.waiting
    assert card.totals.turns == 2
    assert card.totals.cost_micros == 14
    assert card.said == "done"
    assert card.by == "me@here"


def test_the_card_of_a_terminated_run_and_of_a_reset() -> None:
    error = ErrorInfo(code="run.terminated", message="terminated", fix="again", retryable=False)
    ended = e.RunEnded(**BASE, state=RunState.FAILED, output="so far", error=error)
    card = card_of([STARTED, ended])
    assert card and card.state is RunState.FAILED
    out = io.StringIO()
    show_card(make_console(out), card, "http://page", 100.0)
    for words in ("Do it", "by me@here", "terminated [run.terminated]", "so far", "http://page"):
        assert words in out.getvalue()
    branched = e.Branched(**BASE, from_run_id="1", to_run_id="2", reason="again")
    card = card_of([STARTED, ended, branched])
    assert card and card.state is RunState.RUNNING
    assert card.error is None
    assert card_of([]) is None


def test_values_are_formatted() -> None:
    assert format_call("add", {"a": 1, "b": "x"}) == 'add(a=1, b="x")'
    assert one_line("one\ntwo\nthree") == "one  (+2 lines)"
    assert one_line("x" * 500) == "x" * 159 + "… (+341 characters)"
    assert [format_money(n) for n in (None, 0, 1500, 2_500_000)] == [
        "unknown cost", "free", "$0.0015", "$2.50",
    ]  # fmt: skip
    times = (0.0001, 0.25, 2.5, 130, 7300, 90_000, 120, 7200, 30 * 86_400)
    assert [format_duration(seconds) for seconds in times] == [
        "under 1 ms", "250 ms", "2.5 s", "2 min 10 s", "2 h 1 min", "1 d 1 h",
        "2 min", "2 h", "30 d",
    ]  # fmt: skip
    assert [format_age(s) for s in (3, 200, 8000, 200_000)] == ["3 s", "3 min", "2 h", "2 d"]


def test_the_card_shows_how_far_an_undo_got() -> None:
    undone = e.EffectsUndone(**BASE, undone=STOPPED)
    ended = e.RunEnded(**BASE, state=RunState.ABORTED, output="", undone=STOPPED)
    for events in ([STARTED, undone], [STARTED, undone, ended], [STARTED, ended]):
        card = card_of(events)
        assert card and card.undone == STOPPED
        out = io.StringIO()
        show_card(make_console(out), card, None, 100.0)
        assert "undid 2 effects, then stopped at turn 1" in out.getvalue()


def test_a_truncated_answer_looks_truncated() -> None:
    about = Totals(usage=Usage(input=10, output=5, estimated=True), cost_micros=7)
    ended = e.RunEnded(
        **BASE, state=RunState.COMPLETED, output="It goes", truncated=True, totals=about
    )
    replied = _make_reply("It goes").model_copy(update={"truncated": True})
    seen = _draw_events(STARTED, CALLED, replied, ended)
    assert "completed, truncated" in seen
    assert seen.count(TRUNCATED) == 2
    assert "~10 tokens in, ~5 out · ~$0.0000" in seen
    card = card_of([STARTED, CALLED, replied, ended])
    assert card and card.truncated
    out = io.StringIO()
    show_card(make_console(out), card, None, 100.0)
    assert TRUNCATED in out.getvalue()
    traced = [line_of(event) for event in (replied, ended)]
    assert "cut off at the output limit" in traced[0].facts
    assert traced[1].what.startswith("completed, truncated: ")
    whole = card_of([STARTED, CALLED, replied, CALLED, _make_reply("Whole.")])
    assert whole and not whole.truncated


def test_a_retried_call_shows_why_and_when() -> None:
    error = ProviderUnreachable("p/m: connection refused by 127.0.0.1:9").info
    retry = Retry(activity="1", kind="call_model", failed=3, attempts=10, error=error, next_at=5.0)
    told = "attempt 3 of 10 failed: p/m: connection refused by 127.0.0.1:9 [provider.network]"
    reset = e.OutputReset(**BASE, turn=1, call=0, attempt=2)
    seen = _draw_events(STARTED, CALLED, reset, e.AttemptFailed(**BASE, retry=retry), reset)
    assert f"{told}; next attempt in 4.0 s" in seen
    assert "discarded" not in seen, "no text was shown"
    card = card_of([STARTED, CALLED])
    assert card
    out = io.StringIO()
    running = retry.model_copy(update={"next_at": None})
    show_card(make_console(out), card.model_copy(update={"retries": (retry, running)}), None, 6.0)
    assert f"{told}; next attempt is due, waiting for a worker" in out.getvalue()
    assert f"{told}; next attempt in progress" in out.getvalue()


def test_repeated_refused_signals_is_counted() -> None:
    full = "hint refused: 1000 hints of 5,000 bytes wait for the next model call"
    crowd = [e.SignalRefused(**BASE, signal="hint", message=full) for _ in range(300)]
    large = [
        e.SignalRefused(
            **BASE, signal="hint", message=f"hint has {n} bytes; the limit is 1,000,000."
        )
        for n in (1_400_000, 1_500_000)
    ]
    odd = [e.SignalRefused(**BASE, signal=f"odd{n}", message="no such signal") for n in range(9)]
    seen = _draw_events(STARTED, large[0], *crowd, large[1], odd[0], CALLED)
    assert seen.count("✗ ") == 5
    assert f"signal hint refused: {full}" in seen
    assert "299 more hint signals refused" in seen
    card = card_of([STARTED, large[0], *crowd, large[1], *odd])
    assert card
    assert len(card.refused) == 311
    out = io.StringIO()
    show_card(make_console(out), card, None, 6.0)
    lines = [line.strip() for line in out.getvalue().splitlines() if "refused  " in line]
    assert lines[:2] == [
        "refused  2 hint signals: hint has 1500000 bytes; the limit is 1,000,000.",
        f"refused  300 hint signals: {full}",
    ]
    assert lines[2] == "refused  signal odd0: no such signal"
    assert lines[-1] == "refused  6 more signals"
    assert len(lines) == 6
