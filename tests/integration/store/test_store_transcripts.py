from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING, LiteralString

import pytest
from pydantic import SecretStr

from harness.config.settings import EncryptionSettings
from harness.contracts.errors import StoreError
from harness.contracts.message import user_message
from harness.contracts.transcript import Node
from harness.crypto import vault
from harness.crypto.keyring import Keyring, new_key
from harness.crypto.vault import Vault
from harness.store.database import Database
from harness.store.families import Families
from harness.store.migrate import open_database
from harness.store.transcripts.chain import Transcripts

if TYPE_CHECKING:
    from tests.fakes.postgres import Postgres

pytest_plugins = ("tests.fakes.postgres",)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    database = await open_database(database_url)
    yield database
    await database.close()


def grow(transcripts: Transcripts, head: str | None, texts: list[str], run: str = "r") -> str:
    for turn, text in enumerate(texts, 1):
        node = Node(parent=head, messages=(user_message(text),))
        head = transcripts.add(node, run=run, turn=turn, call=1, reply=f"reply to {text}".encode())
    assert head
    return head


def words(count: int) -> list[str]:
    return [f"message {n}" for n in range(count)]


async def texts(transcripts: Transcripts, head: str) -> list[str]:
    return [message.text for message in await transcripts.load(head)]


async def test_what_one_process_added_another_reads(database: Database) -> None:
    first = Transcripts(database)
    head = grow(first, None, words(100))
    assert not first.is_saved(head)
    assert await texts(first, head) == words(100)
    await first.flush(head)
    assert first.is_saved(head)
    assert first.newest_saved(head) == head
    second = Transcripts(database)
    assert await texts(second, head) == words(100)
    assert second.is_saved(head)
    assert (await second.load_node(head)).messages == (user_message("message 99"),)


async def test_branches_share_what_came_before(database: Database) -> None:
    transcripts = Transcripts(database)
    middle = grow(transcripts, None, words(10))
    left = grow(transcripts, middle, ["left"], run="left")
    right = grow(transcripts, middle, ["right"], run="right")
    await transcripts.flush(left)
    await transcripts.flush(right)
    for reader in (transcripts, Transcripts(database)):
        assert await texts(reader, left) == [*words(10), "left"]
        assert await texts(reader, right) == [*words(10), "right"]
        assert await texts(reader, middle) == words(10)
    assert await database.fetch("SELECT count(*) FROM harness.node") == [(12,)]


async def test_answers_are_found_again(database: Database) -> None:
    transcripts = Transcripts(database)
    head = grow(transcripts, None, words(3))
    for reader in (transcripts, Transcripts(database)):
        answer = await reader.find("r", 3, 1)
        assert answer == (head, b"reply to message 2")
        assert await reader.find("r", 4, 1) is None
        await transcripts.flush(head)
    second = transcripts.add(
        Node(parent=None, messages=(user_message("x"),)), run="r", turn=3, call=2
    )
    await transcripts.flush(second)
    newest = await Transcripts(database).find("r", 3, 2)
    assert newest and newest.head == second


async def test_a_call_answered_twice_gives_the_newest(database: Database) -> None:
    transcripts = Transcripts(database)
    for text in ("one", "two"):
        head = transcripts.add(Node(parent=None, messages=(user_message(text),)), run="r", turn=1)
        await transcripts.flush(head)
    answer = await Transcripts(database).find("r", 1)
    assert answer and answer.head == head


async def test_what_is_missing_is_named(database: Database) -> None:
    transcripts = Transcripts(database)
    with pytest.raises(StoreError, match="node nothing is not in this store") as caught:
        await transcripts.load("nothing")
    assert caught.value.code == "store.transcript_missing"
    head = transcripts.add(Node(parent="gone", messages=()), run="r", turn=1)
    with pytest.raises(StoreError, match=f"node gone, an ancestor of {head}, is not"):
        await transcripts.flush(head)
    assert not transcripts.is_saved(head)
    with pytest.raises(StoreError, match="nothing"):
        await transcripts.load_node("nothing")


async def test_changed_bytes_are_detected(database: Database) -> None:
    transcripts = Transcripts(database)
    head = grow(transcripts, None, words(2))
    await transcripts.flush(head)
    await database.fetch("UPDATE harness.node SET body = body || ' ' WHERE id = %s", (head,))
    with pytest.raises(StoreError, match="do not match") as caught:
        await Transcripts(database).load(head)
    assert caught.value.code == "store.corrupt"


