"""What the API takes and returns for conversations."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, StrictBool, WithJsonSchema

from harness.api.body import Body
from harness.contracts.errors import ErrorInfo
from harness.contracts.message import Origin, Part
from harness.contracts.run import Pending, RunState, Totals
from harness.conversations.client import Messages, Page, Read
from harness.conversations.contracts import (
    MAX_ID,
    MAX_MESSAGE_BYTES,
    MAX_MESSAGE_ID,
    MAX_TAG,
    MAX_TAGS,
    Answering,
    Card,
    Policy,
    State,
    Turn,
    TurnState,
    UserPart,
    Waiting,
)
from harness.conversations.files import Exported
from harness.conversations.rows import StoredMessage, StoredTurn
from harness.prompts.views import MAX_REF, Variables
from harness.runs.views import Files, StrictBudget

Tags = Annotated[
    list[str],
    WithJsonSchema(
        {
            "type": "array",
            "items": {"type": "string", "minLength": 1, "maxLength": MAX_TAG},
            "maxItems": MAX_TAGS,
            "uniqueItems": True,
        }
    ),
]
"""`check_change` refuses others, with an error of its own."""


class NewConversation(Body):
    """A conversation to create."""

    agent: str = "assistant"
    """The name of the published agent that answers."""
    title: str | None = None
    """What lists show."""
    id: str | None = Field(default=None, min_length=1, max_length=MAX_ID)
    """Its id, and the id of the session that its runs form."""
    tags: Tags = Field(default_factory=list[str], max_length=MAX_TAGS)
    """Words to find it by."""
    policy: Policy = "queue"
    """What a message does while a run is open, if it does not say so itself."""
    model: str | None = None
    """Another model than the agent's, as provider/model."""


class ConversationChange(Body):
    """What to change; absent fields stay as they are."""

    title: str | None = None
    """The new title; empty for none."""
    tags: Tags | None = Field(default=None, max_length=MAX_TAGS)
    """Replaces all tags."""
    policy: Policy | None = None
    """What a message does while a run is open, if it does not say so itself."""
    archived: StrictBool | None = None
    """True archives the conversation; false restores it, even if it was deleted."""


class NewMessage(Body):
    """A message to send."""

    content: str | None = Field(default=None, min_length=1, max_length=MAX_MESSAGE_BYTES)
    """The text of the message."""
    template: str | None = Field(default=None, min_length=1, max_length=MAX_REF)
    """In place of `content`: a prompt template, as NAME or NAME@VERSION."""
    variables: Variables | None = None
    """The values of the template's variables."""
    files: Files = Field(default_factory=list[str])
    """Files for the agent: ids of files that you have uploaded."""
    id: str | None = Field(default=None, min_length=1, max_length=MAX_MESSAGE_ID)
    """An id that the sender chooses: a message repeated with the same id is sent once."""
    policy: Policy | None = None
    """What it does while a run is open; by default, what the conversation's policy says."""
    model: str | None = None
    """Another model than the conversation's, as provider/model, for the run that answers it."""
    budget: StrictBudget | None = None
    """Limits of the run that answers it; by default, those of the agent."""


class NewBranch(Body):
    """Where a new conversation parts from this one."""

    message: str = Field(min_length=1, max_length=MAX_MESSAGE_ID)
    """The id of an answered message; the new conversation continues from before it."""


class ImportedConversation(Body):
    """A conversation that continues an exported one."""

    exported: Exported
    """The exported file."""
    agent: str | None = None
    """The published agent that answers; the exported one's by default."""
    id: str | None = Field(default=None, min_length=1, max_length=MAX_ID)
    """The id of the new conversation."""


class MessageView(BaseModel):
    """What a person or the model said."""

    id: str
    role: Literal["user", "assistant"]
    content: str
    """Its text."""
    parts: list[Part]
    run: str | None = None
    """The run that it belongs to."""
    origin: Origin | None = None
    """`hint`: sent while the run was open; `interrupted`: the model was cut short."""
    created_at: datetime
    turn: int
    """The number of its run; 0 for what was imported or forked."""
    place: int
    """Its place in the turn."""

    @classmethod
    def of(cls, stored: StoredMessage) -> MessageView:
        """The view of a stored message."""
        return cls(
            id=stored.id,
            role=stored.role,
            content=stored.text,
            parts=list(stored.parts),
            run=stored.run,
            origin=stored.origin,
            created_at=_time(stored.at),
            turn=stored.turn,
            place=stored.place,
        )


