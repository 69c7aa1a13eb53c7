"""What a caller may do with conversations: commands, routes and programs all call this."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TypeVar

from harness.commons.telemetry import span
from harness.contracts.base import Word
from harness.contracts.errors import (
    ConversationExists,
    ConversationNotFound,
    InvalidMessage,
    InvalidValue,
    NoWorker,
    RunForged,
    RunUnsigned,
    SearchUnavailable,
)
from harness.contracts.message import Message
from harness.conversations.checks import check_change, check_message
from harness.conversations.contracts import (
    MAX_ID,
    MESSAGE_LABEL,
    Card,
    Change,
    Policy,
    Receipt,
    SessionView,
    TurnOptions,
    session_workflow,
)
from harness.conversations.delays import explain_wait
from harness.conversations.files import (
    Exported,
    build_export,
    store_transcript,
    without_artifacts,
)
from harness.conversations.list_query import Filter, Position
from harness.conversations.marks import check_card, sign_card
from harness.conversations.outgoing import Asked, make_message
from harness.conversations.projection import open_rows, project_card, read_transcript, save_card
from harness.conversations.rows import StoredMessage, StoredTurn
from harness.conversations.session_client import (
    describe_session,
    find_receipt,
    read_card,
    restart_session,
    start_session,
    update_session,
)
from harness.conversations.store import Listed
from harness.conversations.turns import (
    find_last,
    read_session_spec,
    read_turn_spec,
)
from harness.engine.connection import Connection
from harness.runs.published import find_published
from harness.runs.start import new_id
from harness.runs.start_request import check_id, check_model

PAGE = 50
MOST = 500

W = TypeVar("W", bound=Word)


class ListedCard(Word):
    """A conversation in a list."""

    card: Card
    active: float
    """When its newest run ended, or when it was created; seconds since the epoch."""


class Page(Word):
    """A page of a list of conversations, and where the next one begins."""

    conversations: tuple[ListedCard, ...]
    next: str | None = None


class Messages(Word):
    """A page of messages, with the runs they belong to."""

    messages: tuple[StoredMessage, ...]
    turns: tuple[StoredTurn, ...]
    next: str | None = None


class Read(Word):
    """A conversation, and what its session says of itself."""

    card: Card
    session: SessionView | None = None
    """None if no worker answers."""


@dataclass(frozen=True)
class Conversations:
    """The conversations that a caller may see.

    `owner`: only those of this user; someone else's is ConversationNotFound. None: all of them.
    `by`: who acts; user@host of the process by default.
    """

    connection: Connection
    owner: str | None = None
    by: str | None = None

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
        transcript: Sequence[Message] = (),
        forked_from: str | None = None,
    ) -> Card:
        """Create a conversation that a published agent answers.

        Args:
            agent: The agent's published name.
            id: Its id; also the id of the session of its runs.
            owner: Who owns it, for callers that see all conversations.
            title: What lists show.
            tags: To find it by.
            policy: Of messages that name none.
            model: Another model than the agent's, as provider/model.
            transcript: What its first run goes on from.
            forked_from: The conversation that has this transcript.

        Raises:
            UnknownAgent: No worker has published such an agent.
            ConversationExists: The id is taken.
        """
        owner = self.owner if self.owner is not None else owner
        name = new_id("conversation") if id is None else check_id(id, "conversation", MAX_ID)
        check_id(f"{name}.1")
        check_change(Change(title=title, tags=tuple(tags)))
        await find_published(self.connection, agent)
        if id is not None:
            await self._check_unused(name, owner)
        base = await store_transcript(self.connection, name, tuple(transcript))
        now = time.time()
        card = Card(
            id=name,
            owner=owner,
            agent=agent,
            model=check_model(model) if model else None,
            title=title or None,
            tags=tuple(tags) or None,
            state="active",
            policy=policy,
            base=base,
            forked_from=forked_from,
            created=now,
            changed=now,
        )
        namespace = self.connection.endpoints.namespace
        card = sign_card(await self.connection.signing.get_signer(), namespace, card)
        with span("create conversation", {"conversation": name, "agent": agent}):
            await start_session(self.connection, card)
            await project_card(self.connection, card)
        return card

    async def send(
        self,
        id: str,
        parts: Asked,
        *,
        message: str | None = None,
        policy: Policy | None = None,
        options: TurnOptions | None = None,
    ) -> Receipt:
        """Send a message.

        Args:
            id: The conversation.
            parts: A text; texts, images and files; or a `Prompt` of a template.
            message: The sender's id of the message: the same id again is the same message.
            policy: What happens if a run is open; the conversation's by default.
            options: Of the run that answers it.

        Raises:
            ConversationClosed: It is archived or deleted.
            RunBusy: A run is open, and the policy is `reject`.
            InboxFull: Too much waits already.
            NoWorker: No worker answers; the message may arrive later.
        """
        sent = await make_message(self.connection, parts, message, policy, self.by, options)
        check_message(sent)
        card = await self.find(id)
        with span("send message", {"conversation": id, MESSAGE_LABEL: sent.id}):
            try:
                receipt = await self._update(card, "send", sent, Receipt, f"send/{sent.id}")
            except NoWorker:
                found = await find_receipt(self.connection, id, sent.id)
                if found is None:
                    raise
                return found  # its run cannot be prepared yet, such as while the database is away
        if message is None or receipt.run is not None:
            return receipt
        # An update that is repeated has the answer of the first time.
        return await find_receipt(self.connection, id, sent.id) or receipt

    async def change(self, id: str, change: Change) -> Card:
        """Rename, tag, archive, restore or delete a conversation, or set its policy.

        Raises:
            InvalidTransition: Its state does not allow it.
        """
        check_change(change)
        before = await self.find(id)
        await check_card(self.connection, before, session_workflow(id))
        asked = change.model_copy(update={"by": change.by or self.by})
        card = await self._update(before, "change", asked, Card, new_id("change"))
        await check_card(self.connection, card, session_workflow(id))
        await save_card(self.connection, card)
        return card

    async def find(self, id: str) -> Card:
        """The conversation with this id, as its row has it.

        Raises:
            ConversationNotFound: There is none, or it belongs to someone else.
        """
        listed = await open_rows(self.connection).find_card(id)
        # Without a row: it was created a moment ago, or has been forgotten.
        card = listed.card if listed else await self._read_genuine_card(id, ended=False)
        if card is None or self.owner not in (None, card.owner):
            raise ConversationNotFound(f"There is no conversation {id!r}.")
        return card

    async def read(self, id: str) -> Read:
        """A conversation as it is now: also what waits, and what is being answered."""
        card = await self.find(id)
        view = await describe_session(self.connection, id)
        if view is not None and view.open is not None:
            open_turn = await explain_wait(self.connection, id, view.open)
            view = view.model_copy(update={"open": open_turn})
        return Read(card=view.card if view else card, session=view)

    async def list(
        self, which: Filter | None = None, *, limit: int = PAGE, after: str | None = None
    ) -> Page:
        """List conversations, the most recently active first.

        Args:
            which: Which ones; those that are active by default.
            limit: How many at most.
            after: `next` of the page before.

        Raises:
            SearchUnavailable: Content is encrypted, and a text is asked for.
        """
        which, limit = which or Filter(), max(1, min(limit, MOST))
        if which.text and self.connection.vault.encrypts:
            raise SearchUnavailable("Encrypted conversations cannot be searched.")
        if self.owner is not None:
            which = replace(which, owner=self.owner)
        position = _read_position(after) if after else None
        found, more = await open_rows(self.connection).list_cards(which, limit, position)
        following = f"{more.active!r}/{more.id}" if more else None
        return Page(conversations=tuple(_listed(each) for each in found), next=following)

    async def messages(self, id: str, *, limit: int = PAGE, after: str | None = None) -> Messages:
        """Read messages of runs that have ended, oldest first."""
        await self.find(id)
        limit = max(1, min(limit, MOST))
        rows = open_rows(self.connection)
        place = _read_place(after) if after else (-1, -1)
        found = await rows.list_messages(id, limit, place)
        turns = await rows.list_turns(id, found[0].turn, found[-1].turn) if found else []
        more = f"{found[-1].turn}/{found[-1].place}" if len(found) == limit else None
        return Messages(messages=tuple(found), turns=tuple(turns), next=more)

    async def export(self, id: str) -> Exported:
        """All of a conversation whose runs have ended, to keep or to import elsewhere."""
        return await build_export(self.connection, await self.find(id))

    async def load(
        self, exported: Exported, *, agent: str | None = None, id: str | None = None,
        owner: str | None = None,
    ) -> Card:  # fmt: skip
        """Create a conversation that goes on from an exported one.

        Args:
            exported: The file; `parse_export` reads it.
            agent: The published agent that answers; the exported one's by default.
            id: The id of the new conversation.
            owner: Who owns it, for callers that see all conversations.
        """
        old = exported.card
        return await self.create(
            agent or old.agent,
            id=id,
            owner=owner,
            title=old.title,
            tags=old.tags or (),
            policy=old.policy,
            transcript=without_artifacts(exported.transcript),
        )

    async def fork(self, id: str, message: str) -> Card:
        """Create a conversation that goes on from before a message, to ask it in another way.

        Args:
            id: The conversation.
            message: The id of a message that a run of the conversation answers.

        Raises:
            InvalidMessage: The conversation has no such message.
        """
        card = await self.find(id)
        turn = await self._find_turn(card, message)
        spec = await read_turn_spec(self.connection, card, turn)
        head = spec.head if spec else None
        return await self.create(
            card.agent, owner=card.owner, title=card.title, tags=card.tags or (),
            policy=card.policy, model=card.model, forked_from=card.id,
            transcript=await read_transcript(self.connection, head) if head else (),
        )  # fmt: skip

    async def _update(self, card: Card, name: str, word: Word, kind: type[W], key: str) -> W:
        """Send an update to the session, which is started anew if somebody has ended it."""
        try:
            return await update_session(self.connection, card.id, name, word, kind, key)
        except ConversationNotFound:
            await restart_session(self.connection, card)
            return await update_session(self.connection, card.id, name, word, kind, key)

    async def _read_genuine_card(self, id: str, *, ended: bool = True) -> Card | None:
        with suppress(RunForged, RunUnsigned):
            return await read_card(self.connection, id, ended=ended)
        return None

    async def _find_turn(self, card: Card, message: str) -> int:
        rows = open_rows(self.connection)
        for turn in await rows.list_turns(card.id, 1, max(await rows.list_numbers(card.id) or {0})):
            if message in (turn.message, turn.run):
                return turn.number
        raise InvalidMessage(
            f"Conversation {card.id!r} has no answered message {message!r}.",
            fix=f"See its messages: harness conversation show {card.id}",
        )

    async def _check_unused(self, id: str, owner: str | None) -> None:
        """Runs of a session that belong to someone else must not become part of a conversation."""
        if await self._read_genuine_card(id) is not None:
            raise ConversationExists(f"Conversation {id!r} already exists.")
        last = await find_last(self.connection, id)
        for number in range(1, last + 1):
            if await read_session_spec(self.connection, id, owner, number) is None:
                raise ConversationExists(
                    f"Run '{id}.{number}' exists and does not belong to {owner or 'this session'}."
                )


def _listed(listed: Listed) -> ListedCard:
    return ListedCard(card=listed.card, active=listed.active)


def _read_position(text: str) -> Position:
    active, _, id = text.partition("/")
    try:
        if id.isprintable():
            return Position(float(active), id)
        raise ValueError
    except ValueError:
        raise InvalidValue(f"{text[:60]!r} is not a cursor of a list of conversations.") from None


def _read_place(text: str) -> tuple[int, int]:
    turn, _, place = text.partition("/")
    try:
        return int(turn), int(place)
    except ValueError:
        raise InvalidValue(f"{text[:60]!r} is not a cursor of messages.") from None
