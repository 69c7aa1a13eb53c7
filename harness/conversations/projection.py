"""Keeps the rows of conversations equal to what Temporal and the archive have."""

from __future__ import annotations

import time

from harness.contracts.errors import RunForged
from harness.contracts.event import RunEnded
from harness.contracts.message import Message
from harness.contracts.run import RunSpec
from harness.conversations.contracts import Card, turn_run
from harness.conversations.rows import build_base, build_turn, is_dropped
from harness.conversations.store import Conversations
from harness.conversations.turns import find_last, read_turn_spec
from harness.engine.connection import Connection
from harness.history import reader
from harness.journal.nodes import collect_whole
from harness.store.transcripts.copying import read_nodes

SKEW_S = 60.0
"""By how much the clock of Temporal may be ahead."""


def open_rows(connection: Connection) -> Conversations:
    return Conversations(connection.database, connection.vault, connection.endpoints.namespace)


async def project_card(connection: Connection, card: Card) -> None:
    """Save what the conversation is, and what it was imported or forked with."""
    rows = open_rows(connection)
    if card.base is not None and not await rows.has_base(card.id):
        await _project_base(connection, card)
    await save_card(connection, card)


async def save_card(connection: Connection, card: Card) -> None:
    """Save the card. One from the future must not win over all later ones."""
    changed = min(time.time() + SKEW_S, card.changed)  # in this order also if it is NaN
    await open_rows(connection).save_card(card.model_copy(update={"changed": changed}))


async def project_turn(connection: Connection, card: Card, number: int) -> None:
    """Save a run that has ended, and those before it that are missing: others may use the same
    session.

    Raises:
        RunForged: The conversation has no such run.
    """
    if await read_turn_spec(connection, card, number) is None:
        raise RunForged(f"Conversation {card.id!r} has no run {number:,}.")
    await connection.stores.sessions.advance_last(card.id, number)
    await save_card(connection, card)
    await project_missing(connection, card, number - 1)
    await _project_run(connection, card, number)


async def project_missing(connection: Connection, card: Card, last: int) -> None:
    """Save those runs up to `last` that have ended and have no rows yet."""
    known = await open_rows(connection).list_numbers(card.id)
    for number in range(1, last + 1):
        if number not in known:
            await _project_run(connection, card, number)


async def project_conversation(connection: Connection, card: Card) -> int:
    """Make all rows of a conversation anew; returns the number of its runs."""
    rows = open_rows(connection)
    last = await find_last(connection, card.id)
    await rows.delete(card.id)
    await project_card(connection, card)
    for number in range(1, last + 1):
        await _project_run(connection, card, number)
    return last


async def _project_run(connection: Connection, card: Card, number: int) -> None:
    """Save a run if it has ended. It may show that later runs do not read the run before it."""
    spec = await read_turn_spec(connection, card, number)
    if spec is None or not await _save_run(connection, card, number, spec, dropped=False):
        return
    before = await read_turn_spec(connection, card, number - 1) if number > 1 else None
    if before is not None and is_dropped(before, spec):
        await _save_run(connection, card, number - 1, before, dropped=True)


async def _save_run(
    connection: Connection, card: Card, number: int, spec: RunSpec, *, dropped: bool
) -> bool:
    run = turn_run(card.id, number)
    events = [event async for event in reader.read_events(connection, run, wait=False)]
    if not any(isinstance(event, RunEnded) for event in events):
        return False  # it is saved when it has ended
    built = build_turn(card, number, spec, events, dropped=dropped)
    await open_rows(connection).save_turn(card.id, built)
    return True


async def _project_base(connection: Connection, card: Card) -> None:
    assert card.base is not None
    messages = await read_transcript(connection, card.base)
    await open_rows(connection).save_base(card.id, build_base(card, messages))


async def read_transcript(connection: Connection, head: str) -> list[Message]:
    """Read all messages up to a transcript node, oldest first."""
    nodes = await read_nodes(connection.database, connection.vault, head, {})
    return collect_whole(head, nodes)
