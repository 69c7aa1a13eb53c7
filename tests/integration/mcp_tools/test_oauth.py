"""Signing in to an MCP server, on real sockets: the SDK's server with its authorization server."""

from __future__ import annotations

import asyncio
import json
import stat
import sys
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from harness.agent import Agent, McpServer
from harness.commons.redact import redact
from harness.config.settings import settings_model
from harness.contracts.errors import McpNotSignedIn, McpSignInFailed
from harness.mcp_tools.servers import open_servers
from harness.mcp_tools.sign_in.login import sign_in, sign_out
from harness.mcp_tools.sign_in.record import (
    SignIn,
    read_sign_in,
    sign_in_file,
    write_sign_in,
)
from harness.mcp_tools.sign_in.status import describe_status, read_status
from harness.mcp_tools.sign_in.stored import StoredTokens
from tests.fakes.oauth_server import Browser, serving_oauth
from tests.fakes.raw_authority import serving_raw_authority
from tests.fakes.tool_calls import calling


@pytest.fixture(autouse=True)
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


def describe(url: str, **more: Any) -> McpServer:
    fields = {"name": "notes", "url": url, "allow_private": True, "trusted": True, **more}
    return McpServer.model_validate(fields)


async def load(server: McpServer, folder: Path) -> Agent[Any, Any]:
    async with open_servers(settings_model().model_validate({}), folder) as servers:
        return await servers.complete_agent(Agent("tested", tools=[server]))


def kept(folder: Path, server: McpServer) -> SignIn:
    found = read_sign_in(folder, server)
    assert found is not None
    return found


def expire(folder: Path, server: McpServer) -> SignIn:
    found = kept(folder, server)
    assert found.tokens is not None
    tokens = found.tokens.model_copy(update={"expires_at": 1.0})
    write_sign_in(folder, server, found.model_copy(update={"tokens": tokens}))
    return found


