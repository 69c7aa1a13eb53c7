"""A run's card: what an operator wants to know, from its events alone. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from harness.contracts import event as e
from harness.contracts.attempt import Retry
from harness.contracts.base import Flag, Word
from harness.contracts.effect import Undone
from harness.contracts.errors import ErrorInfo
from harness.contracts.event import Event
from harness.contracts.prompt import PinnedPrompt
from harness.contracts.provenance import AgentSummary
from harness.contracts.run import Parent, RunState, Totals
from harness.contracts.subagent import CalledBy

RETURNED = ("state", "waiting", "doing", "turn")
"""The fields that a reset restores; only these are kept per entry, as there can be thousands."""

SteeringSignal = e.HintReceived | e.PauseRequested | e.ResumeRequested | e.AbortRequested


class ChildRun(Word):
    """A run that a tool call of a run started."""

    run: str
    agent: str
    turn: int
    call_id: str
    state: RunState | None = None
    """Absent until it has ended."""
    totals: Totals | None = None
    """What it used, with its own children; once it has ended."""


class Card(Word, title="RunCard"):
    run: str
    agent: str
    model: str
    state: RunState
    asked: str
    by: str | None = None
    owner: str | None = None
    session: str | None = None
    parent: Parent | None = None
    whatif: Flag = None
    """Its tools do not run: results recorded by other runs are played back."""
    template: PinnedPrompt | None = None
    """What the prompt was made from, if that was a template."""
    spec: AgentSummary | None = None
    """The agent as it was pinned; from the store, not from events."""
    forks: tuple[str, ...] = ()
    """Forks of the run, newest first; from Temporal's index."""
    called_by: CalledBy | None = None
    """The tool call that started it, if an agent called this one as a tool."""
    children: tuple[ChildRun, ...] = ()
    """The runs that its calls of agents started, the oldest first."""
    workers: tuple[e.Worker, ...] = ()
    """Processes that ran its steps, in order of appearance, with their code."""
    started: float
    ended: float | None = None
    turn: int = 0
    totals: Totals = Totals()
    doing: str | None = None
    """The step in progress; None if the run has ended or is waiting."""
    said: str = ""
    """The text of the latest reply."""
    waiting: tuple[e.DecisionRequested, ...] = ()
    decided: tuple[e.DecisionMade, ...] = ()
    told: tuple[SteeringSignal, ...] = ()
    refused: tuple[e.SignalRefused, ...] = ()
    resets: tuple[e.Branched, ...] = ()
    stuck: str | None = None
    """Why the run is stuck although a worker serves it; from Temporal, not from events."""
    retries: tuple[Retry, ...] = ()
    """Calls in progress that have failed and are retried; also from Temporal."""
    truncated: Flag = None
    """The latest answer was cut off at the model's output limit."""
    reason: str | None = None
    error: ErrorInfo | None = None
    undone: Undone | None = None


def card_of(events: Iterable[Event]) -> Card | None:
    """Compute the card; None without a start event."""
    fold = CardFold()
    for event in events:
        fold.add(event)
    return fold.card


class CardFold:
    """Computes a card, event by event."""

    def __init__(self) -> None:
        self.card: Card | None = None
        self._line: list[tuple[int, dict[str, object]]] = []
        """The run at each relevant history entry: a reset returns to one of them."""

    def add(self, event: Event) -> None:
        """Add the next event of the run."""
        card, line, place = self.card, self._line, event.cursor.event_id if event.cursor else 0
        if isinstance(event, e.RunStarted):
            line.clear()  # a fresh history counts its entries from 1
        elif isinstance(event, e.Branched) and card is not None:
            line = self._line = [each for each in line if each[0] < place]
            card = card.model_copy(update=_apply_reset(event, card, line[-1][1] if line else None))
        if isinstance(event, e.RunStarted) and (card is None or not event.continued):
            card = _start_card(event) if card is None else card
        elif card is not None and not isinstance(event, e.Branched):
            card = extend_card(card, event)
        if card is not None and place:
            line.append((place, {name: getattr(card, name) for name in RETURNED}))
        self.card = card


