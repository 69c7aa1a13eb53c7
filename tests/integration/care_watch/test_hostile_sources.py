"""Prometheus and Loki that answer wrongly, endlessly, slowly or not at all."""

from __future__ import annotations

import asyncio
import gzip
import json
import re
import socket

import pytest

from harness.care.settings import SourceSettings
from harness.care.telemetry.loki import Loki
from harness.care.telemetry.prometheus import Prometheus
from harness.care.telemetry.source import MAX_BYTES
from harness.contracts.errors import (
    AnswerUnusable,
    CareError,
    QueryRefused,
    SourceMissing,
    SourceUnreachable,
)
from tests.fakes.http import Exchange
from tests.fakes.telemetry import Handler, answer, serve_telemetry, succeed, vector

TIMEOUT_S = 0.5
HTML = b"<!DOCTYPE html><html><body>Welcome to \x1b[31mnginx</body></html>"


def settings(url: str, **more: object) -> SourceSettings:
    return SourceSettings.model_validate({"url": url, "timeout_seconds": TIMEOUT_S, **more})


async def ask(handle: Handler, **more: object) -> CareError:
    """Query a server that answers so; the error, which must come in time."""
    async with serve_telemetry(handle) as server:
        async with Prometheus(settings(server.url, **more)) as source:
            with pytest.raises(CareError) as refused:
                async with asyncio.timeout(20):
                    await source.query("up", at=1.0)
        assert refused.value.message.isprintable() and len(refused.value.message) < 1_000
        return refused.value


@pytest.mark.parametrize(
    ("status", "body", "kind", "words"),
    [
        (200, HTML, AnswerUnusable, "did not answer as Prometheus does .200.: <!DOCTYPE"),
        (200, b"", AnswerUnusable, "no text"),
        (200, b"null", AnswerUnusable, "null"),
        (200, b'{"status": "success"}', AnswerUnusable, "did not answer as"),
        (200, b'{"status": "success", "data": {"resultTy', AnswerUnusable, "did not answer as"),
        (200, b'{"status": "success", "data": ' + b"[" * 100_000, AnswerUnusable, "did not answer"),
        (200, b'{"status": "success", "data": []}', AnswerUnusable, "with curves"),
        (200, b'{"status":"success","data":' + b"9" * 5_000 + b"}", AnswerUnusable, "answer"),
        (200, b"\xff\xfe\x00", AnswerUnusable, "did not answer as"),
        (200, b'{"status": "error", "error": "odd"}', AnswerUnusable, "200.: odd"),
        (302, b"", AnswerUnusable, "302"),
        (204, b"", AnswerUnusable, "204"),
        (404, HTML, AnswerUnusable, "404"),
        (405, HTML, AnswerUnusable, "405"),
        (400, b'{"status": "error", "error": "1:1: parse error"}', QueryRefused, "parse error"),
        (400, b"parse error at line 1", QueryRefused, "parse error at line 1"),
        (422, b'{"status": "error", "error": "too many samples"}', QueryRefused, "too many samp"),
        (401, b"", SourceUnreachable, "refused the sign-in .401.: no text"),
        (403, HTML, SourceUnreachable, "refused the sign-in .403."),
        (429, b"slow down", SourceUnreachable, "429: slow down"),
        (500, b'{"error": ["odd"]}', SourceUnreachable, "500"),
        (503, HTML, SourceUnreachable, "503"),
        (500, b"x" * 100_000, SourceUnreachable, "500: xxx"),
    ],
)  # fmt: skip
async def test_each_wrong_answer_has_its_error(
    status: int, body: bytes, kind: type[CareError], words: str
) -> None:
    error = await ask(answer(body, status))
    assert type(error) is kind
    assert re.search(words, error.message), error.message


async def test_a_redirect_is_not_followed() -> None:
    async with serve_telemetry(answer(vector(1))) as other:
        error = await ask(answer(b"", 301, location=f"{other.url}/api/v1/query"))
        assert isinstance(error, AnswerUnusable) and "301" in error.message
        assert other.asked == []


async def test_an_endless_body_is_cut_off() -> None:
    sent = 0

    async def flood(exchange: Exchange) -> None:
        nonlocal sent
        exchange.begin({}, content_type="application/json")
        while not exchange.gone:
            exchange.chunk(b" " * 100_000)
            sent = exchange.sent
            await exchange.drained()
            await asyncio.sleep(0)

    error = await ask(flood, timeout_seconds=15)
    assert isinstance(error, AnswerUnusable) and "more than 16 MB" in error.message
    assert sent < MAX_BYTES + 8_000_000  # what the sockets of both sides hold


