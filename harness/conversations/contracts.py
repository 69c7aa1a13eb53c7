"""A conversation and its session: what is sent to the inbox, what it answers, what it does."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from harness.contracts.base import Flag, Word
from harness.contracts.errors import (
    ConversationChanged,
    ErrorInfo,
    InvalidTransition,
)
from harness.contracts.family import session_family
from harness.contracts.message import FileRef, Image, Message, Text
from harness.contracts.prompt import PinnedPrompt
from harness.contracts.run import Budget, Pending, RunSpec

SESSION = "Session"
"""The workflow's type in Temporal."""
CARD_MEMO = "conversation"
PREPARE = "prepare_turn"
"""The activity that prepares a run."""
MESSAGE_LABEL = "message"
"""The label of a run that holds the id of the message that it answers."""
MAX_ID = 240
"""Its runs add their number."""
MAX_MESSAGE_ID = 200
MAX_MESSAGE_BYTES = 1_000_000
MAX_WAITING = 1_000
MAX_WAITING_BYTES = 4_000_000
KEPT_RECEIPTS = 1_000
KEPT_TURNS = 50
MAX_TITLE = 200
MAX_TAGS = 20
MAX_TAG = 50

State = Literal["active", "archived", "deleted"]
Act = Literal["archive", "restore", "delete"]
Policy = Literal["queue", "hint", "interrupt", "rollback", "reject"]
"""What a message does while a run is open: wait; reach the run as a hint, or as one that interrupts
its model call; replace the run's turn; or be refused."""
POLICIES: tuple[Policy, ...] = ("queue", "hint", "interrupt", "rollback", "reject")
Outcome = Literal["started", "queued", "hinted", "interrupted", "rolled_back", "not_answered"]
TurnState = Literal["preparing", "running", "completed", "failed", "aborted", "rolled_back"]

TRANSITIONS: dict[tuple[State, Act], State | Literal["before"]] = {
    ("active", "archive"): "archived",
    ("active", "restore"): "active",
    ("active", "delete"): "deleted",
    ("archived", "archive"): "archived",
    ("archived", "restore"): "active",
    ("archived", "delete"): "deleted",
    ("deleted", "restore"): "before",
    ("deleted", "delete"): "deleted",
}
"""The allowed changes of a state. `before`: what the conversation was when it was deleted."""

UserPart = Annotated[Text | Image | FileRef, Field(discriminator="type")]


def session_workflow(conversation: str) -> str:
    """The id of the workflow that is a conversation's inbox; also the family of its content."""
    return session_family(conversation)


def turn_run(conversation: str, number: int) -> str:
    """The id of a conversation's run."""
    return f"{conversation}.{number}"


class Card(Word, title="ConversationCard"):
    """What a conversation is, besides its messages."""

    id: str
    owner: str | None = None
    agent: str
    """The name of the published agent that answers."""
    model: str | None = None
    """Another model than the agent's."""
    title: str | None = None
    tags: tuple[str, ...] | None = None
    state: State
    before: State | None = None
    """Its state when it was deleted."""
    policy: Policy
    """Of messages that name none."""
    base: str | None = None
    """The transcript node that the first run starts from, if it was imported or forked."""
    forked_from: str | None = None
    """The conversation that it was forked from. For readers alone: the mark does not cover it."""
    created: float
    """Seconds since the epoch."""
    changed: float
    mark: str | None = None
    """Proves that harness created it; see `marks.py`."""

    def change(self, change: Change, now: float) -> Card:
        """The card after a change; InvalidTransition if its state does not allow it,
        ConversationChanged if the sender does not know its last change."""
        if change.known not in (None, self.changed):
            raise ConversationChanged(f"Conversation {self.id!r} was changed in the meantime.")
        changes: dict[str, Any] = {"changed": now}
        if change.title is not None:
            changes["title"] = change.title or None
        if change.tags is not None:
            changes["tags"] = change.tags or None
        if change.policy is not None:
            changes["policy"] = change.policy
        if change.act is not None:
            changes |= self._next_state(change.act)
        return self.model_copy(update=changes)

    def _next_state(self, act: Act) -> dict[str, Any]:
        found = TRANSITIONS.get((self.state, act))
        if found is None:
            raise InvalidTransition(f"Cannot {act} conversation {self.id!r}: it is {self.state}.")
        if found == "before":
            return {"state": self.before or "active", "before": None}
        deleting = found == "deleted" and self.state != "deleted"
        return {"state": found, "before": self.state if deleting else self.before}


