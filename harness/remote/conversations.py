"""Conversations of a daemon: the operations of `Conversations` that commands use."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from harness.contracts.errors import NotRemote
from harness.conversations.client import ListedCard, Messages, Page, Read
from harness.conversations.contracts import (
    Answering,
    Card,
    Change,
    Policy,
    Receipt,
    SessionView,
    TurnOptions,
)
from harness.conversations.files import Exported
from harness.conversations.rows import StoredMessage, StoredTurn
from harness.conversations.store import Filter
from harness.conversations.views import (
    AnsweringView,
    ConversationList,
    ConversationSummary,
    ConversationView,
    MessageList,
    MessageView,
    TurnView,
)
from harness.history.bounded import FILE_BYTES
from harness.prompts.prompt import Prompt
from harness.prompts.views import write_question
from harness.remote.connection import DaemonConnection

ROOT = "conversations"


class RemoteConversations:
    """The conversations of the user whose token it is; for admins, of all users."""

    def __init__(self, connection: DaemonConnection) -> None:
        self._connection = connection

    async def create(
        self,
        agent: str,
        *,
        id: str | None = None,
        owner: str | None = None,
        title: str | None = None,
        tags: Sequence[str] = (),
        policy: Policy = "queue",
        model: str | None = None,
    ) -> Card:
        _refuse_owner(owner)
        body = {
            "agent": agent, "id": id, "title": title, "tags": list(tags), "policy": policy,
            "model": model,
        }  # fmt: skip
        return _card_of(await self._connection.post(ConversationView, ROOT, body=body))

    async def send(
        self,
        id: str,
        parts: str | Prompt,
        *,
        message: str | None = None,
        policy: Policy | None = None,
        options: TurnOptions | None = None,
    ) -> Receipt:
        key = message or f"cli-{uuid.uuid4()}"  # makes sending it again the same message
        options = options or TurnOptions()
        if options.workspace is not None:
            raise NotRemote("--workspace works on a stack alone, not through a daemon.")
        budget = options.budget and options.budget.model_dump(mode="json", exclude_none=True)
        body = {
            **write_question(parts, "content"), "id": key, "policy": policy,
            "model": options.model, "budget": budget,
        }  # fmt: skip
        return await self._connection.post(Receipt, ROOT, id, "messages", body=body, key=key)

    async def change(self, id: str, change: Change) -> Card:
        if change.act == "delete":
            summary = await self._connection.send("DELETE", ConversationSummary, ROOT, id)
            return _card_of(summary)
        asked: dict[str, Any] = {
            "title": change.title,
            "tags": None if change.tags is None else list(change.tags),
            "policy": change.policy,
            "archived": None if change.act is None else change.act == "archive",
        }
        body = {key: value for key, value in asked.items() if value is not None}
        return _card_of(
            await self._connection.send("PATCH", ConversationSummary, ROOT, id, body=body)
        )

    async def fork(self, id: str, message: str) -> Card:
        body = {"message": message}
        return _card_of(
            await self._connection.post(ConversationSummary, ROOT, id, "fork", body=body)
        )

    async def read(self, id: str) -> Read:
        view: ConversationView = await self._connection.get(ConversationView, ROOT, id)
        card = _card_of(view)
        if not view.served:
            return Read(card=card)
        known = [*view.recent, *([view.answering] if view.answering else [])]
        session = SessionView(
            card=card,
            queue=tuple(view.waiting),
            open=_answering_of(view.answering) if view.answering else None,
            turns=tuple(view.recent),
            last=max((turn.number or 0 for turn in known), default=0),
        )
        return Read(card=card, session=session)

    async def list(
        self, which: Filter | None = None, *, limit: int = 50, after: str | None = None
    ) -> Page:
        which = which or Filter()
        state = which.states[0] if len(which.states) == 1 else "all"
        found: ConversationList = await self._connection.get(
            ConversationList, ROOT, state=state, agent=which.agent, tag=which.tag,
            text=which.text, owner=which.owner, limit=min(limit, 500), cursor=after,
        )  # fmt: skip
        listed = [
            ListedCard(card=_card_of(each), active=each.updated_at.timestamp())
            for each in found.conversations
        ]
        return Page(conversations=tuple(listed), next=found.next)

    async def messages(self, id: str, *, limit: int = 50, after: str | None = None) -> Messages:
        found: MessageList = await self._connection.get(
            MessageList, ROOT, id, "messages", limit=min(limit, 500), cursor=after
        )
        return Messages(
            messages=tuple(_message_of(each) for each in found.messages),
            turns=tuple(_turn_of(each) for each in found.turns),
            next=found.next,
        )

    async def export(self, id: str) -> Exported:
        return await self._connection.get(Exported, ROOT, id, "export", most=FILE_BYTES)

    async def load(
        self, exported: Exported, *, agent: str | None = None, id: str | None = None,
        owner: str | None = None,
    ) -> Card:  # fmt: skip
        _refuse_owner(owner)
        body = {
            "exported": exported.model_dump(mode="json", exclude_none=True), "agent": agent,
            "id": id,
        }  # fmt: skip
        path = "imported-conversations"
        return _card_of(await self._connection.post(ConversationSummary, path, body=body))


def _refuse_owner(owner: str | None) -> None:
    if owner is not None:
        raise NotRemote(
            "--owner works only on the project's own stack: what you create through a daemon "
            "belongs to you."
        )


def _card_of(summary: ConversationSummary) -> Card:
    return Card(
        id=summary.id,
        owner=summary.owner,
        agent=summary.agent,
        model=summary.model,
        forked_from=summary.forked_from,
        title=summary.title,
        tags=tuple(summary.tags) or None,
        state=summary.state,
        policy=summary.policy,
        created=summary.created_at.timestamp(),
        changed=summary.updated_at.timestamp(),
    )


def _answering_of(view: AnsweringView) -> Answering:
    return Answering(
        message=view.message,
        parts=tuple(view.parts),
        by=view.by,
        run=view.run,
        number=view.number,
        state=view.state,
        pending=tuple(view.pending) or None,
        delay=view.delay,
    )


def _message_of(view: MessageView) -> StoredMessage:
    return StoredMessage(
        id=view.id,
        turn=view.turn,
        place=view.place,
        role=view.role,
        parts=tuple(view.parts),
        origin=view.origin,
        run=view.run,
        at=view.created_at.timestamp(),
    )


def _turn_of(view: TurnView) -> StoredTurn:
    return StoredTurn(
        number=view.number,
        run=view.run,
        message=view.message,
        state=view.state,
        dropped=True if view.rolled_back else None,
        by=view.by,
        started=view.started_at.timestamp(),
        ended=None if view.ended_at is None else view.ended_at.timestamp(),
        totals=view.totals,
        error=view.error,
        reason=view.reason,
    )