async def test_slow_bytes_are_cut_off() -> None:
    async def drip(exchange: Exchange) -> None:
        exchange.begin({}, content_type="application/json")
        while not exchange.gone:
            exchange.chunk(b" ")
            await asyncio.sleep(0.02)

    error = await ask(drip)
    assert isinstance(error, SourceUnreachable) and "did not answer within 0.5 s" in error.message
    assert "[care.metrics]" in error.fix


async def test_silence_is_cut_off() -> None:
    async def wait(exchange: Exchange) -> None:
        await asyncio.Event().wait()

    assert isinstance(await ask(wait), SourceUnreachable)


async def test_a_compressed_answer_is_refused_and_not_unpacked() -> None:
    bomb = gzip.compress(b" " * 20_000_000)
    error = await ask(answer(bomb, content_encoding="gzip"))
    assert isinstance(error, AnswerUnusable) and "the encoding gzip" in error.message
    disguised = await ask(answer(bomb))
    assert isinstance(disguised, AnswerUnusable) and "did not answer as" in disguised.message


@pytest.mark.parametrize("begun", [False, True])
async def test_a_cut_connection_is_unreachable(begun: bool) -> None:
    async def cut(exchange: Exchange) -> None:
        if begun:
            exchange.begin({}, content_type="application/json")
            exchange.chunk(b'{"status"')
        exchange.drop()

    error = await ask(cut)
    assert isinstance(error, SourceUnreachable) and "cannot be reached" in error.message


