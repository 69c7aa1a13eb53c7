"""Servers that misuse a sign-in: they lead elsewhere, mix issuers, or answer with anything."""

from __future__ import annotations

import asyncio
import gzip
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest

from harness.agent import McpServer
from harness.contracts.errors import HarnessError, McpNotSignedIn, McpSignInFailed, McpUnavailable
from harness.mcp_tools.link import Link
from harness.mcp_tools.sign_in import client, login
from harness.mcp_tools.sign_in.auth import make_auth
from harness.mcp_tools.sign_in.login import sign_in
from harness.mcp_tools.sign_in.machine import MachineTokens
from harness.mcp_tools.sign_in.record import Tokens, new_sign_in, read_sign_in, write_sign_in
from harness.mcp_tools.sign_in.stored import StoredTokens
from tests.fakes.oauth_server import Browser
from tests.fakes.raw_authority import METADATA, RESOURCE, RawAuthority, serving_raw_authority
from tests.fakes.sampled import sampled
from tests.fakes.stack import until


@pytest.fixture(autouse=True)
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    logging.getLogger("mcp.client").setLevel(logging.CRITICAL)


def describe(raw: RawAuthority, **more: Any) -> McpServer:
    fields = {"name": "bad", "url": raw.url, "allow_private": True, **more}
    return McpServer.model_validate(fields)


async def fail(server: McpServer, folder: Path, browser: Browser | None = None) -> str:
    with pytest.raises((McpSignInFailed, McpUnavailable)) as caught:
        await asyncio.wait_for(sign_in(server, folder, (browser or Browser()).person), 20)
    assert read_sign_in(folder, server) is None
    assert len(caught.value.message) < 1_000
    return caught.value.message


async def test_the_raw_authority_is_good_unless_it_is_changed(tmp_path: Path) -> None:
    async with serving_raw_authority() as raw:
        server = describe(raw)
        await sign_in(server, tmp_path, Browser().person)
        found = read_sign_in(tmp_path, server)
        assert found is not None and found.tokens is not None
        assert found.tokens.access == "tok-123456"


@pytest.mark.parametrize(
    ("key", "place", "why"),
    [
        ("authorization_endpoint", "javascript:alert(1)//x", "no usable metadata"),
        ("authorization_endpoint", "file:///etc/passwd", "no usable metadata"),
        ("authorization_endpoint", "http://192.168.1.1/admin", "which is not https"),
        ("authorization_endpoint", "https://user:pw@127.0.0.1/", "which is not an address"),
        ("token_endpoint", "http://169.254.169.254/latest", "which is not https"),
        ("token_endpoint", "https://localhost/token", "an address that is not public"),
        ("registration_endpoint", "http://169.254.169.254/latest", "which is not https"),
        ("registration_endpoint", "http://[::1]/register", "which is not https"),
    ],
)
async def test_metadata_leads_nowhere_else(key: str, place: str, why: str, tmp_path: Path) -> None:
    """The server's own host is allowed; others must be public, and speak https."""
    async with serving_raw_authority() as raw:
        raw.change(METADATA, **{key: place})
        browser = Browser()
        assert why in await fail(describe(raw), tmp_path, browser)
        assert browser.opened == []
        assert not raw.reached("/token")


@pytest.mark.parametrize(
    "place",
    ["http://169.254.169.254", "http://localhost:1", "https://10.0.0.1/x"],
)
async def test_resource_metadata_leads_nowhere_else(place: str, tmp_path: Path) -> None:
    async with serving_raw_authority() as raw:
        raw.change(RESOURCE, authorization_servers=[place])
        await fail(describe(raw), tmp_path)
        assert not raw.reached("/register")
        header = f'Bearer resource_metadata="{place}/meta"'
        raw.say("/mcp", {}, 401, **{"www-authenticate": header})
        await fail(describe(raw), tmp_path)


