"""The port that a browser returns to, which every program of the machine can call."""

from __future__ import annotations

import asyncio
from typing import Any

from harness.mcp_tools.sign_in.callback import HOST, MAX_CALLERS, Callback, open_callback

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def connect(callback: Callback) -> Connection:
    return await asyncio.open_connection(HOST, callback.port)


async def ask(callback: Callback, target: str) -> bytes:
    reader, writer = await connect(callback)
    writer.write(f"GET {target} HTTP/1.1\r\nHost: {HOST}:{callback.port}\r\n\r\n".encode())
    answer = await reader.read()
    writer.close()
    return answer.partition(b"\r\n")[0]


async def test_idle_connections_do_not_keep_the_browser_out() -> None:
    async with open_callback(None, None) as callback:
        callback.expect("mine")
        idle = [await connect(callback) for _ in range(2 * MAX_CALLERS)]
        assert await ask(callback, "/callback?code=c&state=mine") == b"HTTP/1.1 200 OK"
        assert (await callback.wait()).code == "c"
        assert await idle[0][0].read() == b"", "the oldest were closed"
        assert not idle[-1][0].at_eof()
    assert await idle[-1][0].read() == b"", "the rest end with the sign-in"
    for _, writer in idle:
        writer.close()


async def test_addresses_that_are_none() -> None:
    async with open_callback(None, None) as callback:
        for target in ("http://[", "http://[/callback", "*", "", "/callback?state=x"):
            assert (await ask(callback, target)).split(b" ")[1] in (b"400", b"404"), target


async def test_nothing_is_reported_when_the_loop_ends() -> None:
    """Whether the sign-in ends first, or all tasks with the loop."""
    reported: list[dict[str, Any]] = []

    async def leave(*, open_ended: bool) -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, told: reported.append(told))

        async def wait() -> None:
            async with open_callback(None, None) as callback:
                opened.set_result(callback)
                await callback.wait()

        opened = asyncio.get_running_loop().create_future()
        waiting = asyncio.create_task(wait())
        callback = await opened
        callback.expect("mine")
        writers = [(await connect(callback))[1] for _ in range(3)]
        assert await ask(callback, "/callback") == b"HTTP/1.1 400 Bad Request"
        if not open_ended:
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)
        for writer in writers:
            writer.transport.abort()

    for open_ended in (False, True):
        await asyncio.to_thread(asyncio.run, leave(open_ended=open_ended))
    assert reported == []
