"""The rows of conversations. Content is encrypted with the family of the session, or signed for its
row; the other columns are an index to find rows by, and prove nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TypeVar

from harness.commons.log import get_logger
from harness.contracts.base import Word
from harness.contracts.errors import ContentCorrupt, StoreError
from harness.conversations.contracts import Card, session_workflow
from harness.conversations.list_query import Filter, Position, build_list_query
from harness.conversations.rows import BASE, StoredMessage, StoredTurn, TurnRows
from harness.crypto.place import place_of
from harness.crypto.vault import Vault
from harness.store.database import Database, Row

WORDS = 200_000
"""Characters of a message that are searched: a text vector holds 1 MB."""
SAVE_CARD = """
INSERT INTO harness_conversations.conversation
  (namespace, id, owner, agent, state, tags, title, changed, active, card)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %b)
ON CONFLICT (namespace, id) DO UPDATE SET
  owner = excluded.owner, agent = excluded.agent, state = excluded.state, tags = excluded.tags,
  title = excluded.title, changed = excluded.changed, card = excluded.card
WHERE conversation.changed <= excluded.changed
"""
"""An older card does not replace a newer one."""
SAVE_MESSAGES = """
INSERT INTO harness_conversations.message (namespace, conversation, turn, place, content, words)
SELECT %s, %s, %s, place, content, words
FROM unnest(%b::int[], %b::bytea[], %b::text[]) AS row (place, content, words)
ON CONFLICT (namespace, conversation, turn, place) DO UPDATE SET
  content = excluded.content, words = excluded.words
"""
SAVE_TURN = (
    """