class TurnOptions(Word):
    """What a message may set for the run that answers it."""

    model: str | None = None
    """Another model than the conversation's, as provider/model."""
    budget: Budget | None = None
    """In place of the agent's."""
    workspace: str | None = None
    """The only folder that file tools may use, on the machine of the worker."""


class SendMessage(Word):
    """Argument of the `send` update."""

    id: str
    """The sender's own: the same id again is the same message."""
    parts: tuple[UserPart, ...]
    policy: Policy | None = None
    """While a run is open; default: the conversation's."""
    by: str | None = None
    template: PinnedPrompt | None = None
    """What made its text, if that was a prompt template."""
    options: TurnOptions | None = None
    """Of the run that answers it; a hint has no run of its own."""

    @property
    def text(self) -> str:
        return _text_of(self.parts)

    @property
    def message(self) -> Message:
        """The message as the model reads it."""
        return Message(role="user", parts=self.parts)


class Receipt(Word):
    """What became of a message when it arrived; of one that is sent again, what is known now."""

    message: str
    outcome: Outcome
    run: str | None = None
    """The run that answers it, if known: a message that waits has none yet."""
    position: int = 0
    """Its place among the messages that wait, from 1; 0 if it does not wait."""
    error: ErrorInfo | None = None
    """Why it was not answered; without an error, a later message took its place."""


class Change(Word):
    """Argument of the `change` update. What is absent stays as it is."""

    title: str | None = None
    """Empty: no title."""
    tags: tuple[str, ...] | None = None
    act: Act | None = None
    policy: Policy | None = None
    by: str | None = None
    known: float | None = None
    """When the conversation was last changed, as its sender knows: refused if that is out of
    date."""


class Waiting(Word):
    """A message that waits for its turn."""

    id: str
    line: str
    """Its first line."""
    by: str | None = None


class Turn(Word):
    """A message and the run that answers it."""

    message: str
    run: str | None = None
    number: int | None = None
    state: TurnState
    error: ErrorInfo | None = None
    line: str | None = None
    """The first line of a message that was not answered: no run has it."""


class Answering(Turn):
    """The message that is being answered."""

    parts: tuple[UserPart, ...] | None = None
    """What was sent."""
    by: str | None = None
    pending: tuple[Pending, ...] | None = None
    """What its run waits for a person to decide."""
    delay: ErrorInfo | None = None
    """Why its run has not started: no worker that tried could prepare it. It is tried again."""

    @property
    def text(self) -> str:
        return _text_of(self.parts or ())


def _text_of(parts: tuple[UserPart, ...]) -> str:
    return "".join(part.text for part in parts if isinstance(part, Text))


class SessionView(Word):
    """Answer of the `describe` query."""

    card: Card
    queue: tuple[Waiting, ...] = ()
    open: Answering | None = None
    turns: tuple[Turn, ...] = ()
    """The newest that have ended, oldest first."""
    last: int = 0
    """The number of the newest run."""


class SessionCarry(Word):
    """What continue-as-new hands to the next execution of a session."""

    queue: tuple[SendMessage, ...] = ()
    receipts: tuple[Receipt, ...] = ()
    """Of the newest messages, oldest first."""
    turns: tuple[Turn, ...] = ()
    last: int = 0
    head: str | None = None
    headless: Flag = None
    """`head` is not known: the store has it."""


class SessionSpec(Word):
    """Input of the workflow."""

    card: Card
    carry: SessionCarry | None = None


class PrepareTurn(Word):
    """Input of the `prepare_turn` activity."""

    card: Card
    message: SendMessage
    last: int
    """The newest run that the session knows."""
    head: str | None = None
    """The transcript node after that run."""
    headless: Flag = None
    """`head` is not known."""


class PreparedTurn(Word):
    """A run that is ready to start."""

    run: str
    number: int
    spec: RunSpec
    queue: str
    attributes: dict[str, str]
    """Search attributes, all keywords."""
    summary: str
    details: str
    memo: dict[str, str] | None = None
    """What lists of runs show besides the attributes; None from an earlier version."""


class ProjectTurn(Word):
    """Input of the `project_turn` activity."""

    card: Card
    number: int


class ProjectCard(Word):
    """Input of the `project_card` activity."""

    card: Card