class TurnView(BaseModel):
    """A run of the conversation that has ended."""

    run: str
    message: str | None = None
    """The id of the message that it answers."""
    state: RunState
    totals: Totals
    """Its tokens and cost."""
    error: ErrorInfo | None = None
    number: int
    rolled_back: bool
    """Later runs do not read it."""
    by: str | None = None
    started_at: datetime
    ended_at: datetime | None = None
    reason: str | None = None
    """Why it was aborted."""

    @classmethod
    def of(cls, stored: StoredTurn) -> TurnView:
        """The view of a stored run."""
        return cls(
            run=stored.run,
            message=stored.message,
            state=stored.state,
            totals=stored.totals,
            error=stored.error,
            number=stored.number,
            rolled_back=bool(stored.dropped),
            by=stored.by,
            started_at=_time(stored.started),
            ended_at=None if stored.ended is None else _time(stored.ended),
            reason=stored.reason,
        )


class ConversationSummary(BaseModel):
    """A conversation without its messages."""

    id: str
    title: str | None = None
    agent: str
    state: State
    tags: list[str]
    policy: Policy
    created_at: datetime
    updated_at: datetime
    owner: str | None = None
    model: str | None = None
    """Another model than the agent's."""
    forked_from: str | None = None
    """The conversation that it was forked from."""

    @classmethod
    def of(cls, card: Card, active: float | None = None) -> ConversationSummary:
        """The summary of a conversation; `active`: when its newest run ended."""
        return cls(**_card_fields(card, active))


class AnsweringView(BaseModel):
    """The message that is being answered."""

    message: str
    """Its id."""
    content: str
    """Its text."""
    parts: list[UserPart]
    by: str | None = None
    run: str | None = None
    """The run that answers it, once that has started."""
    number: int | None = None
    """The number of that run."""
    state: TurnState
    pending: list[Pending]
    """What the run waits for a person to decide."""
    delay: ErrorInfo | None = None
    """Why its run has not started: no worker that tried could prepare it. It is tried again."""

    @classmethod
    def of(cls, turn: Answering) -> AnsweringView:
        """The view of the open turn."""
        return cls(
            message=turn.message,
            content=turn.text,
            parts=list(turn.parts or ()),
            by=turn.by,
            run=turn.run,
            number=turn.number,
            state=turn.state,
            pending=list(turn.pending or ()),
            delay=turn.delay,
        )


class ConversationView(ConversationSummary):
    """A conversation with its newest messages, as it is now."""

    messages: list[MessageView]
    next: str | None = None
    """The cursor of the messages after these."""
    open_run: str | None = None
    """The run that answers now."""
    waiting: list[Waiting]
    """Messages that wait for their turn."""
    answering: AnsweringView | None = None
    """The message that is answered now."""
    recent: list[Turn]
    """The newest messages that were answered, or could not be, oldest first."""
    served: bool
    """Whether a worker answers. If not, what waits is as of the last run."""

    @classmethod
    def of_read(cls, read: Read, messages: Messages) -> ConversationView:
        """The view of a conversation that was read."""
        session = read.session
        return cls(
            **_card_fields(read.card, messages.turns[-1].ended if messages.turns else None),
            messages=[MessageView.of(each) for each in messages.messages],
            next=messages.next,
            open_run=session.open.run if session and session.open else None,
            waiting=list(session.queue) if session else [],
            answering=AnsweringView.of(session.open) if session and session.open else None,
            recent=list(session.turns) if session else [],
            served=session is not None,
        )


class ConversationList(BaseModel):
    """A page of conversations, the most recently active first."""

    conversations: list[ConversationSummary]
    next: str | None = None

    @classmethod
    def of(cls, page: Page) -> ConversationList:
        """The view of a page."""
        found = [ConversationSummary.of(each.card, each.active) for each in page.conversations]
        return cls(conversations=found, next=page.next)


class MessageList(BaseModel):
    """A page of messages, oldest first, with the runs that they belong to."""

    messages: list[MessageView]
    turns: list[TurnView]
    next: str | None = None

    @classmethod
    def of(cls, page: Messages) -> MessageList:
        """The view of a page."""
        return cls(
            messages=[MessageView.of(each) for each in page.messages],
            turns=[TurnView.of(each) for each in page.turns],
            next=page.next,
        )


def _card_fields(card: Card, active: float | None) -> dict[str, Any]:
    return {
        "id": card.id,
        "title": card.title,
        "agent": card.agent,
        "state": card.state,
        "tags": list(card.tags or ()),
        "policy": card.policy,
        "created_at": _time(card.created),
        "updated_at": _time(max(card.changed, active or 0.0)),
        "owner": card.owner,
        "model": card.model,
        "forked_from": card.forked_from,
    }


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
