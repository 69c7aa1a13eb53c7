"""Names whose server never answers: they hold up nobody but who asked for them."""

from __future__ import annotations

import asyncio
import gc
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from harness.config.settings import HttpToolSettings
from harness.tools import http_get, http_tools
from harness.tools.web import names
from harness.tools.web.names import THREADS, resolve_name
from tests.fakes.tool_calls import calling


class Silent:
    """A name server that answers names in `.slow.test` only at the end."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.end = threading.Event()
        self._resolve = socket.getaddrinfo

    def getaddrinfo(self, host: Any, *rest: Any, **options: Any) -> Any:
        if str(host).endswith(".slow.test"):
            self.asked.append(host)
            self.end.wait()
            host = "127.0.0.1"
        return self._resolve(host, *rest, **options)


@pytest.fixture
def silent(monkeypatch: pytest.MonkeyPatch) -> Iterator[Silent]:
    server = Silent()
    monkeypatch.setattr(socket, "getaddrinfo", server.getaddrinfo)
    yield server
    server.end.set()


async def ask(number: int, asker: str) -> list[str]:
    return await resolve_name(f"{number}.slow.test", 443, asker)


async def until_asked(silent: Silent, count: int) -> None:
    while len(silent.asked) < count:  # noqa: ASYNC110
        await asyncio.sleep(0.001)


async def test_slow_names_of_one_asker_hold_up_no_other(silent: Silent) -> None:
    waiting = [asyncio.create_task(ask(number, "ann")) for number in range(60)]
    await until_asked(silent, THREADS)
    assert await resolve_name("127.0.0.1", 443, "ben") == ["127.0.0.1"]
    assert await asyncio.to_thread(lambda: "the loop's threads are free")
    assert len(silent.asked) == THREADS
    silent.end.set()
    assert await asyncio.gather(*waiting) == [["127.0.0.1"]] * 60


async def test_slow_names_of_one_run_hold_up_no_other(silent: Silent) -> None:
    """A model that asks for slow names waits alone: the worker has other runs."""
    http = HttpToolSettings(allow=("*.test", "127.0.0.1"))
    async with (
        calling(http_get, *http_tools()[1:], http=http) as slow,
        calling(http_get, http=http) as other,
    ):
        other.info(workflow_id="other")
        waiting = [
            asyncio.create_task(slow("http_get", url=f"https://{number}.slow.test/"))
            for number in range(THREADS)
        ]
        change = {"method": "POST", "url": "https://x.slow.test/"}
        waiting.append(asyncio.create_task(slow("http_request", **change)))
        await until_asked(silent, THREADS)
        # Resolved, and only then refused:
        code, _ = await other.refused("http_get", url="https://127.0.0.1/")
        assert code == "tool.confined" and len(silent.asked) == THREADS
        for task in waiting:
            task.cancel()
        silent.end.set()
        await asyncio.gather(*waiting, return_exceptions=True)


async def test_giving_up_frees_no_thread_that_is_still_busy(silent: Silent) -> None:
    for number in range(THREADS):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await ask(number, "ann")
    await until_asked(silent, THREADS)
    gc.collect()
    late = [asyncio.create_task(ask(number, "ann")) for number in range(100, 110)]
    assert await resolve_name("127.0.0.1", 443, "ben") == ["127.0.0.1"]
    assert len(silent.asked) == THREADS
    silent.end.set()
    await asyncio.gather(*late)


async def test_threads_end_with_the_last_name() -> None:
    assert await resolve_name("127.0.0.1", 443, "cleo") == ["127.0.0.1"]
    while "cleo" in names._resolvers:  # noqa: ASYNC110 # pyright: ignore[reportPrivateUsage]
        await asyncio.sleep(0.001)
