"""Attacks on Temporal's page behind the daemon: by clients, and by what answers in its place."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from urllib.parse import urlsplit

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from harness import Harness
from harness.api.route import full_path
from harness.api.settings import ApiSettings
from harness.temporal_page.routes import ROUTES
from harness.temporal_page.settings import TemporalPageSettings
from harness_daemon.daemon import Address, open_daemon
from tests.fakes.page_server import PageServer, serve_page
from tests.integration.api.conftest import Api
from tests.integration.api.test_api_hostile import raw

REQUESTS = [
    (each.method, full_path(each.path).replace("{path:path}", "api/v1/namespaces"))
    for each in ROUTES
]
FOREIGN = (
    {"Host": "evil.example"},
    {"Origin": "http://evil.example"},
    {"Origin": "null"},
)


@pytest.fixture
async def page_server() -> AsyncIterator[PageServer]:
    async with serve_page() as page:
        page.says("200 OK", "Content-Type: application/json", "Content-Length: 2", body=b"{}")
        yield page


@pytest.fixture
async def fooled(
    harness: Harness, api: Api, page_server: PageServer
) -> AsyncIterator[httpx.AsyncClient]:
    """An admin of a daemon whose page is the fake one."""
    elsewhere = TemporalPageSettings(url=page_server.url)
    settings = harness.connection.settings.model_copy(update={"temporal_page": elsewhere})
    connection = replace(harness.connection, settings=settings)
    headers = {"Authorization": f"Bearer {api.tokens['admin']}"}
    async with (
        open_daemon(connection, ApiSettings(), Address("127.0.0.1", 0)) as daemon,
        httpx.AsyncClient(base_url=daemon.url, headers=headers, timeout=30) as client,
    ):
        yield client


async def test_only_admins(api: Api) -> None:
    for method, path in REQUESTS:
        for client, status, code in (
            (api.nobody, 401, "access.not_signed_in"),
            (api.viewer, 403, "access.not_allowed"),
            (api.operator, 403, "access.not_allowed"),
        ):
            answer = await client.request(method, path, content=b"{{{")
            assert answer.status_code == status, (method, path)
            assert method == "HEAD" or answer.json()["code"] == code
        for headers in FOREIGN:
            answer = await api.admin.request(method, path, headers=headers)
            assert answer.status_code == 403, (method, path, headers)
    with pytest.raises(InvalidStatus, match="403"):
        await connect(f"{api.daemon.url.replace('http', 'ws')}/temporal/socket")


async def test_paths_that_leave_the_page(
    fooled: httpx.AsyncClient, page_server: PageServer
) -> None:
    token, base = fooled.headers["authorization"], str(fooled.base_url)
    for path in (
        "/temporal/../api/v1/me",
        "/temporal/%2e%2e/secret",
        "/temporal/%252e%252e%252fsecret",
        "/temporal/x/..%2f..%2fsecret",
        "/temporal/x%5c..%5csecret",
        "/temporal/%25252525252e",
        "/temporal/a%0d%0aX-Evil:%201",
        "/temporal/%zz",
        "/temporal/{}",
    ):
        head = f"GET {path} HTTP/1.1\r\nHost: {urlsplit(base).netloc}\r\nConnection: close\r\n"
        answer = await raw(base, f"{head}Authorization: {token}\r\n\r\n".encode())
        assert answer.split(b" ")[1] in (b"400", b"404"), (path, answer)
    assert page_server.heads == []
    id_with_slash = await fooled.get("/temporal/api/v1/namespaces/default/workflows/a%2Fb%252Fc")
    assert id_with_slash.status_code == 200
    assert page_server.heads[0].startswith(
        b"GET /api/v1/namespaces/default/workflows/a%2Fb%252Fc HTTP/1.1\r\n"
    )


async def test_what_the_page_is_sent(fooled: httpx.AsyncClient, page_server: PageServer) -> None:
    """Neither credentials nor the headers that proxies act on, and one length of the body."""
    await fooled.post(
        "/temporal/api/v1/x?query=a%20b",
        content=b'{"a": 1}',
        headers={
            "Cookie": "harness_session=hnb_secret; _csrf=abc; other=1; _csrf=a b",
            "X-CSRF-TOKEN": "abc",
            "X-Forwarded-For": "1.2.3.4",
            "X-Forwarded-Host": "evil.example",
            "Forwarded": "host=evil.example",
            "X-HTTP-Method-Override": "DELETE",
            "Authorization-Extras": "x",
            "Connection": "x-csrf-token",
            "TE": "trailers",
        },
    )
    lines = page_server.heads[0].decode().lower().split("\r\n")
    names = sorted(line.partition(":")[0] for line in lines[1:] if line)
    allowed = {"host", "accept", "accept-encoding", "user-agent", "content-length"}
    assert set(names) <= allowed | {"cookie", "x-csrf-token"} and len(set(names)) == len(names)
    assert "cookie: _csrf=abc" in lines
    assert f"host: {urlsplit(page_server.url).netloc}" in lines
    assert lines[0] == "post /api/v1/x?query=a%20b http/1.1"
    assert "content-length: 8" in lines


async def test_smuggled_requests(fooled: httpx.AsyncClient, page_server: PageServer) -> None:
    base = str(fooled.base_url)
    start = (
        f"POST /temporal/api/v1/x HTTP/1.1\r\nHost: {urlsplit(base).netloc}\r\n"
        f"Authorization: {fooled.headers['authorization']}\r\nConnection: close\r\n"
    )
    inner = "GET /temporal/smuggled HTTP/1.1\r\nHost: x\r\n\r\n"
    for lengths in (
        "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n",
        "Content-Length: 0\r\nContent-Length: 40\r\n",
        "Transfer-Encoding: chunked, identity\r\n",
        "Transfer-Encoding : chunked\r\n",
        "Content-Length: 0\r\n Transfer-Encoding: chunked\r\n",
    ):
        await raw(base, f"{start}{lengths}\r\n0\r\n\r\n{inner}".encode())
    assert not any(b"smuggled" in head for head in page_server.heads)


async def test_what_the_page_may_answer(fooled: httpx.AsyncClient, page_server: PageServer) -> None:
    page_server.says(
        "200 OK",
        "Content-Type: application/json",
        "Content-Length: 2",
        "Set-Cookie: harness_session=stolen; Path=/",
        "Set-Cookie: _csrf=good; Path=/; Domain=example.org",
        "Access-Control-Allow-Origin: *",
        "Content-Security-Policy: default-src *",
        "X-Frame-Options: ALLOWALL",
        "Clear-Site-Data: *",
        body=b"{}",
    )
    answer = await fooled.get("/temporal/api/v1/x")
    assert answer.headers.get_list("set-cookie") == ["_csrf=good; Path=/temporal; SameSite=strict"]
    assert answer.headers["x-frame-options"] == "DENY"
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert not {"access-control-allow-origin", "clear-site-data"} & set(answer.headers)
    # HTML where the page has none runs no script: the daemon's own policy allows none in a page.
    page_server.says(
        "404 Not Found",
        "Content-Type: text/html",
        "Content-Length: 27",
        body=b"<script>evil()</script>....",
    )
    for path in ("/temporal/api/v1/x", "/temporal/x"):
        evil = await fooled.get(path)
        assert "default-src 'self'" in evil.headers["content-security-policy"]


async def test_redirects(fooled: httpx.AsyncClient, page_server: PageServer) -> None:
    for leads_to in (
        "http://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "javascript:alert(1)",
        f"{page_server.url}@evil.example/",
        "https://127.0.0.1/",
    ):
        page_server.says("302 Found", f"Location: {leads_to}", "Content-Length: 0")
        answer = await fooled.get("/temporal/x")
        told = (answer.status_code, answer.json()["code"])
        assert told == (502, "temporal_page.refused"), leads_to
    for leads_to in ("/namespaces?a=b", f"{page_server.url}/namespaces?a=b"):
        page_server.says("302 Found", f"Location: {leads_to}", "Content-Length: 0")
        answer = await fooled.get("/temporal/x")
        assert answer.headers["location"] == "/temporal/namespaces?a=b"


async def test_answers_that_are_none(fooled: httpx.AsyncClient, page_server: PageServer) -> None:
    async def code_of(path: str) -> str:
        return (await fooled.get(path)).json()["code"]

    page_server.says("200 OK", "Content-Type: text/html", body=b"<html>another page</html>")
    assert await code_of("/temporal/x") == "temporal_page.refused"
    page_server.repeat = 300
    assert await code_of("/temporal/x") == "temporal_page.refused", "too large"
    page_server.repeat = 0
    page_server.says("200 OK", "Content-Type: text/html", "Content-Encoding: gzip", body=b"\x1f")
    assert await code_of("/temporal/x") == "temporal_page.refused"
    for settings in (b"[]", b"{", b'{"Codec": 1}', b"[" * 100_000):
        page_server.says("200 OK", "Content-Type: application/json", body=settings)
        assert await code_of("/temporal/api/v1/settings") == "temporal_page.refused"
    for nonsense in (b"", b"hello\r\n\r\n", b"HTTP/1.1 200 OK\r\nA: b\x00\r\n\r\n"):
        page_server.answer = nonsense
        assert await code_of("/temporal/x") == "temporal_page.unreachable"


async def test_an_answer_that_breaks_off(
    fooled: httpx.AsyncClient, page_server: PageServer, caplog: pytest.LogCaptureFixture
) -> None:
    """What arrived is not taken for the whole, and the log has one line of ours."""
    for length in ("Content-Length: 100", "Transfer-Encoding: chunked"):
        page_server.says("200 OK", "Content-Type: application/json", length, body=b"5\r\n[1,2]\r\n")
        with pytest.raises(httpx.RemoteProtocolError):
            await fooled.get("/temporal/api/v1/x")
    assert sum("broke off" in each.getMessage() for each in caplog.records) == 2
    assert not any(each.exc_info for each in caplog.records)


async def test_a_browser_that_leaves(
    fooled: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    base = str(fooled.base_url)
    start = (
        f"POST /temporal/api/v1/x HTTP/1.1\r\nHost: {urlsplit(base).netloc}\r\n"
        f"Authorization: {fooled.headers['authorization']}\r\nContent-Length: 9\r\n\r\n1"
    )
    where = urlsplit(base)
    for _ in range(3):
        _, writer = await asyncio.open_connection(where.hostname, where.port)
        writer.write(start.encode())
        await writer.drain()
        writer.close()
    assert (await fooled.get("/temporal/api/v1/x")).status_code == 200
    assert not any(each.exc_info for each in caplog.records)


async def test_bodies_that_are_no_payloads(api: Api) -> None:
    small = {"metadata": {"encoding": "YQ=="}, "data": ""}
    for body, code in (
        (b"{", "api.invalid_request"),
        (b"[" * 100_000, "api.invalid_request"),
        (b"\xff\xfe", "api.invalid_request"),
        (b'{"payloads": {"metadata": 1}}', "api.invalid_request"),
        (b'{"payloads": [{"data": 1}]}', "api.invalid_request"),
        (json.dumps({"payloads": [small] * 1_001}).encode(), "api.too_large"),
        (json.dumps({"payloads": [small] * 100_000}).encode(), "api.too_large"),
        (b'{"payloads": [{"data": "' + b"A" * 10_000_000 + b'"}]}', "api.too_large"),
    ):
        answer = await api.admin.post("/temporal-codec/decode", content=body)
        assert answer.json().get("code") == code, body[:40]


async def test_references_that_lead_nowhere(api: Api) -> None:
    """A payload that a client makes up names no other store, file or key."""
    name = "dGVtcG9yYWwuYXBpLnNkay52MS5FeHRlcm5hbFN0b3JhZ2VSZWZlcmVuY2U="
    made_up = [
        {"metadata": {"encoding": "anNvbi9wcm90b2J1Zg==", "messageType": name}, "data": data}
        for data in (
            "e30=",  # {}
            "eyJkcml2ZXJOYW1lIjogImV2aWwifQ==",  # another driver
            "eyJkcml2ZXJOYW1lIjogImhhcm5lc3MifQ==",  # no artifact
            "eyJkcml2ZXJOYW1lIjogImhhcm5lc3MiLCAiY2xhaW1EYXRhIjogeyJhcnRpZmFjdCI6ICIuLi94In19",
            "bm9uc2Vuc2U=",
        )
    ]
    made_up.append({"metadata": {"encoding": "YmluYXJ5L2VuY3J5cHRlZA=="}, "data": "bm8="})
    answer = await api.admin.post("/temporal-codec/decode", json={"payloads": made_up})
    assert answer.status_code == 200 and answer.json()["payloads"] == made_up
    for each in made_up[:5]:
        answer = await api.admin.post("/temporal-codec/download", json={"payloads": [each]})
        assert answer.status_code in (400, 404, 500), answer.text
        assert answer.json()["code"] in ("api.invalid_request", "store.artifact_missing")
