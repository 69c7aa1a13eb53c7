"""`harness mcp login` and `logout`, with a browser and without."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path

import httpx2

from tests.fakes.command import Project
from tests.fakes.oauth_server import serving_oauth


async def follow(url: str) -> str:
    """What a browser does whose user agrees: the address that it is sent back to."""
    async with httpx2.AsyncClient(trust_env=False) as client:
        return (await client.get(url)).headers["location"]


async def test_login_list_check_and_logout(tmp_path: Path) -> None:
    project = Project(tmp_path)
    async with serving_oauth(tmp_path) as (url, authority):
        (tmp_path / "harness.toml").write_text(
            f'[mcp.servers.notes]\nurl = "{url}"\nallow_private = true\n'
        )
        assert (await asyncio.to_thread(project.command, "trust", "--yes")).code == 0
        checked = await asyncio.to_thread(project.command, "mcp", "check")
        assert checked.code == 1
        assert "wants a sign-in" in checked.out
        assert "harness mcp login notes" in checked.out

        process = project.start("mcp", "login", "notes", "--no-browser", "--json")
        assert process.stdout
        link = json.loads(await asyncio.to_thread(process.stdout.readline))["open"]
        async with httpx2.AsyncClient(trust_env=False) as client:
            assert "signed in" in (await client.get(await follow(link))).text
        out, err = await asyncio.to_thread(process.communicate)
        assert process.returncode == 0, err
        signed = json.loads(out)
        assert (signed["tools"], signed["sign_in"]["state"]) == (7, "signed_in")
        listed = await asyncio.to_thread(project.command, "mcp", "list")
        assert "signed in, refreshed automatically" in listed.out
        tokens = {*authority.access, *authority.refresh}
        assert not any(each in out + err + listed.out + listed.err for each in tokens)

        left = await asyncio.to_thread(project.command, "mcp", "logout", "notes")
        assert left.out == "Signed out of notes: its tokens are revoked and removed.\n"
        assert not authority.access and not authority.refresh


async def test_the_address_is_pasted_where_the_browser_is_elsewhere(tmp_path: Path) -> None:
    project = Project(tmp_path)
    async with serving_oauth(tmp_path) as (url, _):
        (tmp_path / "harness.toml").write_text(
            f'[mcp.servers.notes]\nurl = "{url}"\nallow_private = true\n'
        )
        assert (await asyncio.to_thread(project.command, "trust", "--yes")).code == 0
        terminal = project.terminal("mcp", "login", "notes", "--no-browser")
        await asyncio.to_thread(terminal.until, "Paste that address here:")
        link = re.search(r"http://\S+/authorize\?\S+", terminal.seen)
        assert link is not None
        terminal.type(f"{await follow(link[0])}\n")
        await asyncio.to_thread(terminal.until, "notes: signed in, refreshed automatically.")
        assert await asyncio.to_thread(terminal.end) == 0


def test_login_is_for_servers_that_want_it(tmp_path: Path) -> None:
    project = Project(tmp_path)
    (tmp_path / "harness.toml").write_text(
        '[mcp.servers.program]\ncommand = ["true"]\n'
        '[mcp.servers.fixed]\nurl = "https://example.org/mcp"\nauth = "tok-123456"\n'
    )
    assert project.command("trust", "--yes").code == 0
    for name, why in (("program", "needs no sign-in"), ("fixed", "has a fixed secret")):
        refused = project.command("mcp", "login", name)
        assert refused.code == 2
        assert why in refused.err
    assert project.command("mcp", "login").code == 2
