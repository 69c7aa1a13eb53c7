"""What a run has answered so far, from its events alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from harness.contracts.errors import BudgetReached
from harness.contracts.event import (
    Branched,
    ChildEnded,
    Cursor,
    DecisionRequested,
    DurableEvent,
    ModelCalled,
    ModelReplied,
    RunEnded,
    RunStarted,
)
from harness.contracts.model import Usage
from harness.contracts.run import RunState
from harness.journal.card import card_of
from harness.runs.holds import HELD

SEPARATOR = "\n\n"
"""Between the texts of two replies of one run."""


@dataclass(frozen=True)
class Reply:
    """A reply of the model that has text, or that ends the run."""

    number: int
    """Counts the model calls of the run, from 1."""
    text: str
    final: bool
    """It asks for no tools."""
    interrupted: bool
    place: Cursor | None


@dataclass(frozen=True)
class Answer:
    """What a run has answered so far."""

    run: str
    agent: str
    started: float
    state: RunState
    replies: tuple[Reply, ...]
    usage: Usage
    waiting: tuple[DecisionRequested, ...]
    end: RunEnded | None

    @property
    def held(self) -> bool:
        """Whether it needs a person to go on."""
        return self.state in HELD

    @property
    def spent(self) -> bool:
        """Whether a budget ended it."""
        error = self.end.error if self.end else None
        return error is not None and error.code == BudgetReached.code

    @property
    def text(self) -> str:
        """The texts of all replies."""
        return SEPARATOR.join(each.text for each in self.replies if each.text)

    @property
    def note(self) -> str:
        """What a person reads about a run that is held."""
        if self.state is RunState.PAUSED:
            return f"Run {self.run} is paused. Resume it: harness resume {self.run}"
        asked = "".join(f"\n- {each.question}" for each in self.waiting)
        return (
            f"Run {self.run} waits for a decision:{asked}\n"
            f"Decide: harness approve {self.run} (or reject), or POST /api/v1/runs/RUN/decide. "
            "The run continues then."
        )


@dataclass
class ReplyReader:
    """Collects the replies of a run from its events, in order."""

    replies: list[Reply] = field(default_factory=list[Reply])
    calls: int = 0
    """Model calls so far."""

    def take(self, event: DurableEvent) -> Reply | None:
        """Take the next event; returns the reply that it completes."""
        match event:
            case ModelCalled():
                self.calls += 1
            case Branched():
                self._drop_replies(event)
            case ModelReplied():
                reply = Reply(
                    number=self.calls,
                    text=event.message.text,
                    final=not event.message.calls,
                    interrupted=bool(event.interrupted),
                    place=event.cursor,
                )
                if reply.text or reply.final:
                    self.replies.append(reply)
                    return reply
            case ChildEnded(answer=str() as text):  # of the agent that took over
                self.calls += 1
                reply = Reply(
                    number=self.calls, text=text, final=True, interrupted=False, place=event.cursor
                )
                self.replies.append(reply)
                return reply
            case _:
                pass
        return None

    def _drop_replies(self, event: Branched) -> None:
        """A reset: the turns after it run again."""
        if event.cursor is not None:
            at = event.cursor.event_id
            self.replies = [r for r in self.replies if r.place and r.place.event_id < at]


def read_answer(events: Iterable[DurableEvent]) -> Answer | None:
    """Read the answer so far from all events so far; None if they are not those of a run."""
    listed, reader = list(events), ReplyReader()
    card = card_of(listed)
    if card is None:
        return None
    end, used = None, Usage()
    for event in listed:
        reader.take(event)
        if isinstance(event, ModelReplied):
            used += event.usage
        elif isinstance(event, RunEnded):
            end = event
        elif isinstance(event, RunStarted) and not event.continued:
            end = None
    return Answer(
        run=card.run,
        agent=card.agent,
        started=card.started,
        state=card.state,
        replies=tuple(reader.replies),
        usage=end.totals.usage if end and end.totals else used,
        waiting=card.waiting,
        end=end if card.state.over else None,
    )
