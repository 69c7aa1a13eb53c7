"""Requests that are meant to harm."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from urllib.parse import urlsplit

import pytest

from harness import Harness
from harness.api.settings import ApiSettings
from tests.integration.api.conftest import Api, serve_api


async def raw(url: str, request: bytes, *, wait: bool = True) -> bytes:
    where = urlsplit(url)
    reader, writer = await asyncio.open_connection(where.hostname, where.port)
    try:
        writer.write(request)
        await writer.drain()
        return await reader.read() if wait else await reader.readuntil(b"\r\n\r\n")
    finally:
        writer.close()


def head(api: Api, method: str, path: str, *more: str) -> bytes:
    host = urlsplit(api.daemon.url).netloc
    lines = [
        f"{method} {path} HTTP/1.1",
        f"Host: {host}",
        f"Authorization: Bearer {api.tokens['operator']}",
        "Connection: close",
        *more,
        "",
        "",
    ]
    return "\r\n".join(lines).encode()


async def test_a_large_body_is_refused_unread(api: Api) -> None:
    declared = head(api, "POST", "/api/v1/runs", "Content-Length: 99999999999")
    answer = await raw(api.daemon.url, declared)
    assert answer.startswith(b"HTTP/1.1 413")


async def test_a_large_body_in_chunks(harness: Harness, api: Api) -> None:
    async with serve_api(harness, ApiSettings(max_body_bytes=1000)) as small:
        answer = await api.operator.post(
            f"{small.url}/api/v1/runs",
            content=_chunks(),
            headers={"Host": urlsplit(small.url).netloc},
        )
    assert (answer.status_code, answer.json()["code"]) == (413, "api.too_large")


async def _chunks():
    for _ in range(100):
        yield b"x" * 100


async def test_a_slow_body(harness: Harness, api: Api) -> None:
    async with serve_api(harness, ApiSettings(body_seconds=0.3)) as impatient:
        host = urlsplit(impatient.url).netloc
        begin = head(api, "POST", "/api/v1/runs", "Content-Length: 100").replace(
            urlsplit(api.daemon.url).netloc.encode(), host.encode()
        )
        answer = await raw(impatient.url, begin + b'{"agent"')
    assert answer.startswith(b"HTTP/1.1 408")


async def test_two_hosts_in_one_request(api: Api) -> None:
    answer = await raw(api.daemon.url, head(api, "GET", "/api/v1/me", "Host: evil.example"))
    assert answer.split(b" ")[1] in (b"400", b"403")


async def test_a_request_id_injects_no_header(api: Api) -> None:
    for hostile in ("x" * 65, "a\tb", "é", "a;b"):
        headers = [(b"X-Request-ID", hostile.encode("latin-1"))]
        answer = await api.operator.get("/api/v1/me", headers=headers)
        assert answer.headers["x-request-id"] != hostile
    given = await api.operator.get("/api/v1/me", headers={"X-Request-ID": "trace-1"})
    assert given.headers["x-request-id"] == "trace-1"


async def test_problems_do_not_repeat_secrets(api: Api) -> None:
    answer = await api.operator.post(
        "/api/v1/runs", json={"agent": "a", "prompt": "x", "secret": api.tokens["operator"]}
    )
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert api.tokens["operator"] not in answer.text


async def test_malformed_bodies(api: Api) -> None:
    for content, kind in (
        (b"{", "application/json"),
        (b"[]", "application/json"),
        (b"\xff\xfe", "application/json"),
        (b'{"agent": "a", "prompt": "x"}', "text/plain"),
        (b"[" * 100_000, "application/json"),
        (json.dumps({"agent": "a", "prompt": ""}).encode(), "application/json"),
        (b'{"agent": "a", "prompt": NaN}', "application/json"),
    ):
        answer = await api.operator.post(
            "/api/v1/runs", content=content, headers={"Content-Type": kind}
        )
        assert answer.status_code == 400, (content[:20], answer.text)
        assert answer.headers["content-type"] == "application/problem+json"


async def test_cursors_that_are_none(api: Api) -> None:
    for cursor in ("x", "a/b/c", "../../etc/passwd", "0" * 36 + "/1/0", "AAAA", "é"):
        listed = await api.operator.get("/api/v1/runs", params={"cursor": cursor})
        assert (listed.status_code, listed.json()["code"]) == (400, "api.unknown_cursor")


async def test_paths_that_are_none(api: Api) -> None:
    for path in ("/api/v1/runs/%00/trace", "/api/v1/runs/%2e%2e%2fx/trace", "/api/v1/runs/%ff"):
        answer = await api.operator.get(path)
        assert answer.status_code == 404, path
    answer = await api.operator.delete("/api/v1/runs")
    assert (answer.status_code, answer.json()["code"]) == (405, "api.wrong_method")


async def test_heads_that_are_too_large(api: Api) -> None:
    """Without a token, and before the host is checked."""
    for lines in (
        "".join(f"a: {number}\r\n" for number in range(20_000)),
        "a: " + "x" * 1_000_000 + "\r\n",
        'Cookie: harness_session="' + '\\"' * 30_000 + '"\r\n',
    ):
        request = f"GET /api/v1/me HTTP/1.1\r\n{lines}\r\n".encode()
        with suppress(ConnectionError):  # it is closed while it is still sent
            answer = await raw(api.daemon.url, request)
            assert answer.split(b" ")[1] in (b"400", b"403")
    long = await raw(api.daemon.url, head(api, "GET", "/api/v1/runs?agent=" + "x" * 100_000))
    assert long.startswith(b"HTTP/1.1 400")
    assert (await api.operator.get("/api/v1/me")).status_code == 200


async def test_a_refused_request_holds_no_connection(api: Api) -> None:
    where = urlsplit(api.daemon.url)
    reader, writer = await asyncio.open_connection(where.hostname, where.port)
    request = f"POST /api/v1/runs HTTP/1.1\r\nHost: {where.netloc}\r\nContent-Length: 9000\r\n\r\nx"
    writer.write(request.encode())
    answer = await reader.read()  # until it is closed
    writer.close()
    assert answer.startswith(b"HTTP/1.1 401")


async def test_a_body_of_many_keys(api: Api) -> None:
    keys = ", ".join(f'"k{number}": 1' for number in range(20_000))
    answer = await api.viewer.post(
        "/api/v1/tokens",
        content=f"{{{keys}}}",
        headers={"Content-Type": "application/json"},
    )
    assert (answer.status_code, answer.json()["code"]) == (413, "api.too_large")


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("{" + ", ".join(f'"{number}\\\\": 1' for number in range(20_000)) + "}", "keys"),
        ('{"a": [' + "{}," * 200_000 + "1]}", "values"),
        ('{"a": [' + "1," * 200_000 + "1]}", "values"),
        ('"' * 500_000, "values"),
    ],
    ids=["keys that end in a backslash", "objects", "numbers", "texts"],
)
async def test_a_body_of_many_values(api: Api, body: str, says: str) -> None:
    sent = {"content": body, "headers": {"Content-Type": "application/json"}}
    answer = await api.operator.post("/api/v1/runs", **sent)  # type: ignore[arg-type]
    assert (answer.status_code, answer.json()["code"]) == (413, "api.too_large")
    assert says in answer.json()["detail"]


async def test_the_role_is_checked_before_the_body_is_read(api: Api) -> None:
    answer = await api.viewer.post(
        "/api/v1/runs", content=b"{", headers={"Content-Type": "application/json"}
    )
    assert (answer.status_code, answer.json()["code"]) == (403, "access.not_allowed")


async def test_half_characters(api: Api) -> None:
    answer = await api.operator.post(
        "/api/v1/runs",
        content=rb'{"agent": "a", "prompt": "x", "labels": {"a": "\udfff"}}',
        headers={"Content-Type": "application/json"},
    )
    assert answer.status_code in (400, 404)


async def test_a_token_makes_and_ends_no_tokens(api: Api) -> None:
    for client in (api.operator, api.viewer):
        made = await client.post("/api/v1/tokens", json={})
        ended = await client.delete("/api/v1/tokens/" + api.tokens["operator"].split("_")[1])
        code = await client.post("/api/v1/sign-in-codes")
        sessions = await client.get("/api/v1/browser-sessions")
        for answer in (made, ended, code, sessions):
            assert (answer.status_code, answer.json()["code"]) == (403, "access.not_allowed")


async def test_a_page_signs_nobody_in(api: Api) -> None:
    link = await api.daemon.make_sign_in_link()
    for site in ("cross-site", "same-site", "same-origin"):
        answer = await api.nobody.get(link, headers={"Sec-Fetch-Site": site})
        assert (answer.status_code, answer.json()["code"]) == (403, "api.wrong_origin")
    assert (await api.nobody.get(link)).status_code == 303


async def test_a_filter_does_not_end_early(api: Api) -> None:
    """NUL ends a text in SQLite, so that what Temporal stores in it would be asked half a query."""
    for name in ("agent", "session", "fork_of", "owner", "query"):
        answer = await api.admin.get("/api/v1/runs", params={name: "a\0'"})
        assert (answer.status_code, answer.json()["code"]) == (400, "api.invalid_request"), name


async def test_types_are_not_guessed(api: Api) -> None:
    for url, body in (
        ("/api/v1/runs", {"agent": "a", "prompt": "x", "budget": {"turns": True}}),
        ("/api/v1/runs", {"agent": "a", "prompt": "x", "budget": {"turns": "9"}}),
        ("/api/v1/webhooks", {"url": "https://hooks.invalid/", "everyone": 0}),
    ):
        answer = await api.operator.post(url, json=body)
        assert (answer.status_code, answer.json()["code"]) == (400, "api.invalid_request"), body
    times = await api.operator.get("/api/v1/runs", params={"since": "0.5"})
    assert (times.status_code, times.json()["code"]) == (400, "api.invalid_request")


async def test_a_wrong_method_names_the_right_ones(api: Api) -> None:
    answer = await api.operator.request("TRACE", "/api/v1/conversations/some-id")
    assert (answer.status_code, answer.headers["allow"]) == (405, "DELETE, GET, PATCH")


async def test_a_forged_cursor_does_not_reach_temporal(api: Api) -> None:
    for cursor in (f"{'A' * 22}.AAAA", ".AAAA", "é.AAAA", f"{'A' * 22}.{'A' * 3000}"):
        answer = await api.operator.get("/api/v1/runs", params={"cursor": cursor})
        assert (answer.status_code, answer.json()["code"]) == (400, "api.unknown_cursor")