def extend_card(card: Card, event: Event) -> Card:
    """The card after an event of the same execution, which is not a reset."""
    return card.model_copy(update=_changes_by(card, event) | _new_worker(card, event))


def _apply_reset(
    event: e.Branched, card: Card, then: dict[str, object] | None
) -> dict[str, object]:
    """The changes of a reset: the earlier state and pending decisions apply again."""
    again: dict[str, object] = {"state": RunState.RUNNING, "waiting": (), "doing": None}
    if then is not None:
        again = dict(then)
    if again["state"] is RunState.PENDING:
        again["state"] = RunState.RUNNING
    return {**again, "ended": None, "error": None, "resets": (*card.resets, event)}


def _start_card(event: e.RunStarted) -> Card:
    return Card(
        run=event.run,
        agent=event.agent,
        model=event.model,
        state=RunState.PENDING,
        asked=event.prompt,
        by=event.by,
        owner=event.owner,
        session=event.session,
        parent=event.parent,
        whatif=event.whatif,
        template=event.template,
        called_by=event.called_by,
        started=event.at,
    )


def _changes_by(card: Card, event: Event) -> dict[str, object]:
    match event:
        case e.StateChanged():
            return {"state": event.state}
        case e.ModelCalled():
            taken = card.state is RunState.PENDING  # by a worker, with this call
            return {
                "turn": event.turn,
                "model": event.model,
                "doing": f"calling {event.model}",
                "state": RunState.RUNNING if taken else card.state,
            }
        case e.ModelReplied():
            said = event.message.text or card.said
            totals = _add_reply(card.totals, event)
            return {
                "said": said, "totals": totals, "doing": None, "truncated": event.truncated,
            }  # fmt: skip
        case e.ToolCallRequested():
            return {"doing": f"calling {event.call.name}"}
        case e.ToolCallFinished():
            calls = card.totals.tool_calls + 1
            totals = card.totals.model_copy(update={"tool_calls": calls})
            return {"totals": totals, "doing": None}
        case e.ChildStarted() | e.ChildEnded():
            return {"children": _note_child(card.children, event)}
        case e.RunEnded():
            return _ending_changes(card, event)
        case _:
            return _steering_changes(card, event)


def _note_child(
    children: tuple[ChildRun, ...], event: e.ChildStarted | e.ChildEnded
) -> tuple[ChildRun, ...]:
    if isinstance(event, e.ChildEnded):
        update = {"state": event.state, "totals": event.totals}
        return tuple(
            each.model_copy(update=update) if each.run == event.child else each for each in children
        )
    others = tuple(each for each in children if each.run != event.child)
    started = ChildRun(run=event.child, agent=event.agent, turn=event.turn, call_id=event.call_id)
    return (*others, started)


def _new_worker(card: Card, event: Event) -> dict[str, object]:
    worker = getattr(event, "worker", None)
    known = worker is None or worker in card.workers
    return {} if known else {"workers": (*card.workers, worker)}


def _steering_changes(card: Card, event: Event) -> dict[str, object]:
    match event:
        case e.DecisionRequested():
            others = tuple(each for each in card.waiting if each.id != event.id)
            return {"waiting": (*others, event)}
        case e.DecisionMade():
            left = tuple(each for each in card.waiting if each.id != event.id)
            return {"waiting": left, "decided": (*card.decided, event)}
        case e.HintReceived() | e.PauseRequested() | e.ResumeRequested() | e.AbortRequested():
            return {"told": (*card.told, event)}
        case e.SignalRefused():
            return {"refused": (*card.refused, event)}
        case e.UndoStarted():
            return {"doing": f"undoing its effects ({event.workflow})"}
        case e.EffectsUndone():
            return {"undone": event.undone, "doing": None}
        case _:
            return {}


def _add_reply(totals: Totals, event: e.ModelReplied) -> Totals:
    return totals.plus(turns=1, usage=event.usage, cost_micros=event.cost_micros, cut=event.cut)


def _ending_changes(card: Card, event: e.RunEnded) -> dict[str, object]:
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
