"""Every kind of event has its lines on the terminal."""

from __future__ import annotations

import io
from typing import Any, get_args

import pytest

from harness.contracts import event as e
from harness.contracts.run import RunState, Totals
from harness.journal.card import card_of
from harness.terminal.view import live, trace
from harness.terminal.view.console import make_console
from harness.terminal.view.show import show_card

BASE: dict[str, Any] = {"run": "r", "at": 1.0, "trace": "t"}
STARTED = e.ChildStarted(
    **BASE, turn=1, call_id="call_1", child="r-c1", agent="clerk", prompt="Add"
)
ENDED = e.ChildEnded(**BASE, child="r-c1", state=RunState.COMPLETED, totals=Totals(turns=1))
UNSEEN_LIVE = {e.ToolCallChecked}
"""What the live view leaves out on purpose."""


def kinds_of(union: Any) -> set[type]:
    """The classes of a union of events, which may be nested or annotated."""
    members = get_args(getattr(union, "__value__", union))
    return {union} if isinstance(union, type) else set().union(*map(kinds_of, members))


@pytest.mark.parametrize("kind", sorted(kinds_of(e.DurableEvent), key=lambda each: each.__name__))
def test_every_event_has_a_line_of_the_trace(kind: type) -> None:
    assert kind in trace._RULES  # pyright: ignore[reportPrivateUsage]


def test_every_event_has_a_rule_of_the_live_view() -> None:
    ruled = set(live._RULES)  # pyright: ignore[reportPrivateUsage]
    assert kinds_of(e.Event) - ruled == UNSEEN_LIVE


def test_a_trace_names_the_runs_that_a_run_called() -> None:
    started, ended = trace.event_line(STARTED), trace.event_line(ENDED)
    assert (started.what, started.facts) == ("calls clerk: Add", ("run r-c1",))
    assert (ended.what, ended.style) == ("run r-c1 completed", "good")
    assert ended.facts[0].startswith("1 turn ·")


def test_show_names_the_runs_that_a_run_called() -> None:
    run = e.RunStarted(**BASE, agent="a", model="offline/demo", prompt="Do it")
    out = io.StringIO()
    show_card(make_console(out), card_of([run, STARTED, ENDED]), None, 2.0)
    assert "  called   clerk, run r-c1 (turn 1): completed" in out.getvalue()