async def test_a_person_signs_in_and_workers_call(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("hello")
    browser = Browser()
    async with serving_oauth(tmp_path) as (url, authority):
        server = describe(url)
        with pytest.raises(McpNotSignedIn, match="wants a sign-in") as caught:
            await load(server, tmp_path)
        assert caught.value.fix == "Sign in: harness mcp login notes"
        await sign_in(server, tmp_path, browser.person)
        async with open_servers(settings_model().model_validate({}), tmp_path) as servers:
            agent = await servers.complete_agent(Agent("tested", tools=[server]))
            async with calling(*agent.tools.values()) as call:
                pin = call.box.get_tool("notes__read_note").policy.pin
                outcome = await call.request("notes__read_note", {"name": "a"}, pin=pin)
                assert outcome.result is not None
                assert outcome.result.content == "hello"
        (asked,) = authority.asked
        assert asked.resource == url
        assert asked.state
        query = parse_qs(urlsplit(browser.opened[0]).query)
        assert query["code_challenge_method"] == ["S256"]
        assert query["redirect_uri"][0].startswith("http://127.0.0.1:")
        assert "signed in" in browser.pages[0]
        # A second login uses the client that the first registered.
        await sign_in(server, tmp_path, browser.person)
        assert len(authority.clients) == 1


async def test_the_file_is_for_its_owner_project_and_address(tmp_path: Path) -> None:
    async with serving_oauth(tmp_path) as (url, _):
        server = describe(url)
        await sign_in(server, tmp_path, Browser().person)
        file = sign_in_file(tmp_path, server)
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert file.is_relative_to(tmp_path / "config" / "harness" / "mcp-sign-ins")
        assert read_sign_in(tmp_path, describe(url.replace("/mcp", "/other"))) is None
        assert read_sign_in(tmp_path / "elsewhere", server) is None
        assert read_sign_in(tmp_path, describe(url, oauth={"client_id": "another"})) is None
        file.chmod(0o644)
        with pytest.raises(Exception, match="other users can read it"):
            await load(server, tmp_path)


async def test_an_expired_token_is_refreshed_once_by_many(tmp_path: Path) -> None:
    async with serving_oauth(tmp_path) as (url, authority):
        server = describe(url)
        await sign_in(server, tmp_path, Browser().person)
        old = expire(tmp_path, server)
        # Each stands for a process: they share the file alone.
        workers = [StoredTokens(server, tmp_path) for _ in range(6)]
        tokens = await asyncio.gather(*(each.get_token() for each in workers))
        assert len(set(tokens)) == 1
        assert len(authority.refreshed) == 1
        new = kept(tmp_path, server)
        assert old.tokens is not None and new.tokens is not None
        assert new.tokens.refresh not in (None, old.tokens.refresh)
        assert tokens[0] == new.tokens.access
        for secret in (new.tokens.access, new.tokens.refresh, old.tokens.access):
            assert secret is not None
            assert secret not in redact(f"it said {secret} twice")


async def test_a_refused_token_is_refreshed_in_mid_call(tmp_path: Path) -> None:
    async with serving_oauth(tmp_path) as (url, authority):
        server = describe(url, approval="never")
        await sign_in(server, tmp_path, Browser().person)
        async with open_servers(settings_model().model_validate({}), tmp_path) as servers:
            agent = await servers.complete_agent(Agent("tested", tools=[server]))
            async with calling(*agent.tools.values()) as call:
                authority.access.clear()
                pin = call.box.get_tool("notes__write_note").policy.pin
                outcome = await call.request(
                    "notes__write_note", {"name": "b", "text": "x"}, pin=pin
                )
                assert outcome.result is not None
                assert outcome.result.content == "written"
                assert (tmp_path / "calls").read_text() == "write_note b\n"
                assert len(authority.refreshed) == 1
                # Revoked: the call was not made, and the next step is named.
                authority.access.clear()
                authority.refresh.clear()
                outcome = await call.request(
                    "notes__write_note", {"name": "c", "text": "x"}, pin=pin, turn=2
                )
                assert outcome.failure is not None
                assert outcome.failure.code == "mcp.not_signed_in"
                assert "invalid_grant" in outcome.failure.message
    assert (tmp_path / "calls").read_text() == "write_note b\n"
    status = read_status(tmp_path, server)
    assert describe_status(server, status) == (
        "the sign-in has ended, sign in again: harness mcp login notes"
    )
    assert kept(tmp_path, server).tokens is None


async def test_missing_scopes_are_asked_for_by_the_next_login(tmp_path: Path) -> None:
    async with serving_raw_authority() as raw:
        server = describe(raw.url, oauth={"scopes": ["notes"]})
        await sign_in(server, tmp_path, Browser().person)
        challenge = 'Bearer error="insufficient_scope", scope="notes files"'
        raw.say("/mcp", {}, 403, **{"www-authenticate": challenge})
        with pytest.raises(McpNotSignedIn, match="a sign-in with more scopes: notes files"):
            await load(server, tmp_path)
        words = describe_status(server, read_status(tmp_path, server))
        assert words is not None and "a call lacked notes files" in words
        browser = Browser()
        await sign_in(server, tmp_path, browser.person)
        assert parse_qs(urlsplit(browser.opened[0]).query)["scope"] == ["notes files"]
        assert kept(tmp_path, server).wanted == ()


async def test_a_refusal_by_the_person_is_named(tmp_path: Path) -> None:
    async with serving_raw_authority() as raw:
        raw.say("/authorize", b"&error=access_denied&error_description=not+today", 302)
        with pytest.raises(McpSignInFailed, match="was refused: access_denied: not today"):
            await sign_in(describe(raw.url), tmp_path, Browser().person)
        assert not raw.reached("/token")


async def test_logout_revokes_and_removes(tmp_path: Path) -> None:
    async with serving_oauth(tmp_path) as (url, authority):
        server = describe(url)
        assert await sign_out(server, tmp_path) is None
        await sign_in(server, tmp_path, Browser().person)
        assert authority.access and authority.refresh
        assert await sign_out(server, tmp_path) is True
        assert not authority.access and not authority.refresh
        assert not sign_in_file(tmp_path, server).exists()
        with pytest.raises(McpNotSignedIn):
            await load(server, tmp_path)


async def test_an_address_is_pasted_where_the_browser_is_elsewhere(tmp_path: Path) -> None:
    class Elsewhere(Browser):
        async def follow(self, url: str) -> None:
            import httpx2

            async with httpx2.AsyncClient(trust_env=False) as client:
                back = (await client.get(url)).headers["location"]
            await self.pasted.put("")
            await self.pasted.put("what?")
            await self.pasted.put(back.replace("state=", "state=x"))
            await self.pasted.put(back)

    browser = Elsewhere()
    async with serving_oauth(tmp_path) as (url, _):
        await sign_in(describe(url), tmp_path, browser.person)
        assert kept(tmp_path, describe(url)).tokens is not None
    assert browser.said == [
        "This is not the address that the browser returned to: it has no code and state.",
        "This address belongs to another sign-in.",
    ]


async def test_no_token_is_sent_elsewhere_or_shown(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with serving_oauth(tmp_path) as (url, authority):
        server = describe(url)
        await sign_in(server, tmp_path, Browser().person)
        await load(server, tmp_path)
        tokens = {*authority.access, *authority.refresh}
        bearing = {path for _, path, header in authority.seen if header.startswith("Bearer ")}
        assert bearing == {"/mcp"}
        shown = (
            json.dumps(read_status(tmp_path, server)) + caplog.text + repr(kept(tmp_path, server))
        )
        assert not any(each in shown for each in tokens)


WORKER = """
import asyncio, sys
from pathlib import Path
from harness.agent import McpServer
from harness.mcp_tools.sign_in.stored import StoredTokens
server = McpServer.model_validate_json(sys.argv[1])
tokens = StoredTokens(server, Path(sys.argv[2]))
import mcp.client.auth
print("ready", flush=True)
sys.stdin.readline()
print(asyncio.run(tokens.get_token()), flush=True)
"""


@pytest.mark.slow
async def test_processes_refresh_one_after_the_other(tmp_path: Path) -> None:
    async with serving_oauth(tmp_path) as (url, authority):
        server = describe(url)
        await sign_in(server, tmp_path, Browser().person)
        fields = server.model_dump_json(include={"name", "url", "allow_private"})
        workers = [
            await asyncio.create_subprocess_exec(
                sys.executable, "-c", WORKER, fields, str(tmp_path),
                stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
            )
            for _ in range(4)
        ]  # fmt: skip
        for worker in workers:
            assert worker.stdout
            assert await worker.stdout.readline() == b"ready\n"
        expire(tmp_path, server)
        printed = await asyncio.gather(*(each.communicate(b"go\n") for each in workers))
        new = kept(tmp_path, server).tokens
        assert new is not None
        assert {out.decode().strip() for out, _ in printed} == {new.access}
        assert len(authority.refreshed) == 1