async def test_a_small_memory_reads_from_postgres(database: Database) -> None:
    transcripts = Transcripts(database, cache_bytes=20_000)
    heads = [grow(transcripts, None, [f"{n} {word}" for word in words(5)]) for n in range(20)]
    for head in heads:
        await transcripts.flush(head)
    for n, head in enumerate(heads):
        assert await texts(transcripts, head) == [f"{n} {word}" for word in words(5)]


async def test_no_node_is_lost_when_postgres_crashes(
    postgres: Postgres, database: Database
) -> None:
    transcripts = Transcripts(database)
    first = grow(transcripts, None, words(10))
    await transcripts.flush(first)
    sent = grow(transcripts, first, ["in flight"])
    await asyncio.to_thread(postgres.kill)
    head = grow(transcripts, sent, words(10))
    assert transcripts.newest_saved(head) in (first, sent)
    assert len(await transcripts.load(head)) == 21
    answer = await transcripts.find("r", 10)
    assert answer and answer.head == head
    waiting = asyncio.create_task(transcripts.flush(head))
    await asyncio.to_thread(postgres.start)
    await waiting
    assert await texts(Transcripts(database), head) == [*words(10), "in flight", *words(10)]


async def test_two_processes_write_the_same_nodes(database: Database) -> None:
    both = [Transcripts(database) for _ in range(2)]
    heads = {grow(transcripts, None, words(200)) for transcripts in both}
    assert len(heads) == 1
    await asyncio.gather(*(transcripts.flush(*heads) for transcripts in both))
    assert await database.fetch("SELECT count(*) FROM harness.node") == [(200,)]


async def test_close_writes_what_is_left(database: Database) -> None:
    transcripts = Transcripts(database)
    head = grow(transcripts, None, words(5))
    await transcripts.close()
    assert await texts(Transcripts(database), head) == words(5)


