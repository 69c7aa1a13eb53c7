"""Which kept sign-in counts, and what the next login takes over from it."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from harness.agent import McpServer
from harness.contracts.errors import InvalidValue, McpNotSignedIn, McpUnavailable
from harness.mcp_tools.sign_in import record
from harness.mcp_tools.sign_in.login import sign_in, sign_out
from harness.mcp_tools.sign_in.record import (
    SignIn,
    Tokens,
    lock_sign_in,
    new_sign_in,
    read_sign_in,
    sign_in_file,
    write_sign_in,
)
from harness.mcp_tools.sign_in.stored import StoredTokens
from tests.fakes.oauth_server import Browser, serving_oauth
from tests.fakes.raw_authority import METADATA, RESOURCE, serving_raw_authority

ISSUER = "https://idp.example"
APP1, APP2 = f"{ISSUER}/app1", f"{ISSUER}/app2"
SECRET = {"client_secret": "s3cret-abc", "issuer": ISSUER}


@pytest.fixture(autouse=True)
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


def describe(url: str = "https://mcp.example/mcp", **oauth: Any) -> McpServer:
    return McpServer.model_validate(
        {"name": "notes", "url": url, "allow_private": True, "oauth": oauth}
    )


def keep(folder: Path, server: McpServer, client: str, **values: Any) -> None:
    values = {"tokens": Tokens(access="tok-123456", refresh="ref-123456"), **values}
    found = new_sign_in(
        folder, server, client={"client_id": client}, authority={"issuer": ISSUER}, **values
    )
    write_sign_in(folder, server, found)


def kept(folder: Path, server: McpServer) -> SignIn:
    found = read_sign_in(folder, server)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("client", "document", "oauth", "counts"),
    [
        (APP1, None, {}, True),
        (APP1, None, {"client_id": APP1}, True),
        (APP1, None, {"client_id": APP2}, False),
        (APP1, None, {"client_id": APP2, **SECRET}, False),
        (APP1, APP1, {"client_id": APP2}, False),
        (APP1, None, {"client_id": ISSUER}, False),  # no document: it has no path
        # The authorization server takes no documents, so the login registered a client.
        ("registered", APP1, {"client_id": APP1}, True),
        ("registered", APP1, {"client_id": APP2}, False),
        ("registered", APP1, {"client_id": APP1, **SECRET}, False),
        ("registered", None, {"client_id": APP1}, False),
    ],
)
def test_a_sign_in_counts_for_the_client_of_the_settings_alone(
    client: str, document: str | None, oauth: dict[str, Any], counts: bool, tmp_path: Path
) -> None:
    keep(tmp_path, describe(), client, document=document)
    found = read_sign_in(tmp_path, describe(**oauth))
    assert (found is not None) is counts


async def test_a_client_registered_instead_of_a_document_is_used(tmp_path: Path) -> None:
    async with serving_oauth(tmp_path) as (url, authority):
        server = describe(url, client_id=APP1)
        await sign_in(server, tmp_path, Browser().person)
        found = kept(tmp_path, server)
        assert found.client["client_id"] in authority.clients
        assert found.document == APP1
        assert read_sign_in(tmp_path, describe(url, client_id=APP2)) is None


@pytest.mark.parametrize("operation", [sign_out, sign_in], ids=["logout", "login"])
async def test_what_others_can_read_is_not_taken_for_damaged(
    operation: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "damaged"))
    keep(tmp_path, describe(), "me")
    sign_in_file(tmp_path, describe()).chmod(0o644)
    person = (Browser().person,) if operation is sign_in else ()
    with pytest.raises(InvalidValue, match="other users can read it"):
        await operation(describe(), tmp_path, *person)
    assert sign_in_file(tmp_path, describe()).exists()


async def test_a_damaged_file_is_named_and_replaced_by_a_login(tmp_path: Path) -> None:
    async with serving_raw_authority() as raw:
        server = describe(raw.url)
        keep(tmp_path, server, "me")
        sign_in_file(tmp_path, server).write_text("{")
        with pytest.raises(InvalidValue, match="is damaged"):
            read_sign_in(tmp_path, server)
        await sign_in(server, tmp_path, Browser().person)
        assert kept(tmp_path, server).tokens is not None


@pytest.mark.parametrize(("expires_in", "registered"), [(-60, 2), (3600, 1)])
async def test_a_client_whose_secret_has_expired_is_registered_anew(
    expires_in: int, registered: int, tmp_path: Path
) -> None:
    async with serving_oauth(tmp_path) as (url, authority):
        server = describe(url)
        await sign_in(server, tmp_path, Browser().person)
        found = kept(tmp_path, server)
        client = {**found.client, "client_secret_expires_at": int(time.time()) + expires_in}
        write_sign_in(tmp_path, server, found.model_copy(update={"client": client}))
        await sign_in(server, tmp_path, Browser().person)
        assert len(authority.clients) == registered


async def test_a_login_for_more_scopes_keeps_those_granted(tmp_path: Path) -> None:
    """A server names only the scopes that a call lacked: asked for alone, others would be lost."""
    async with serving_raw_authority() as raw:
        server = describe(raw.url)
        granted = {"access_token": "tok-123456", "token_type": "Bearer", "scope": "notes"}
        raw.say("/token", granted)
        await sign_in(server, tmp_path, Browser().person)
        challenge = {"www-authenticate": 'Bearer error="insufficient_scope", scope="files"'}
        with pytest.raises(McpNotSignedIn, match="with more scopes: files"):
            await StoredTokens(server, tmp_path).renew_token(
                "tok-123456", httpx2.Response(403, headers=challenge)
            )
        browser = Browser()
        await sign_in(server, tmp_path, browser.person)
        assert scopes_of(browser) == ["notes files"]


def scopes_of(browser: Browser) -> list[str]:
    return parse_qs(urlsplit(browser.opened[0]).query).get("scope", [])


async def test_scopes_of_the_settings_are_asked_for_alone(tmp_path: Path) -> None:
    async with serving_raw_authority() as raw:
        raw.change(METADATA, scopes_supported=["files", "offline_access"])
        raw.change(RESOURCE, scopes_supported=["files"])
        browser = Browser()
        await sign_in(describe(raw.url, scopes=["notes"]), tmp_path, browser.person)
        assert scopes_of(browser) == ["notes"]
        (registration,) = [body for path, _, body in raw.seen if path == "/register"]
        assert b'"scope":"notes"' in registration.replace(b" ", b"")


async def test_a_server_that_wants_a_sign_in_for_its_tools_alone(tmp_path: Path) -> None:
    """It says hello to everyone, and its refusal of `tools/list` names the scopes."""
    async with serving_raw_authority() as raw:

        async def answer(send: Any) -> None:
            head: dict[str, Any] = {"type": "http.response.start", "status": 200, "headers": []}
            if b'"tools/list"' in raw.seen[-1][2]:
                challenge = (b"www-authenticate", b'Bearer scope="tools"')
                head |= {"status": 401, "headers": [challenge]}
            await send(head)
            await send({"type": "http.response.body", "body": b"{}"})

        raw.answers["/mcp"] = answer
        browser = Browser()
        await sign_in(describe(raw.url), tmp_path, browser.person)
        assert scopes_of(browser) == ["tools"]


async def test_the_issuer_chooses_among_several_authorization_servers(tmp_path: Path) -> None:
    async with serving_raw_authority() as first, serving_raw_authority() as raw:
        raw.change(RESOURCE, authorization_servers=[first.origin, raw.origin])
        server = describe(raw.url, issuer=raw.origin)
        await sign_in(server, tmp_path, Browser().person)
        assert kept(tmp_path, server).issuer.rstrip("/") == raw.origin
        assert first.seen == []


async def test_a_sign_in_in_use_by_another_process_is_waited_for_in_vain(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(record, "LOCK_S", 0.1)
    async with lock_sign_in(tmp_path, describe()):
        with pytest.raises(McpUnavailable, match="in use by another process"):
            async with lock_sign_in(tmp_path, describe()):
                pass
