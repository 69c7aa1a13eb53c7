"""http_get against servers on real sockets."""

from __future__ import annotations

import asyncio
import gzip
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from temporalio.exceptions import ApplicationError

from harness.config.settings import HttpToolSettings
from harness.tools import http_get
from harness.tools.web import web
from tests.fakes.tool_calls import Caller, calling

Answer = Callable[[str, asyncio.StreamWriter], Awaitable[None]]

LOCAL = HttpToolSettings(allow=("127.0.0.1", "localhost", "*.test"), allow_private=True)


@asynccontextmanager
async def serving(answers: dict[str, bytes | Answer]) -> AsyncIterator[tuple[str, list[str]]]:
    """A server that answers each path; its address, and the requests it got."""
    seen: list[str] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            request = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            seen.append(request)
            answer = answers[request.split(" ")[1]]
            if isinstance(answer, bytes):
                writer.write(answer)
            else:
                await answer(request, writer)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            return
        finally:
            writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    try:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}", seen
    finally:
        server.close()


def reply(body: bytes, kind: str = "text/plain", status: str = "200 OK", **headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"content-length: {len(body)}", "connection: close"]
    lines += [f"content-type: {kind}"] if kind else []
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


def redirect(to: str) -> bytes:
    return reply(b"", status="302 Found", location=to)


@pytest.fixture
async def call() -> AsyncIterator[Caller]:
    async with calling(http_get, http=LOCAL) as caller:
        yield caller


async def temporary(call: Caller, url: str) -> ApplicationError:
    with pytest.raises(ApplicationError) as caught:
        await call.request("http_get", {"url": url})
    assert caught.value.type == "tool.temporary"
    return caught.value


async def test_a_page_is_read_as_text(call: Caller) -> None:
    html = b"<title>T</title><p>Hello <b>you</b></p><script>no</script>"
    answers: dict[str, Any] = {
        "/page": reply(html, "text/html; charset=utf-8"),
        "/json?q=1": reply(b'{"a": 1}', "application/json"),
        "/latin": reply("grüße".encode("latin-1"), "text/plain; charset=latin-1"),
        "/quoted": reply("grüße".encode("latin-1"), "text/plain; a=b; CHARSET = 'latin-1'; c=d"),
        "/odd": reply(b"odd", "text/plain; charset=klingon"),
        "/none": reply(b"none", ""),
        "/missing": reply(b"no such page", status="404 Not Found"),
    }
    async with serving(answers) as (address, seen):
        base = f"http://{address}"
        text = await call("http_get", url=f"{base}/page")
        assert text == f"HTTP 200 text/html; charset=utf-8\n{base}/page\n\nT\n\nHello you"
        assert (await call("http_get", url=f"{base}/json?q=1")).endswith('\n\n{"a": 1}')
        assert (await call("http_get", url=f"{base}/latin")).endswith("\n\ngrüße")
        assert (await call("http_get", url=f"{base}/quoted")).endswith("\n\ngrüße")
        assert (await call("http_get", url=f"{base}/odd")).endswith("\n\nodd")
        assert (await call("http_get", url=f"{base}/none")).endswith("\n\nnone")
        assert (await call("http_get", url=f"{base}/missing")).startswith("HTTP 404")
    assert f"Host: {address}" in seen[0]
    assert "User-Agent: durable-harness" in seen[0]


async def test_binary_data_goes_to_the_artifacts(call: Caller) -> None:
    answers: dict[str, Any] = {
        "/png": reply(b"\x89PNG\0", "image/png"),
        "/empty": reply(b"", "image/png"),
    }
    async with serving(answers) as (address, _):
        outcome = await call.request("http_get", {"url": f"http://{address}/png"})
        assert outcome.result and outcome.result.artifact
        assert outcome.result.content.startswith("(binary data)")
        assert "HTTP 200 image/png" in await call("http_get", url=f"http://{address}/empty")


