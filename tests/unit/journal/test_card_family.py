"""A run's card names the call that started it, and the runs that its calls started."""

from __future__ import annotations

from typing import Any

from harness.contracts import event as e
from harness.contracts.model import Usage
from harness.contracts.run import RunState, Totals
from harness.contracts.subagent import CalledBy
from harness.journal.card import card_of

BASE: dict[str, Any] = {"run": "boss", "at": 1.0, "trace": "t"}
STARTED = e.RunStarted(**BASE, agent="boss", model="m/x", prompt="go")


def child(run: str) -> e.ChildStarted:
    return e.ChildStarted(**BASE, turn=2, call_id=f"of-{run}", child=run, agent="clerk", prompt="?")


def test_children_are_listed_with_what_became_of_them() -> None:
    totals = Totals(turns=3, usage=Usage(input=30, output=3))
    ended = e.ChildEnded(**BASE, child="one", state=RunState.COMPLETED, totals=totals)
    card = card_of([STARTED, child("one"), child("two"), ended])
    assert card is not None
    assert [(each.run, each.agent, each.turn, each.call_id) for each in card.children] == [
        ("one", "clerk", 2, "of-one"),
        ("two", "clerk", 2, "of-two"),
    ]
    assert [each.state for each in card.children] == [RunState.COMPLETED, None]
    assert card.children[0].totals == totals
    assert card.called_by is None


def test_a_child_that_is_started_again_after_a_reset_is_listed_once() -> None:
    ended = e.ChildEnded(**BASE, child="one", state=RunState.FAILED)
    card = card_of([STARTED, child("one"), ended, child("one")])
    assert card is not None
    assert [(each.run, each.state) for each in card.children] == [("one", None)]


def test_an_end_without_a_start_is_no_child() -> None:
    card = card_of([STARTED, e.ChildEnded(**BASE, child="one", state=RunState.FAILED)])
    assert card is not None
    assert card.children == ()


def test_the_card_of_a_child_names_the_call_that_started_it() -> None:
    called_by = CalledBy(run="boss", turn=2, call="c1", depth=1)
    card = card_of([STARTED.model_copy(update={"run": "one", "called_by": called_by})])
    assert card is not None
    assert card.called_by == called_by