async def test_new_calls_wait_while_too_much_is_unwritten(
    postgres: Postgres, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("harness.store.transcripts.node_writer.FULL_BYTES", 1000)
    transcripts = Transcripts(database)
    await transcripts.wait_for_room()
    await asyncio.to_thread(postgres.kill)
    head = grow(transcripts, None, words(20))
    monkeypatch.setattr("harness.store.transcripts.node_writer.PATIENCE_SECONDS", 0.2)
    for waiting in (transcripts.wait_for_room(), transcripts.flush(head)):
        with pytest.raises(StoreError, match="cannot be used") as caught:
            await waiting
        assert caught.value.retryable
    monkeypatch.setattr("harness.store.transcripts.node_writer.PATIENCE_SECONDS", 20)
    ready = asyncio.create_task(transcripts.wait_for_room())
    await asyncio.to_thread(postgres.start)
    await ready
    await transcripts.flush(head)


async def test_a_node_that_postgres_refuses_harms_no_other(database: Database) -> None:
    transcripts = Transcripts(database)
    bad = transcripts.add(Node(messages=(user_message("bad"),)), run="no \0 name", turn=1)
    good = grow(transcripts, None, words(5))
    await transcripts.flush(good)
    assert await texts(Transcripts(database), good) == words(5)
    assert not transcripts.is_saved(bad)
    assert transcripts.newest_saved(bad) is None
    again = transcripts.add(Node(messages=(user_message("worse"),)), run="\0", turn=1)
    for head in (again, again, bad):  # also when it is asked for later
        with pytest.raises(StoreError, match="refuses") as caught:
            await transcripts.flush(head)
        assert not caught.value.retryable


@pytest.mark.parametrize(
    ("away", "back"),
    [
        (
            "ALTER TABLE harness.answer RENAME TO elsewhere",
            "ALTER TABLE harness.elsewhere RENAME TO answer",
        ),
        ("ALTER SCHEMA harness RENAME TO elsewhere", "ALTER SCHEMA elsewhere RENAME TO harness"),
    ],
)
async def test_temporarily_missing_tables_lose_no_node(
    database: Database, monkeypatch: pytest.MonkeyPatch, away: LiteralString, back: LiteralString
) -> None:
    transcripts = Transcripts(database)
    await database.fetch(away)
    head = grow(transcripts, None, words(3))
    monkeypatch.setattr("harness.store.transcripts.node_writer.PATIENCE_SECONDS", 0.2)
    with pytest.raises(StoreError, match="does not exist") as caught:
        await transcripts.flush(head)
    assert caught.value.code == "store.unavailable"
    monkeypatch.setattr("harness.store.transcripts.node_writer.PATIENCE_SECONDS", 20)
    await database.fetch(back)
    await transcripts.flush(head)
    assert await texts(Transcripts(database), head) == words(3)


async def test_long_chains_come_in_pieces(database: Database) -> None:
    transcripts = Transcripts(database)
    head = grow(transcripts, None, words(1500))
    await transcripts.flush(head)
    assert await texts(Transcripts(database), head) == words(1500)


async def test_only_what_is_missing_is_fetched(database: Database) -> None:
    transcripts = Transcripts(database)
    middle = grow(transcripts, None, words(50))
    await transcripts.flush(middle)
    reader = Transcripts(database)
    await reader.load(middle)
    await database.fetch("DELETE FROM harness.node WHERE id <> %s", (middle,))
    head = grow(transcripts, middle, ["more"])
    await transcripts.flush(head)
    assert await texts(reader, head) == [*words(50), "more"]


async def test_close_gives_up_on_a_dead_postgres(
    postgres: Postgres, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("harness.store.transcripts.node_writer.PATIENCE_SECONDS", 0.1)
    transcripts = Transcripts(database)
    await asyncio.to_thread(postgres.kill)
    head = grow(transcripts, None, words(3))
    await transcripts.close()
    assert not transcripts.is_saved(head)
    await asyncio.to_thread(postgres.start)


WORKER = """
import asyncio, sys
from harness.contracts.message import user_message
from harness.contracts.transcript import Node
from harness.store import Transcripts
from harness.store.migrate import open_database

async def main():
    transcripts = Transcripts(await open_database(sys.argv[1]))
    head, turn = None, 0
    while True:
        for _ in range(5):
            turn += 1
            node = Node(parent=head, messages=(user_message(str(turn)),))
            head = transcripts.add(node, run="r", turn=turn)
        await transcripts.flush(head)
        print(turn, head, flush=True)

asyncio.run(main())
"""


@pytest.mark.slow
async def test_nodes_reported_as_saved_survive_every_crash(
    postgres: Postgres, database_url: str
) -> None:
    worker = await asyncio.create_subprocess_exec(
        sys.executable, "-c", WORKER, database_url, stdout=asyncio.subprocess.PIPE
    )
    assert worker.stdout
    for _ in range(20):
        said = await worker.stdout.readline()
    worker.kill()
    await asyncio.to_thread(postgres.kill)
    said = ((await worker.stdout.read()).splitlines() or [said])[-1]
    await worker.wait()
    await asyncio.to_thread(postgres.start)
    turn, head = said.decode().split()
    database = await open_database(database_url)
    transcripts = Transcripts(database)
    assert await texts(transcripts, head) == [str(n) for n in range(1, int(turn) + 1)]
    # Whatever else was written is whole: a node is never there without its ancestors.
    for (last,) in await database.fetch(
        "SELECT head FROM harness.answer ORDER BY seq DESC LIMIT 1"
    ):
        await transcripts.load(last)
    await database.close()


async def test_what_another_process_made_unreadable_is_not_read_from_memory(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vault, "KEY_SECONDS", 0.0)
    settings = EncryptionSettings(key=SecretStr(new_key()))
    here, there = (Vault(Families(database), Keyring(settings, tmp_path)) for _ in range(2))
    wrote, read = (Transcripts(database, vault=here) for _ in range(2))
    first = wrote.add(Node(messages=(user_message("secret"),)), run="e", turn=1, owner="run")
    head = wrote.add(
        Node(parent=first, messages=(user_message("more"),)), run="e", turn=2, owner="run"
    )
    await wrote.flush(head)
    for transcripts in (wrote, read):
        assert await texts(transcripts, head) == ["secret", "more"]
    await there.forget_family("run")
    for transcripts in (wrote, read):
        for call in (transcripts.load(head), transcripts.load(first), transcripts.load_node(first)):
            with pytest.raises(StoreError, match="was forgotten"):
                await call