async def test_what_is_no_http_is_unreachable() -> None:
    async def say(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"SSH-2.0-OpenSSH_9.6\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(say, "127.0.0.1", 0)
    async with server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with Prometheus(settings(url)) as source:
            with pytest.raises(SourceUnreachable):
                await source.query("up")
        async with Prometheus(settings(url.replace("http", "https"))) as source:
            with pytest.raises(SourceUnreachable):
                await source.query("up")


async def test_nobody_listens() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        async with Prometheus(settings(url)) as source:
            with pytest.raises(SourceUnreachable, match="cannot be reached"):
                await source.query("up")
    for odd in ("http://a..b", "http://nowhere.invalid", "http://[::1]:1"):
        with pytest.raises(SourceUnreachable):
            async with Prometheus(settings(odd)) as source:
                await source.query("up")
    with pytest.raises(SourceUnreachable):
        async with Prometheus(settings(url, tenant="a\nb")) as source:
            await source.query("up")


async def test_without_an_address_there_is_no_source() -> None:
    with pytest.raises(SourceMissing, match="Prometheus is not configured"):
        Prometheus(SourceSettings())
    with pytest.raises(SourceMissing, match="Loki is not configured"):
        Loki(SourceSettings())


async def test_a_long_query_is_not_sent() -> None:
    async with (
        serve_telemetry(answer(vector(1))) as server,
        Prometheus(settings(server.url)) as source,
    ):
        with pytest.raises(QueryRefused, match="longer than 20,000"):
            await source.query("x" * 20_001)
        assert server.asked == []


async def test_credentials_are_sent_and_nothing_of_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    wanted: list[dict[str, object]] = [
        {"user": "ann", "password": "pä:ss"}, {"password": "token"}, {"tenant": "blue"},
        {"password": "tökén"}, {"tenant": "blüe"},
    ]  # fmt: skip
    async with serve_telemetry(answer(vector(1))) as server:
        for more in wanted:
            async with Prometheus(settings(server.url, **more)) as source:
                await source.query("up")
    basic, bearer, tenant, _, _ = server.headers
    assert basic["authorization"].startswith("Basic ")
    assert bearer["authorization"] == "Bearer token"
    assert tenant["x-scope-orgid"] == "blue" and "authorization" not in tenant
    assert {each["accept-encoding"] for each in server.headers} == {"identity"}


LINES = {
    "resultType": "streams",
    "result": [{"stream": {"app": "a"}, "values": [["1000000000", "one"], ["2000000000", "two"]]}],
}
NUMBERS = {"resultType": "matrix", "result": [{"metric": {}, "values": [[1, "3"], [2, "4"]]}]}


async def test_loki_says_whether_a_query_returns_lines_or_numbers() -> None:
    """However it is written: a text cannot tell."""
    queries = {
        '{a="sum("}': LINES,
        '{a="b"} |= "rate(" | json': LINES,
        '# sum(x)\n{a="b"}': LINES,
        'sum by (x) (rate({a="b"}[1m]))': NUMBERS,
        '(rate({a="b"}[1m])) / 2': NUMBERS,
        '# a comment\nrate({a="b"} |= "{" [1m])': NUMBERS,
        'label_replace(rate({a="b"}[1m]), "c", "$1", "d", ".*")': NUMBERS,
        "vector(1)": NUMBERS,
    }

    async def handle(exchange: Exchange) -> None:
        exchange.answer(200, "application/json", succeed(queries[server.asked[-1]["query"]]), {})

    async with serve_telemetry(handle) as server, Loki(settings(server.url)) as source:
        for query, data in queries.items():
            found = await source.read(query, 0.0, 3_600.0, limit=1, step=15.0)
            if data is LINES:
                assert found.lines is not None and [each.text for each in found.lines] == ["two"]
            else:
                assert found.lines is None
                assert [each.value for each in found.series[0].points] == [3.0, 4.0]
    assert {each["step"] for each in server.asked} == {"15.000"}


async def test_a_line_may_hold_any_bytes() -> None:
    body = succeed(LINES).replace(b"two", b"t\xff\xfe")
    async with (
        serve_telemetry(answer(body)) as server,
        Loki(settings(server.url)) as source,
    ):
        found = await source.read('{a="b"}', 0.0, 10.0)
    assert found.lines is not None and found.lines[0].text == "t\ufffd\ufffd"


async def test_fewer_lines_are_asked_for_when_they_are_long() -> None:
    async def handle(exchange: Exchange) -> None:
        count = int(server.asked[-1]["limit"])
        values = [[str(10**9 + at), "x" * 10_000] for at in range(count)]
        data = {"resultType": "streams", "result": [{"stream": {}, "values": values}]}
        exchange.answer(200, "application/json", succeed(data), {})

    async with (
        serve_telemetry(handle) as server,
        Loki(settings(server.url, timeout_seconds=20)) as source,
    ):
        found = await source.read('{a="b"}', 0.0, 10.0, limit=3_000)
    assert [each["limit"] for each in server.asked] == ["3000", "300"]
    assert found.is_cut and found.lines is not None and len(found.lines) == 300


async def test_a_line_that_is_too_long_alone_has_an_error() -> None:
    body = succeed({"resultType": "streams", "result": []}) + b" " * MAX_BYTES
    async with (
        serve_telemetry(answer(body)) as server,
        Loki(settings(server.url, timeout_seconds=20)) as source,
    ):
        with pytest.raises(AnswerUnusable, match="Loki answered with more than 16 MB"):
            await source.read('{a="b"}', 0.0, 10.0, limit=50)
    assert [each["limit"] for each in server.asked] == ["50", "5", "1"]


async def test_a_long_time_is_asked_for_in_as_many_steps_as_are_allowed() -> None:
    async with serve_telemetry(answer(succeed(NUMBERS))) as server:
        async with Loki(settings(server.url)) as source:
            await source.read("vector(1)", 0.0, 90 * 86_400.0, step=1.0)
        async with Prometheus(settings(server.url)) as other:
            await other.query_range("up", 0.0, 90 * 86_400.0, 1.0)
    for each in server.asked:
        assert 90 * 86_400 / float(each["step"]) <= 11_000


async def test_a_broken_answer_of_loki_has_an_error() -> None:
    for data in ({"resultType": "streams", "result": "no"}, {"resultType": "odd"}, [], 7):
        async with (
            serve_telemetry(answer(succeed(data))) as server,
            Loki(settings(server.url)) as source,
        ):
            with pytest.raises(AnswerUnusable):
                await source.read('{a="b"}', 0.0, 1.0)
            with pytest.raises(AnswerUnusable):
                await source.query("vector(1)", at=1.0)


async def test_large_answers_are_read() -> None:
    rows = [{"metric": {"n": str(each)}, "value": [1, "1"]} for each in range(20_000)]
    body = json.dumps({"status": "success", "data": {"resultType": "vector", "result": rows}})
    async with (
        serve_telemetry(answer(body.encode())) as server,
        Prometheus(settings(server.url, timeout_seconds=20)) as source,
    ):
        assert len(await source.query("up")) == 20_000