WITH turn AS (
  INSERT INTO harness_conversations.turn (namespace, conversation, number, dropped, content)
  VALUES (%s, %s, %s, %s, %b)
  ON CONFLICT (namespace, conversation, number) DO UPDATE SET
    dropped = excluded.dropped, content = excluded.content
), active AS (
  UPDATE harness_conversations.conversation SET active = greatest(active, %s)
  WHERE namespace = %s AND id = %s
)"""
    + SAVE_MESSAGES
)
MESSAGES = """
SELECT m.turn, m.place, m.content FROM harness_conversations.message AS m
WHERE m.namespace = %s AND m.conversation = %s AND (m.turn, m.place) > (%s, %s)
ORDER BY m.turn, m.place LIMIT %s
"""
TURNS = """
SELECT number, content FROM harness_conversations.turn
WHERE namespace = %s AND conversation = %s AND number BETWEEN %s AND %s ORDER BY number
"""

W = TypeVar("W", bound=Word)


class Listed(NamedTuple):
    """A conversation in a list."""

    card: Card
    active: float
    """When its newest run ended; seconds since the epoch."""


class Conversations:
    """The rows of one namespace."""

    def __init__(self, database: Database, vault: Vault, namespace: str) -> None:
        self._database = database
        self._vault = vault
        self._namespace = namespace

    async def save_card(self, card: Card) -> None:
        """Save what a conversation is. An older card changes nothing."""
        owner, plain = session_workflow(card.id), not self._vault.encrypts
        place = place_of("conversation.card", self._namespace, card.id)
        content = await self._vault.encrypt(owner, card.wire(), place)
        title = card.title if plain else None
        row = (
            self._namespace, card.id, card.owner, card.agent, card.state, list(card.tags or ()),
            title, card.changed, card.created, content,
        )  # fmt: skip
        await self._database.fetch(SAVE_CARD, row)

    async def save_turn(self, conversation: str, rows: TurnRows) -> None:
        """Save a turn with its messages. The same again changes nothing."""
        turn = rows.turn
        content = await self._encrypt(conversation, turn, turn.number)
        place = (self._namespace, conversation, turn.number)
        active = turn.ended or turn.started
        columns = await self._message_columns(conversation, rows.messages)
        await self._database.fetch(
            SAVE_TURN,
            (
                *place, turn.dropped is True, content,
                active, self._namespace, conversation,
                *place, *columns,
            ),
        )  # fmt: skip

    async def save_base(self, conversation: str, messages: Sequence[StoredMessage]) -> None:
        """Save what a conversation was imported or forked with."""
        columns = await self._message_columns(conversation, messages)
        await self._database.fetch(
            SAVE_MESSAGES,
            (self._namespace, conversation, BASE, *columns),
        )

    async def has_base(self, conversation: str) -> bool:
        query = (
            "SELECT 1 FROM harness_conversations.message "
            "WHERE namespace = %s AND conversation = %s AND turn = %s LIMIT 1"
        )
        return bool(await self._database.fetch(query, (self._namespace, conversation, BASE)))

    async def find_card(self, conversation: str) -> Listed | None:
        rows = await self._database.fetch(
            "SELECT id, card, active FROM harness_conversations.conversation "
            "WHERE namespace = %s AND id = %s",
            (self._namespace, conversation),
        )
        return await self._read_card(rows[0]) if rows else None

    async def list_cards(
        self, which: Filter, limit: int, after: Position | None
    ) -> tuple[list[Listed], Position | None]:
        """List conversations, the most recently active first, and where the next page begins."""
        query, values = build_list_query(self._namespace, which, limit, after)
        # Not prepared: which index serves best depends on how frequent a tag or word is.
        rows = await self._database.fetch(query, values, prepare=False)
        found = [await self._read_known(row) for row in rows]
        more = Position(rows[-1][2], rows[-1][0]) if len(rows) == limit else None
        # The index may have been changed by hand; the card was signed for its row.
        return [each for each in found if each and which.owner in (None, each.card.owner)], more

    async def list_messages(
        self, conversation: str, limit: int, after: tuple[int, int]
    ) -> list[StoredMessage]:
        """List messages in their order, from after the place (turn, place)."""
        rows = await self._database.fetch(MESSAGES, (self._namespace, conversation, *after, limit))
        return [
            await self._decrypt(StoredMessage, conversation, content, turn, place)
            for turn, place, content in rows
        ]

    async def list_turns(self, conversation: str, first: int, last: int) -> list[StoredTurn]:
        rows = await self._database.fetch(TURNS, (self._namespace, conversation, first, last))
        return [
            await self._decrypt(StoredTurn, conversation, content, number)
            for number, content in rows
        ]

    async def list_numbers(self, conversation: str) -> set[int]:
        """List the numbers of the turns that are saved."""
        query = (
            "SELECT number FROM harness_conversations.turn "
            "WHERE namespace = %s AND conversation = %s"
        )
        rows = await self._database.fetch(query, (self._namespace, conversation))
        return {number for (number,) in rows}

    async def exists(self, conversation: str) -> bool:
        query = "SELECT 1 FROM harness_conversations.conversation WHERE namespace = %s AND id = %s"
        return bool(await self._database.fetch(query, (self._namespace, conversation)))

    async def list_ids(self) -> list[str]:
        """List the ids of all conversations."""
        query = "SELECT id FROM harness_conversations.conversation WHERE namespace = %s ORDER BY id"
        return [id for (id,) in await self._database.fetch(query, (self._namespace,))]

    async def delete(self, conversation: str) -> None:
        """Delete all rows of a conversation."""
        await self._database.fetch(
            "WITH m AS (DELETE FROM harness_conversations.message "
            "WHERE namespace = %s AND conversation = %s), "
            "t AS (DELETE FROM harness_conversations.turn "
            "WHERE namespace = %s AND conversation = %s) "
            "DELETE FROM harness_conversations.conversation WHERE namespace = %s AND id = %s",
            (self._namespace, conversation) * 3,
        )

    # --- private

    async def _message_columns(
        self, conversation: str, messages: Sequence[StoredMessage]
    ) -> tuple[list[int], list[bytes], list[str | None]]:
        places, contents, words = list[int](), list[bytes](), list[str | None]()
        for each in messages:
            places.append(each.place)
            contents.append(await self._encrypt(conversation, each, each.turn, each.place))
            words.append(None if self._vault.encrypts else _searched(each.text))
        return places, contents, words

    async def _encrypt(self, conversation: str, word: Word, *row: int) -> bytes:
        owner = session_workflow(conversation)
        return await self._vault.encrypt(owner, word.wire(), self._place(conversation, *row))

    async def _decrypt(self, kind: type[W], conversation: str, content: bytes, *row: int) -> W:
        return _parse(
            kind, await self._vault.decrypt(bytes(content), self._place(conversation, *row))
        )

    def _place(self, conversation: str, *row: int) -> bytes:
        table = "turn" if len(row) == 1 else "message"
        return place_of(f"conversation.{table}", self._namespace, conversation, *row)

    async def _read_known(self, row: Row) -> Listed | None:
        """None for a row that cannot be read: it must not hide the others."""
        try:
            return await self._read_card(row)
        except StoreError as error:
            if error.retryable:
                raise
            get_logger(__name__).warning(
                "a conversation cannot be read", conversation=row[0], why=error.code
            )
            return None

    async def _read_card(self, row: Row) -> Listed:
        id, content, active = row
        place = place_of("conversation.card", self._namespace, id)
        return Listed(_parse(Card, await self._vault.decrypt(bytes(content), place)), active)


def _parse(kind: type[W], content: bytes) -> W:
    try:
        return kind.model_validate_json(content)
    except ValueError as error:
        raise ContentCorrupt(
            f"A row of a conversation cannot be read by this version: {error}",
            fix="Rebuild the rows: harness conversation rebuild",
        ) from error


def _searched(text: str) -> str:
    return text[:WORDS].replace("\x00", " ")