async def test_redirects_are_followed_and_checked(call: Caller) -> None:
    answers: dict[str, Any] = {
        "/a": redirect("b?x=1"),
        "/b?x=1": redirect("/c"),
        "/c": reply(b"there"),
        "/loop": redirect("/loop"),
        "/away": redirect("http://elsewhere.invalid/"),
        "/file": redirect("file:///etc/passwd"),
        "/bad": redirect("http://[bad"),
        "/long": redirect("/" + "c" * 8_000),
        "/" + "c" * 8_000: reply(b"never"),
        "/nowhere": reply(b"no location", status="304 Not Modified"),
    }
    async with serving(answers) as (address, seen):
        base = f"http://{address}"
        assert (await call("http_get", url=f"{base}/a")).endswith(f"{base}/c\n\nthere")
        seen.clear()
        _, message = await call.refused("http_get", url=f"{base}/loop")
        assert message.startswith("More than 5 redirects")
        assert len(seen) == 6
        _, message = await call.refused("http_get", url=f"{base}/long")
        assert "redirects to an address of 8,001 characters; the limit is 8,000" in message
        code, message = await call.refused("http_get", url=f"{base}/away")
        assert code == "tool.confined"
        assert "may not access elsewhere.invalid" in message
        assert (
            "not a valid http or https" in (await call.refused("http_get", url=f"{base}/file"))[1]
        )
        assert await call.refused("http_get", url=f"{base}/bad")
        assert "HTTP 304" in await call("http_get", url=f"{base}/nowhere")


async def test_only_allowed_hosts_are_reached_and_the_message_says_how_to_allow_one() -> None:
    async with serving({"/": reply(b"x")}) as (address, seen), calling(http_get) as call:
        code, message = await call.refused("http_get", url=f"http://{address}/")
        assert code == "tool.confined"
        assert "http_get may not access 127.0.0.1" in message
        assert 'add "127.0.0.1" to allow under [http] in harness.toml' in message
        assert "HARNESS_HTTP__ALLOW" in message
        assert seen == []


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "[::1]", "[::ffff:127.0.0.1]"]
)
async def test_private_addresses_are_refused_whatever_they_are_called(host: str) -> None:
    anywhere = HttpToolSettings(allow=("*",))
    async with serving({"/": reply(b"x")}) as (address, seen):
        async with calling(http_get, http=anywhere) as call:
            port = address.rpartition(":")[2]
            code, message = await call.refused("http_get", url=f"http://{host}:{port}/")
        assert code == "tool.confined"
        assert "an address that is not public" in message
        assert "allow_private = true" in message
        assert seen == []


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("ftp://127.0.0.1/x", "not a valid http or https"),
        ("file:///etc/passwd", "not a valid http or https"),
        ("127.0.0.1/x", "not a valid http or https"),
        ("http://", "not a valid http or https"),
        ("http://user:pass@127.0.0.1/", "user name or password"),
        ("http://[::1", "not a valid http or https"),
        ("http://127.0.0.1:99999/", "not a valid http or https"),
        ("http://a b/", ""),
    ],
)
async def test_odd_addresses_are_refused(call: Caller, url: str, words: str) -> None:
    _, message = await call.refused("http_get", url=url)
    assert words in message