async def test_a_public_server_does_not_lead_to_private_addresses(tmp_path: Path) -> None:
    async with serving_raw_authority() as raw:
        server = McpServer(name="bad", url=raw.url.replace("http:", "https:"))
        assert "an address that is not public" in await fail(server, tmp_path)
        assert raw.seen == []
        public = McpServer(name="bad", url="https://mcp.example.org/mcp")
        for place in (raw.origin, "https://127.0.0.1/", "https://localhost/"):
            with pytest.raises(McpSignInFailed):
                await client.check_place(public, place)


async def test_redirects_stay_at_their_origin(tmp_path: Path) -> None:
    async with serving_raw_authority() as target, serving_raw_authority() as raw:
        raw.say("/token", b"", 307, location=f"{target.origin}/token")
        assert "answered 307" in await fail(describe(raw), tmp_path)
        raw.say(RESOURCE, b"", 302, location=f"{target.origin}{RESOURCE}")
        raw.say(METADATA, b"", 302, location=f"{target.origin}{METADATA}")
        raw.say("/register", b"", 404)
        await fail(describe(raw), tmp_path)
        assert target.seen == []


async def test_redirects_in_a_circle_come_to_an_end(tmp_path: Path) -> None:
    async with serving_raw_authority() as raw:
        raw.say("/.well-known/oauth-protected-resource", {
            "resource": raw.url, "authorization_servers": [f"{raw.origin}/as"],
        })  # fmt: skip
        for path in (
            RESOURCE, f"{METADATA}/as", "/.well-known/openid-configuration/as",
            "/as/.well-known/openid-configuration",
        ):  # fmt: skip
            raw.say(path, b"", 302, location=f"{raw.origin}{path}")
        assert "needs too many requests" in await fail(describe(raw), tmp_path)
        assert len(raw.seen) == client.MAX_REQUESTS


def _too_large(raw: RawAuthority, path: str) -> None:
    raw.say(path, b'{"a": "' + b"x" * 3_000_000 + b'"}')


