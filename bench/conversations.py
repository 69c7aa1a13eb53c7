"""Listing conversations: 100,000 of them, with 400,000 messages, filled in by SQL.

    python -m bench.conversations [--count 100000]

Each list is measured as the API's client function answers it, and its plan can be printed.
"""

from __future__ import annotations

import argparse
import random
import time
from typing import LiteralString

import uvloop

from bench.agents import ground
from bench.measure import lags
from harness.conversations.client import Conversations
from harness.conversations.contracts import Card, session_workflow
from harness.conversations.list_query import Filter, Position, build_list_query
from harness.crypto.place import place_of
from harness.engine.connection import Connection

OWNERS = 200
AGENTS = 20
WORDS = 20_000
MESSAGES = 4
MESSAGE_WORDS = 40
TIMES = 30
START = 1.7e9
COPY_CARDS = (
    "COPY harness_conversations.conversation "
    "(namespace, id, owner, agent, state, tags, title, changed, active, card) FROM STDIN"
)
COPY_MESSAGES = (
    "COPY harness_conversations.message (namespace, conversation, turn, place, content, words) "
    "FROM STDIN"
)


def choose_words(chance: random.Random, count: int) -> str:
    """Words as texts have them: few are frequent, most are rare."""
    return " ".join(f"word{int(chance.paretovariate(0.5)) % WORDS}" for _ in range(count))


def make_card(chance: random.Random, number: int) -> Card:
    at = START + number
    return Card(
        id=f"conversation-{number}",
        owner=f"user{number % OWNERS}",
        agent=f"agent{chance.randrange(AGENTS)}",
        title=choose_words(chance, 5),
        tags=(f"tag{chance.randrange(50)}",),
        state="archived" if chance.random() < 0.1 else "active",
        policy="queue",
        created=at,
        changed=at,
    )


async def fill(connection: Connection, count: int) -> None:
    chance, space, vault = random.Random(1), connection.endpoints.namespace, connection.vault
    async with connection.database.connection() as database:
        async with database.cursor() as cursor, cursor.copy(COPY_CARDS) as rows:
            for number in range(count):
                card = make_card(chance, number)
                place = place_of("conversation.card", space, card.id)
                content = await vault.encrypt(session_workflow(card.id), card.wire(), place)
                await rows.write_row(
                    (
                        space, card.id, card.owner, card.agent, card.state, list(card.tags or ()),
                        card.title, card.changed, card.changed, content,
                    )
                )  # fmt: skip
        async with database.cursor() as cursor, cursor.copy(COPY_MESSAGES) as rows:
            for number in range(count):
                for place in range(MESSAGES):
                    words = choose_words(chance, MESSAGE_WORDS)
                    row = (space, f"conversation-{number}", 1, place, b"x" * 200, words)
                    await rows.write_row(row)
        await database.execute("ANALYZE")


async def measure_list(
    connection: Connection, title: str, which: Filter, *, deep: bool = False, plan: bool = False
) -> None:
    conversations = Conversations(connection, owner=which.owner)
    after = f"{START + 1000!r}/conversation-1000" if deep else None
    took: list[float] = []
    found = 0
    for _ in range(TIMES):
        start = time.perf_counter()
        found = len((await conversations.list(which, limit=50, after=after)).conversations)
        took.append(time.perf_counter() - start)
    print(f"{title}: {found} rows; {lags(took)}", flush=True)
    if plan:
        await print_plan(connection, which, after)


async def print_plan(connection: Connection, which: Filter, after: str | None) -> None:
    active, _, id = (after or "").partition("/")
    position = Position(float(active), id) if after else None
    query, values = build_list_query(connection.endpoints.namespace, which, 50, position)
    explain: LiteralString = f"EXPLAIN (ANALYZE, BUFFERS) {query}"
    rows = await connection.database.fetch(explain, values, prepare=False)
    for (line,) in rows:
        print(f"    {line}")


async def main(chosen: argparse.Namespace) -> None:
    async with ground() as base, base.client() as harness:
        connection, start = harness.connection, time.perf_counter()
        await fill(connection, chosen.count)
        print(f"{chosen.count:,} conversations filled in {time.perf_counter() - start:.0f} s")
        lists: tuple[tuple[str, Filter, bool], ...] = (
            ("all, first page", Filter(), False),
            ("all, a late page", Filter(), True),
            ("of one owner", Filter(owner="user7"), False),
            ("of one agent", Filter(agent="agent3"), False),
            ("with a tag", Filter(tag="tag9"), False),
            ("archived", Filter(states=("archived",)), False),
            ("in any state", Filter(states=("active", "archived", "deleted")), False),
            ("deleted: none", Filter(states=("deleted",)), False),
            ("an owner without any", Filter(owner="nobody"), False),
            ("a tag that none has", Filter(tag="none"), False),
            ("text: a frequent word", Filter(text="word1"), False),
            ("text: a rare word", Filter(text=f"word{WORDS - 7}"), False),
            ("text: two words", Filter(text="word12 word35"), False),
            ("text: no match", Filter(text="nothing"), False),
            ("text of one owner", Filter(text="word900", owner="user7"), False),
        )
        for title, which, deep in lists:
            await measure_list(connection, title, which, deep=deep, plan=chosen.plans)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--plans", action="store_true")
    uvloop.run(main(parser.parse_args()))
