"""The writer under attack and under load: hostile content, limits, retention, outages."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from time import monotonic
from typing import Any, LiteralString

import pytest

from harness import Harness
from harness.api.caller import Caller as Asker
from harness.api.caller import Role
from harness.contracts.errors import RequestNotFound, StoreUnavailable
from harness.contracts.message import Image, Message, Text, ToolCall, user_message
from harness.contracts.model import ModelParams, ModelReply, ModelRequest, Usage
from harness.interceptors import Caller
from harness.request_log import client
from harness.request_log.retention import sweep_log
from harness.request_log.rows import NewEntry, RequestFilter, SentRequest
from harness.request_log.settings import RequestLogSettings
from harness.request_log.store import RequestStore
from harness.request_log.writer import LogWriter

SECRET = "sk-proj-abcdefghijklmnop1234567890"  # nosec B105 - a made-up key
SETTINGS = RequestLogSettings(sample=1.0)


def make_sent(
    run: str, *messages: Message, number: int = 0, owner: str | None = None, **more: Any
) -> SentRequest:
    caller = Caller(run=run, origin="o", agent="a", turn=number, owner=owner)
    request = ModelRequest(model="m", instructions="", messages=messages, **more)
    reply = ModelReply(
        message=Message(role="assistant", parts=(Text(text=f"answer {number}"),)),
        usage=Usage(input=10, output=2), finish="stop", model="m\0\ud800", request_id="\0" * 9_999,
    )  # fmt: skip
    return SentRequest(
        id=f"req_{run}_{number}", caller=caller, model="p/m", request=request, status="ok",
        ended=monotonic(), ms=5.0, reply=reply,
    )  # fmt: skip


async def write(harness: Harness, sent: Sequence[SentRequest], **settings: Any) -> LogWriter:
    writer = LogWriter(harness.connection, SETTINGS.model_copy(update=settings))
    for each in sent:
        writer.add(each)
    await writer.close()
    return writer


async def count(harness: Harness, run: str) -> tuple[int, int]:
    """Entries and bytes of a run."""
    rows = await harness.connection.database.fetch(
        "SELECT (SELECT count(*) FROM harness_request_log.entry WHERE run = %(run)s), "
        "(SELECT coalesce(sum(length(content)), 0)::bigint FROM ("
        "SELECT content FROM harness_request_log.entry WHERE run = %(run)s UNION ALL "
        "SELECT content FROM harness_request_log.part WHERE run = %(run)s) AS c)",
        {"run": run},
    )
    return rows[0][0], rows[0][1]


async def test_hostile_content_is_recorded_masked_and_short(remote: Harness, name: str) -> None:
    nested: Any = "deep"
    for _ in range(500):
        nested = [nested]
    arguments = {SECRET: 1, "password": "hunter2-secret", "deep": nested, "n": 10**400}
    huge = f"{'x' * 65_500} {SECRET} {'y' * 10_000_000}"
    sent = make_sent(
        name,
        user_message(f"\0 \ud800 {SECRET}"),
        user_message(huge),
        Message(role="user", parts=(Image(data="A" * 1_000_000),)),
        Message(role="assistant", parts=(ToolCall(id="c", name="t", arguments=arguments),)),
        params=ModelParams(extra={"headers": {"Authorization": "Basic dXNlcjpwYXNz"}}),
    )
    await write(remote, [sent])
    entries, size = await count(remote, name)
    assert entries == 1
    assert size < 400_000
    shown = (await client.show_request(remote.connection, sent.id)).model_dump_json()
    for secret in (SECRET, SECRET[:16], "hunter2", "dXNlcjpwYXNz"):
        assert secret not in shown
    for text in ("characters in all, sha256", "nested too deeply", "\\u0000 ? ***"):
        assert text in shown


async def test_an_entry_costs_what_is_new_in_it(remote: Harness, name: str) -> None:
    messages = [user_message(f"{n} {'text ' * 2_000}") for n in range(40)]
    sent = [make_sent(name, *messages[: n + 1], number=n) for n in range(40)]
    await write(remote, sent)
    entries, size = await count(remote, name)
    assert entries == 40
    assert size < 1.3 * 40 * 10_000
    shown = await client.show_request(remote.connection, sent[30].id)
    assert (shown.previous, shown.added, len(shown.parts)) == (sent[29].id, 1, 32)
    assert all(each.value is not None for each in shown.parts)


async def test_others_see_nothing(remote: Harness, name: str) -> None:
    await write(
        remote,
        [make_sent(name, user_message("mine"), number=n, owner=who) for n, who in
         enumerate(("ada", "bob", None))],
    )  # fmt: skip
    for user, numbers in (("ada", [0]), ("bob", [1]), ("eve", [])):
        asker = Asker(user=user, role=Role.OPERATOR, token="")
        for which in (RequestFilter(run=name), RequestFilter(run=name, search="mine")):
            page = await client.list_requests(remote.connection, which, by=asker)
            assert [each.turn for each in page.requests] == numbers
        for number in {0, 1, 2} - set(numbers):
            with pytest.raises(RequestNotFound):
                await client.show_request(remote.connection, f"req_{name}_{number}", by=asker)
    admin = Asker(user="root", role=Role.ADMIN, token="")
    page = await client.list_requests(remote.connection, RequestFilter(run=name), by=admin)
    assert len(page.requests) == 3
    for id in ("", "req_x", "a\0b", "\ud800", "x" * 10_000):
        with pytest.raises(RequestNotFound):
            await client.show_request(remote.connection, id)


async def test_pages(remote: Harness, name: str) -> None:
    sent = [make_sent(name, user_message(f"say {n % 2}"), number=n) for n in range(25)]
    await write(remote, sent)
    for which, expected in (
        (RequestFilter(run=name), 25), (RequestFilter(run=name, search="SAY 1"), 12),
        (RequestFilter(run=name, turn=7), 1), (RequestFilter(run=name, model="p/x"), 0),
    ):  # fmt: skip
        found, cursor = list[str](), None
        while True:
            page = await client.list_requests(remote.connection, which, limit=5, cursor=cursor)
            found += [each.id for each in page.requests]
            if (cursor := page.next) is None:
                break
        assert len(found) == len(set(found)) == expected


@pytest.fixture
async def own(
    options: dict[str, Any], database_url: str, remote: Harness
) -> AsyncIterator[RequestStore]:
    """A store whose database no other test uses."""
    from harness.store.migrate import open_database

    database = await open_database(database_url, pool_size=4)
    yield RequestStore(database, remote.connection.vault)
    await database.close()


@pytest.mark.slow
async def test_retention_under_load(own: RequestStore) -> None:
    """Several writers fill buckets while they are deleted: the log stays within its size."""
    settings = RequestLogSettings(sample=1.0, max_total_bytes=1_048_576)
    from harness.request_log.build import build_entry

    async def fill(writer: int) -> None:
        for number in range(20):
            bucket, made, now = await own.open_bucket(settings)
            entries = list[NewEntry]()
            for each in range(6):
                run = f"run-{writer}-{number}-{each}"
                sent = make_sent(run, user_message("x" * 5_000))
                entries.append(build_entry(sent, bucket, b"key", (), 100_000, now))
            await own.write(bucket, entries, dropped=1)
            if made:
                await sweep_log(own, settings)

    await asyncio.gather(*(fill(writer) for writer in range(3)))
    await sweep_log(own, settings)
    totals = await own.read_totals()
    assert 500_000 < totals.bytes <= 1_048_576
    database = own._database  # pyright: ignore[reportPrivateUsage]
    rows = await database.fetch(
        "SELECT (SELECT count(*) FROM harness_request_log.entry), "
        "(SELECT count(*) FROM harness_request_log.entry e WHERE NOT EXISTS ("
        "  SELECT FROM harness_request_log.part p WHERE p.run = e.run AND p.bucket = e.bucket))"
    )
    assert rows == [(totals.entries, 0)]
    # Everything is older than it may be: seen at once, and deleted with its bucket.
    statements: tuple[LiteralString, ...] = (
        "UPDATE harness_request_log.bucket SET began = began - interval '15 days'",
        "UPDATE harness_request_log.entry SET at = at - interval '15 days'",
    )
    for statement in statements:
        await database.fetch(statement)
    assert await sweep_log(own, settings) == totals.entries
    assert (await own.read_totals()).bytes == 0


async def test_a_full_queue_drops_and_counts(
    remote: Harness, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = LogWriter(remote.connection, SETTINGS)
    refused = True
    opened = RequestStore.open_bucket

    async def open_bucket(
        store: RequestStore, settings: RequestLogSettings
    ) -> tuple[int, bool, float]:
        if refused:
            raise StoreUnavailable("Postgres is down.")
        return await opened(store, settings)

    monkeypatch.setattr(RequestStore, "open_bucket", open_bucket)
    monkeypatch.setattr("harness.request_log.writer.MOST_QUEUED", 30)
    for number in range(37):
        writer.add(make_sent(name, user_message("x"), number=number))
    assert writer.dropped == 7
    refused = False
    await writer.close()
    assert (await count(remote, name))[0] == 30
    totals = await RequestStore(remote.connection.database, remote.connection.vault).read_totals()
    assert totals.dropped >= 7