HOSTILE: dict[str, tuple[Callable[[RawAuthority], None], str]] = {
    "resource metadata of MBs": (lambda raw: _too_large(raw, RESOURCE), "more than 262,144 bytes"),
    "metadata of MBs": (lambda raw: _too_large(raw, METADATA), "more than 262,144 bytes"),
    "a token of MBs": (lambda raw: _too_large(raw, "/token"), "more than 262,144 bytes"),
    "deep metadata": (lambda raw: raw.say(METADATA, b"[" * 200_000), "no usable metadata"),
    "compressed": (
        lambda raw: raw.say(
            METADATA, gzip.compress(b" " * 1_000_000), **{"content-encoding": "gzip"}
        ),
        "compressed",
    ),
    "another issuer": (
        lambda raw: raw.change(METADATA, issuer="https://login.example.org"), "issuer mismatch",
    ),
    "another resource": (
        lambda raw: raw.change(RESOURCE, resource="https://mail.example.org/mcp"),
        "does not match expected",
    ),
    "no registration": (lambda raw: raw.say("/register", {}, 403), "set oauth.client_id"),
    "a registration of anything": (lambda raw: raw.say("/register", b"\xff\xfe"), "registered"),
    "garbage for a token": (lambda raw: raw.say("/token", b"\xff\xfe<html>"), "no token was"),
    "garbage for an error": (lambda raw: raw.say("/token", b"\xff\xfe", 400), "answered 400"),
    "a busy token endpoint": (lambda raw: raw.say("/token", {}, 503), "answered 503"),
    "a refusal": (
        lambda raw: raw.say(
            "/token", {"error": "invalid_grant", "error_description": "no\x1b[2J"}, 400
        ),
        "invalid_grant: no",
    ),
    "a token of lines": (
        lambda raw: raw.say("/token", {"access_token": "a\r\nX-Admin: 1", "token_type": "bearer"}),
        "characters that a header cannot have",
    ),
    "a large token": (
        lambda raw: raw.say("/token", {"access_token": "a" * 200_000, "token_type": "bearer"}),
        "too large",
    ),
    "an empty token": (
        lambda raw: raw.say("/token", {"access_token": "", "token_type": "bearer"}), "too large",
    ),
    "a token of another kind": (
        lambda raw: raw.say("/token", {"access_token": "secret-abc", "token_type": "mac"}),
        "no token was issued",
    ),
    "a life without end": (
        lambda raw: raw.say(
            "/token", b'{"access_token":"a","expires_in":1' + b"0" * 400 + b"}"
        ),
        "not an answer of OAuth",
    ),
    "another issuer answers": (
        lambda raw: raw.say("/authorize", b"&iss=https%3A%2F%2Fevil.example", 302), "iss mismatch",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", sampled(HOSTILE))
async def test_a_hostile_authority_ends_in_a_clear_error(name: str, tmp_path: Path) -> None:
    change, why = HOSTILE[name]
    async with serving_raw_authority() as raw:
        change(raw)
        words = await fail(describe(raw), tmp_path)
        assert why in words
        assert "secret-abc" not in words and "\x1b" not in words


@pytest.mark.parametrize("path", ["/mcp", METADATA, "/token"])
async def test_a_slow_authority_is_given_up(
    path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "EXCHANGE_S", 0.3)

    async def drip(send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(100):
            await send({"type": "http.response.body", "body": b" ", "more_body": True})
            await asyncio.sleep(0.05)

    async with serving_raw_authority() as raw:
        raw.answers[path] = drip
        assert "did not answer within 0.3 s" in await fail(describe(raw), tmp_path)


async def test_a_person_who_does_not_return_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(login, "PERSON_S", 0.3)

    class Absent(Browser):
        async def follow(self, url: str) -> None: ...

    async with serving_raw_authority() as raw:
        assert "Nobody signed in" in await fail(describe(raw), tmp_path, Absent())


@pytest.mark.parametrize("status", [401, 403])
async def test_a_refused_event_stream_leaves_the_connection_usable(
    status: int, tmp_path: Path
) -> None:
    """Servers may offer none, and refuse it in any way: calls do not need it."""
    async with serving_raw_authority() as raw:
        raw.say("/mcp", {}, status)
        tokens = stored(raw, tmp_path)
        link = Link(tokens.server)
        async with httpx2.AsyncClient(auth=make_auth(link, tokens), trust_env=False) as http:
            assert (await http.get(raw.url)).status_code == status
        assert link.failure is None
        assert [path for path, _, _ in raw.seen] == ["/token", "/mcp"]


async def test_other_pages_cannot_answer_for_the_browser(tmp_path: Path) -> None:
    """A page of another origin, another program, and a name that leads to this machine."""

    class Attacked(Browser):
        async def follow(self, url: str) -> None:
            place = httpx2.URL(url).params["redirect_uri"]
            async with httpx2.AsyncClient(trust_env=False) as other:
                for query in ("code=evil&state=guess", "code=evil", "error=no&state=", "",
                              "code=a&code=b&state=c", f"code={'x' * 9_000}&state=y"):  # fmt: skip
                    assert (await other.get(f"{place}?{query}")).status_code == 400
                state = httpx2.URL(url).params["state"]
                right = f"{place}?code=evil&state={state}"
                assert (await other.post(right)).status_code == 404
                rebound = {"host": "evil.example"}
                assert (await other.get(right, headers=rebound)).status_code == 404
                assert (await other.get(place.replace("/callback", "/x"))).status_code == 404
            port = httpx2.URL(place).port
            assert port is not None
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"GET /" + b"x" * 100_000)
            assert await reader.read() == b""
            writer.close()
            await super().follow(url)

    async with serving_raw_authority() as raw:
        browser = Attacked()
        await sign_in(describe(raw), tmp_path, browser.person)
        await until(lambda: bool(browser.pages))
        bodies = [body for path, _, body in raw.seen if path == "/token"]
        assert len(bodies) == 1 and b"code-123456" in bodies[0]


def stored(raw: RawAuthority, folder: Path) -> StoredTokens:
    server = describe(raw)
    tokens = Tokens(access="tok-old-123", refresh="ref-old-123", expires_at=1.0)
    authority = {
        "issuer": raw.origin, "authorization_endpoint": f"{raw.origin}/authorize",
        "token_endpoint": f"{raw.origin}/token",
    }  # fmt: skip
    client_info = {"client_id": "client-1", "token_endpoint_auth_method": "none"}
    found = new_sign_in(folder, server, tokens=tokens, authority=authority, client=client_info)
    write_sign_in(folder, server, found)
    return StoredTokens(server, folder)


@pytest.mark.parametrize(
    ("status", "body", "kind", "ends"),
    [
        (400, {"error": "invalid_grant"}, McpNotSignedIn, True),
        (503, {}, McpUnavailable, False),
        (400, b"<html>", McpUnavailable, False),
        (404, {"error": "not found"}, McpUnavailable, False),
        (307, {}, McpUnavailable, False),
        (429, {}, McpUnavailable, False),
        (200, b"<html>", McpUnavailable, False),
        (200, {"access_token": "a b", "token_type": "bearer"}, McpSignInFailed, False),
    ],
)
async def test_only_a_refusal_ends_a_sign_in(
    status: int, body: Any, kind: type[HarnessError], ends: bool, tmp_path: Path
) -> None:
    async with serving_raw_authority() as raw:
        tokens = stored(raw, tmp_path)
        raw.say("/token", body, status)
        with pytest.raises(kind) as caught:
            await tokens.get_token()
        assert "ref-old-123" not in caught.value.message
        found = read_sign_in(tmp_path, tokens.server)
        assert found is not None
        assert (found.tokens is None) == ends


async def test_a_secret_is_sent_to_the_named_issuer_alone(tmp_path: Path) -> None:
    async with serving_raw_authority() as raw, serving_raw_authority() as other:
        secret = {"grant": "client_credentials", "client_id": "me", "client_secret": "s3cret-abc"}
        refusal = httpx2.Response(401)
        mine = MachineTokens(describe(raw, oauth={**secret, "issuer": raw.origin}))
        assert await mine.renew_token(None, refusal) == "tok-123456"
        ((authorization, body),) = [each[1:] for each in raw.seen if each[0] == "/token"]
        assert authorization.startswith("Basic ")
        assert b"grant_type=client_credentials" in body and b"resource=" in body
        theirs = MachineTokens(describe(raw, oauth={**secret, "issuer": other.origin}))
        with pytest.raises(McpSignInFailed) as caught:
            await theirs.renew_token(None, refusal)
        assert "s3cret" not in caught.value.message
        person = {"client_id": "me", "client_secret": "s3cret-abc", "issuer": other.origin}
        await fail(describe(raw, oauth=person), tmp_path)
        assert sum(path == "/token" for path, _, _ in raw.seen) == 1
        assert other.seen == []


async def test_an_aborted_call_does_not_lose_the_refresh(tmp_path: Path) -> None:
    async with serving_raw_authority() as raw:
        tokens = stored(raw, tmp_path)
        go = asyncio.Event()

        async def answer(send: Any) -> None:
            await go.wait()
            body = b'{"access_token": "tok-new-123", "token_type": "bearer"}'
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": body})

        raw.answers["/token"] = answer
        call = asyncio.create_task(tokens.get_token())
        await until(lambda: raw.reached("/token"))
        call.cancel()
        await asyncio.wait([call])
        assert call.cancelled()
        go.set()
        assert await StoredTokens(tokens.server, tmp_path).get_token() == "tok-new-123"
        assert len([each for each in raw.seen if each[0] == "/token"]) == 1
