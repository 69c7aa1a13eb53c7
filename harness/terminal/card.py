"""A run's card: what an operator asks about it, from its events alone. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from harness.contracts import event as e
from harness.contracts.base import Word
from harness.contracts.effect import Undone
from harness.contracts.errors import ErrorInfo
from harness.contracts.event import Event
from harness.contracts.run import Parent, RunState, Totals

Told = e.HintReceived | e.PauseRequested | e.ResumeRequested | e.AbortRequested


class Card(Word):
    run: str
    agent: str
    model: str
    state: RunState
    asked: str
    by: str | None = None
    session: str | None = None
    parent: Parent | None = None
    started: float
    ended: float | None = None
    turn: int = 0
    totals: Totals = Totals()
    doing: str | None = None
    """The step that is under way; None when it has ended or waits."""
    said: str = ""
    """Text of the newest reply."""
    waiting: tuple[e.DecisionRequested, ...] = ()
    decided: tuple[e.DecisionMade, ...] = ()
    told: tuple[Told, ...] = ()
    refused: tuple[e.SignalRefused, ...] = ()
    resets: tuple[e.Branched, ...] = ()
    stuck: str | None = None
    """Why it stands still although it is served. Not from its events: the engine knows."""
    reason: str | None = None
    error: ErrorInfo | None = None
    undone: Undone | None = None


def card_of(events: Iterable[Event]) -> Card | None:
    """None where there is not even a start."""
    card: Card | None = None
    for event in events:
        if isinstance(event, e.RunStarted) and (card is None or not event.continued):
            card = _begin(event) if card is None else card
        elif card is not None:
            card = card.model_copy(update=_changes(card, event))
    return card


def _begin(event: e.RunStarted) -> Card:
    return Card(
        run=event.run,
        agent=event.agent,
        model=event.model,
        state=RunState.PENDING,
        asked=event.prompt,
        by=event.by,
        session=event.session,
        parent=event.parent,
        started=event.at,
    )


def _changes(card: Card, event: Event) -> dict[str, object]:
    match event:
        case e.StateChanged():
            return {"state": event.state}
        case e.ModelCalled():
            taken = card.state is RunState.PENDING  # by a worker, with this call
            return {
                "turn": event.turn,
                "model": event.model,
                "doing": f"calls {event.model}",
                "state": RunState.RUNNING if taken else card.state,
            }
        case e.ModelReplied():
            said = event.message.text or card.said
            return {"said": said, "totals": _replied(card.totals, event), "doing": None}
        case e.ToolCallRequested():
            return {"doing": f"calls {event.call.name}"}
        case e.ToolCallFinished():
            calls = card.totals.tool_calls + 1
            totals = card.totals.model_copy(update={"tool_calls": calls})
            return {"totals": totals, "doing": None}
        case e.RunEnded():
            return _ended(card, event)
        case _:
            return _steered(card, event)


def _steered(card: Card, event: Event) -> dict[str, object]:
    match event:
        case e.DecisionRequested():
            return {"waiting": (*card.waiting, event)}
        case e.DecisionMade():
            left = tuple(each for each in card.waiting if each.id != event.id)
            return {"waiting": left, "decided": (*card.decided, event)}
        case e.HintReceived() | e.PauseRequested() | e.ResumeRequested() | e.AbortRequested():
            return {"told": (*card.told, event)}
        case e.SignalRefused():
            return {"refused": (*card.refused, event)}
        case e.UndoStarted():
            return {"doing": f"takes back what it did ({event.workflow})"}
        case e.EffectsUndone():
            return {"undone": event.undone, "doing": None}
        case e.Branched():
            again = {"state": RunState.RUNNING, "ended": None, "error": None, "waiting": ()}
            return {**again, "resets": (*card.resets, event)}
        case _:
            return {}


def _replied(totals: Totals, event: e.ModelReplied) -> Totals:
    costs = (totals.cost_micros, event.cost_micros)
    known = [each for each in costs if each is not None]
    return totals.model_copy(
        update={
            "turns": totals.turns + 1,
            "usage": totals.usage + event.usage,
            "cost_micros": sum(known) if known else None,
        }
    )


def _ended(card: Card, event: e.RunEnded) -> dict[str, object]:
    return {
        "state": event.state,
        "ended": event.at,
        "said": event.output or card.said,
        "totals": event.totals or card.totals,
        "reason": event.reason,
        "error": event.error,
        "undone": event.undone or card.undone,
        "waiting": (),
        "doing": None,
    }
