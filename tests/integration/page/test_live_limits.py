"""What one user can take of the live socket from the others."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Origin

from harness.page import run_lists
from harness.page.live import SocketSlots, TopicSlots
from harness.page.run_lists import ListSlots
from harness.runs import pages
from tests.fakes.runs import eventually
from tests.integration.api.conftest import Api
from tests.integration.page.sockets import opened

TOO_MANY = "api.too_many_calls"
TRY_LATER = 1013


async def test_a_user_has_few_sockets(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    async with AsyncExitStack() as stack:
        for _ in range(SocketSlots.most_each):
            await stack.enter_async_context(opened(api))
        with pytest.raises(InvalidStatus) as refused:
            await stack.enter_async_context(opened(api, "viewer"))  # another token, the same user
        answer = refused.value.response
        assert answer.status_code == 429 and TOO_MANY.encode() in (answer.body or b"")
        assert answer.headers["Retry-After"] == "1"
        # A page cannot read the answer to a handshake.
        async with opened(api, origin=Origin(api.daemon.url)) as page:
            with pytest.raises(ConnectionClosed) as closed:
                await page.receive()
        assert closed.value.rcvd is not None and closed.value.rcvd.code == TRY_LATER
        assert closed.value.rcvd.reason.startswith("Too many live sockets")
        async with opened(api, "stranger") as theirs:
            await theirs.follow("approvals")
            await theirs.next_of("approvals", "ready")

    async def comes_back() -> bool:
        try:
            async with opened(api):
                return True
        except InvalidStatus:
            return False

    await eventually(comes_back)
    assert not [each for each in caplog.records if each.levelname == "ERROR"]


async def test_a_user_follows_few_lists(api: Api, name: str) -> None:
    topics = [f"runs?agent={name}-{number}" for number in range(ListSlots.most_each)]
    async with opened(api) as live, opened(api, "viewer") as more, opened(api, "stranger") as other:
        for topic in topics:
            await live.follow(topic)
            await live.next_of(topic, "rows")
        for client in (live, more):
            await client.follow(f"runs?agent={name}")
            assert await client.error(f"runs?agent={name}") == TOO_MANY
            await client.follow(f"{topics[0]}#tab")  # the same list costs nothing more
            await client.next_of(f"{topics[0]}#tab", "rows")
        await other.follow(f"runs?agent={name}")
        await other.next_of(f"runs?agent={name}", "rows")
        await live.leave(topics[1])
        await live.leave(topics[0])  # others read it still
        await live.follow(f"runs?agent={name}")
        await live.next_of(f"runs?agent={name}", "rows")
        await live.follow(topics[1])
        error = await live.next_of(topics[1], "error")
        assert (error["data"]["code"], error["data"]["retryable"]) == (TOO_MANY, True)


async def _count_reads() -> int:
    return sum("SharedReads._ask" in repr(each.get_coro()) for each in asyncio.all_tasks())


async def test_lists_that_are_left_ask_nothing(
    api: Api, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, most = list[str](), 0

    async def hang(_: object, query: str, *more: object) -> object:
        asked.append(query)
        await asyncio.Event().wait()

    monkeypatch.setattr(pages, "list_page", hang)
    monkeypatch.setattr(ListSlots, "each_per_minute", 40)
    async with opened(api) as live:
        for start in range(0, 40, 10):
            topics = [f"runs?agent={name}-{start + number}" for number in range(10)]
            for topic in topics:
                await live.follow(topic)
            await live.follow("approvals")
            await live.next_of("approvals", "ready")  # so the lists before it have begun
            most = max(most, await _count_reads())
            for topic in topics:
                await live.leave(topic)
        await eventually(_count_reads, lambda count: count == 0)
        assert most <= run_lists.AT_ONCE + 2
        await live.follow(f"runs?agent={name}")
        error = await live.next_of(f"runs?agent={name}", "error")
        assert error["data"]["code"] == TOO_MANY and "40 live lists" in error["data"]["detail"]
        assert len(asked) <= 40


async def test_who_follows_many_lists_waits_for_them_and_nobody_else(
    api: Api, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, gate, read = list[str](), asyncio.Semaphore(0), pages.list_page

    async def wait(connection: object, query: str, *more: object) -> object:
        asked.append(query)
        await gate.acquire()
        return await read(connection, query, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(pages, "list_page", wait)
    monkeypatch.setattr(run_lists, "EVERY_S", 0.0)
    async with opened(api) as greedy, opened(api, "stranger") as other:
        for number in range(ListSlots.most_each):
            await greedy.follow(f"runs?agent={name}-{number}")
        await eventually(lambda: _length(asked), lambda count: count == run_lists.AT_ONCE)
        await other.follow(f"runs?agent={name}-other")
        await other.follow("approvals")
        await other.next_of("approvals", "ready")  # so the list before it waits by now
        for _ in range(2):
            gate.release()
        await eventually(lambda: _length(asked), lambda count: count == run_lists.AT_ONCE + 2)
        assert any(f"{name}-other" in query for query in asked)
        for _ in range(1_000):
            gate.release()
        await other.next_of(f"runs?agent={name}-other", "rows")


async def _length(asked: list[str]) -> int:
    return len(asked)


@pytest.mark.slow
async def test_a_user_opens_few_topics_in_a_minute(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(TopicSlots, "each_per_minute", 30)
    async with opened(api, "viewer") as live, opened(api, "stranger") as other:
        for number in range(10):
            for topic in (f"run/{number}", f"conversation/{number}", f"looking/{number}"):
                await live.follow(topic)
                assert (await live.error(topic)).endswith("not_found")
        await live.follow("run/none")
        assert await live.error("run/none") == TOO_MANY
        await other.follow("run/none")
        assert await other.error("run/none") == "run.not_found"