def looks_up(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> list[str]:
    """Let names lead to `addresses`, one a look-up; returns the names that were looked up."""
    asked: list[str] = []
    real = socket.getaddrinfo

    def getaddrinfo(host: Any, port: Any, **options: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if name.endswith(".test"):
            asked.append(name)
            host = addresses[len(asked) - 1]
        return real(host, port, **options)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return asked


async def test_the_address_that_was_checked_is_the_one_that_is_reached(
    call: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = looks_up(monkeypatch, "127.0.0.1", "192.0.2.1")
    async with serving({"/": reply(b"pinned")}) as (address, seen):
        port = address.rpartition(":")[2]
        assert "pinned" in await call("http_get", url=f"http://Name.test.:{port}/")
        assert asked == ["name.test"]
        assert f"Host: name.test.:{port}".lower() in seen[0].lower()


async def test_no_cookie_is_kept(call: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two hosts may share an address, which is all that a jar would see."""
    looks_up(monkeypatch, "127.0.0.1", "127.0.0.1")
    answers: dict[str, Any] = {"/b": reply(b"there")}
    async with serving(answers) as (address, seen):
        port = address.rpartition(":")[2]
        away = {"set_cookie": "session=1; Path=/", "location": f"http://b.test:{port}/b"}
        answers["/a"] = reply(b"", status="302 Found", **away)
        assert "there" in await call("http_get", url=f"http://a.test:{port}/a")
    assert len(seen) == 2
    assert "cookie" not in seen[1].lower()


async def test_a_redirect_that_leads_inside_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.tools.web.addresses.is_public", _is_first)
    async with serving({"/": redirect("http://inside.test/")}) as (address, _):
        looks_up(monkeypatch, "127.0.0.1", "10.0.0.1")
        async with calling(http_get, http=HttpToolSettings(allow=("*",))) as call:
            port = address.rpartition(":")[2]
            code, message = await call.refused("http_get", url=f"http://first.test:{port}/")
    assert code == "tool.confined"
    assert "inside.test has an address that is not public" in message


def _is_first(address: Any) -> bool:
    return str(address) == "127.0.0.1"


async def test_tls_is_spoken_under_the_name_and_not_the_address(
    call: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    hello = asyncio.get_running_loop().create_future()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        hello.set_result(await reader.read(4096))
        writer.close()

    looks_up(monkeypatch, "127.0.0.1")
    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        await temporary(call, f"https://secure.test:{port}/")
        assert b"secure.test" in await hello


async def test_too_much_is_refused(call: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "MAX_BYTES", 100_000)

    async def endless(request: str, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n\r\n")
        while True:
            writer.write(b"x" * 10_000)
            await writer.drain()

    bomb = gzip.compress(bytes(50_000_000))
    answers: dict[str, Any] = {
        "/endless": endless,
        "/bomb": reply(bomb, content_encoding="gzip"),
        "/packed": reply(gzip.compress(b"unpacked"), content_encoding="gzip"),
        "/broken": reply(b"no gzip", content_encoding="gzip"),
        "/brotli": reply(b"??", content_encoding="br"),
    }
    async with serving(answers) as (address, _):
        base = f"http://{address}"
        for path in ("endless", "bomb"):
            _, message = await call.refused("http_get", url=f"{base}/{path}")
            assert message == f"{base}/{path} returned more than 100,000 bytes."
        assert (await call("http_get", url=f"{base}/packed")).endswith("unpacked")
        assert "cannot be unpacked" in (await call.refused("http_get", url=f"{base}/broken"))[1]
        assert (
            "uses the content encoding br"
            in (await call.refused("http_get", url=f"{base}/brotli"))[1]
        )


async def test_temporary_failures_are_retried(
    call: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web, "TIMEOUT_S", 0.1)

    async def hangs(request: str, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(10)

    async def cut(request: str, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf")

    answers: dict[str, Any] = {
        "/busy": reply(b"", status="429 Too Many Requests", retry_after="7"),
        "/down": reply(b"", status="503 Down", retry_after="Wed, 21 Oct 2015 07:28:00 GMT"),
        "/hangs": hangs,
        "/cut": cut,
    }
    async with serving(answers) as (address, _):
        base = f"http://{address}"
        error = await temporary(call, f"{base}/busy")
        assert error.next_retry_delay and error.next_retry_delay.total_seconds() == 7
        assert (await temporary(call, f"{base}/down")).next_retry_delay is None
        await temporary(call, f"{base}/hangs")
        await temporary(call, f"{base}/cut")
        call.info(attempt=3)
        assert (await call.refused("http_get", url=f"{base}/busy"))[0] == "tool.temporary"
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        call.info(attempt=1)
        await temporary(call, f"http://127.0.0.1:{closed.getsockname()[1]}/")


async def test_a_name_that_leads_nowhere_is_an_error(
    call: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    def getaddrinfo(*args: Any, **options: Any) -> Any:
        raise socket.gaierror(code, "no answer")

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    code = socket.EAI_NONAME
    _, message = await call.refused("http_get", url="http://nothing.test/")
    assert "nothing.test cannot be resolved" in message
    code = socket.EAI_AGAIN
    await temporary(call, "http://nothing.test/")
