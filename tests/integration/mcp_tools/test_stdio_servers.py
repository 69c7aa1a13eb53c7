"""MCP servers over stdio that misbehave: each ends in a clear error, and nothing is left."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from temporalio.exceptions import ApplicationError

from harness.agent import Agent, McpServer
from harness.config.settings import settings_model
from harness.contracts.errors import McpMisbehaved, McpNotApproved, McpUnavailable
from harness.contracts.tool import ToolOutcome
from harness.mcp_tools import connection
from harness.mcp_tools.approved import approval_file
from harness.mcp_tools.servers import Servers, open_servers
from tests.fakes.stack import lives, until
from tests.fakes.tool_calls import Caller, calling

SCRIPT = Path(__file__).parents[2] / "fakes" / "mcp_hostile.py"


@pytest.fixture(autouse=True)
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


def hostile(mode: str, folder: Path, **options: Any) -> McpServer:
    command = (sys.executable, "-I", "-S", str(SCRIPT), mode, str(folder))
    return McpServer(name="bad", command=command, **options)


@dataclass
class Remote:
    """Calls the tool of a server as a worker does."""

    call: Caller
    servers: Servers
    server: McpServer

    async def act(self) -> ToolOutcome:
        tool = self.call.box.get_tool("bad__act")
        return await self.call.request("bad__act", {}, pin=tool.policy.pin, approved=True)

    async def lost(self) -> str:
        """The words of a retried failure."""
        with pytest.raises(ApplicationError) as caught:
            await self.act()
        assert caught.value.type == "mcp.unavailable"
        return caught.value.message


@asynccontextmanager
async def using(server: McpServer, folder: Path) -> AsyncIterator[Remote]:
    settings = settings_model().model_validate({})
    async with open_servers(settings, folder) as servers:
        agent = await servers.complete_agent(Agent("tested", tools=[server]))
        async with calling(*agent.tools.values()) as call:
            yield Remote(call, servers, server)


READS = {"tools": {"act": {"effect": "read"}}}


@pytest.mark.parametrize(
    ("mode", "why"),
    [
        ("huge", "a message of more than 8,388,608 bytes"),
        ("values", "more than 200,000 values"),
        ("deep", "not a JSON-RPC message"),
        ("garbage", "not a JSON-RPC message: Hello, I am not JSON"),
        ("flood", "sends too many messages"),
        ("dies", "it ended with exit code 7"),
        ("wrong", "does not fit the protocol"),
    ],
)
async def test_a_read_of_a_broken_server_is_retried_with_the_reason(
    mode: str, why: str, tmp_path: Path
) -> None:
    async with using(hostile(mode, tmp_path, **READS), tmp_path) as remote:
        assert why in await remote.lost()


async def test_a_write_without_an_answer_is_left_to_a_person(tmp_path: Path) -> None:
    async with using(hostile("dies", tmp_path), tmp_path) as remote:
        outcome = await remote.act()
        assert outcome.need == "outcome"
        assert "exit code 7. The call had been sent. It may have happened." in str(outcome.reason)


async def test_a_hanging_call_ends_at_its_time_limit(tmp_path: Path) -> None:
    async with using(hostile("hang", tmp_path, timeout_seconds=0.2), tmp_path) as remote:
        outcome = await remote.act()
        assert outcome.need == "outcome"
        assert "took longer than 0.2 s" in str(outcome.reason)


async def test_a_silent_server_does_not_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "START_S", 0.2)
    with pytest.raises(McpUnavailable, match="did not answer within"):
        async with using(hostile("silent", tmp_path), tmp_path):
            pass


async def test_too_many_tools_are_refused(tmp_path: Path) -> None:
    with pytest.raises(McpMisbehaved, match="too many tools"):
        async with using(hostile("many", tmp_path), tmp_path):
            pass


async def test_hostile_words_are_bounded_and_shown(tmp_path: Path) -> None:
    async with using(hostile("text", tmp_path), tmp_path) as remote:
        tools = remote.call.box.agent.tools
        assert set(tools) == {"bad__act", "bad__a_b", "read_result"}
        words = tools["bad__act"].spec.description
        assert words.startswith("Act.<U+001B>[2J<U+202E><U+E0041> xxx")
        assert len(words) < 4_100


async def test_what_cannot_be_recorded_is_not_approved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", "/proc")  # no user can write there
    server = hostile("changes", tmp_path, **READS)
    file = approval_file(tmp_path, "bad")
    for _ in range(2):  # a restart does not approve it either
        with pytest.raises(McpNotApproved, match=f"{file} cannot be written") as caught:
            async with using(server, tmp_path):
                pass
        assert "mount a volume" in caught.value.fix
        assert "harness mcp check --approve" in caught.value.fix


async def test_a_shipped_approval_needs_no_writable_folder(tmp_path: Path) -> None:
    """As Kubernetes mounts a secret: links into a folder, in one that is writable but sticky."""
    server = hostile("changes", tmp_path, **READS)
    async with using(server, tmp_path):
        pass
    file = approval_file(tmp_path, "bad")
    data = file.parent / "..data"
    data.mkdir(0o755)
    file.rename(data / file.name)
    file.symlink_to(Path("..data") / file.name)
    (data / file.name).chmod(0o444)
    file.parent.chmod(0o1777)
    (tmp_path / "changed").touch()
    async with using(server, tmp_path) as remote:
        outcome = await remote.act()
    assert outcome.failure is not None and outcome.failure.code == "mcp.changed"
    assert not (tmp_path / "seen").exists()


async def test_a_changed_declaration_is_not_called(tmp_path: Path) -> None:
    async with using(hostile("changes", tmp_path, **READS), tmp_path) as remote:
        assert (await remote.act()).result is not None
        (tmp_path / "changed").touch()
        outcome = await remote.act()
        assert outcome.failure is not None
        assert outcome.failure.code == "mcp.changed"
        assert "The call was not made: act of the server bad has changed: its description" in (
            outcome.failure.message
        )
    assert (tmp_path / "seen").read_text() == "called\n"


async def test_a_run_that_knows_another_declaration_asks(tmp_path: Path) -> None:
    async with using(hostile("good", tmp_path, **READS), tmp_path) as remote:
        outcome = await remote.call.request("bad__act", {}, pin="a.b.c")
        assert outcome.need == "approval"
        assert "its description and its parameters and its hints" in str(outcome.reason)
        assert not (tmp_path / "seen").exists()


async def test_a_server_gets_declared_variables_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-not-for-servers")
    monkeypatch.setenv("WANTED", "yes")
    server = hostile("good", tmp_path, env=("WANTED", "SET=1"), **READS)
    async with using(server, tmp_path) as remote:
        outcome = await remote.act()
        assert outcome.result is not None
        assert "sk-not" not in outcome.result.content
        for variable in ('"WANTED": "yes"', '"SET": "1"', '"PATH"'):
            assert variable in outcome.result.content


async def test_a_missing_variable_is_named(tmp_path: Path) -> None:
    with pytest.raises(McpUnavailable, match="needs the variable NOT_THERE"):
        async with using(hostile("good", tmp_path, env=("NOT_THERE",)), tmp_path):
            pass


async def test_a_missing_program_is_named(tmp_path: Path) -> None:
    with pytest.raises(McpUnavailable, match="there is no program no-such-program"):
        async with using(McpServer(name="bad", command=("no-such-program",)), tmp_path):
            pass


async def test_last_words_are_redacted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", "correct-horse-battery")
    server = hostile("secret", tmp_path, env=("SECRET",), **READS)
    async with using(server, tmp_path) as remote:
        words = await remote.lost()
        assert "password=***" in words
        assert "horse" not in words


async def test_a_server_cannot_use_the_model(tmp_path: Path) -> None:
    async with using(hostile("asks", tmp_path, **READS), tmp_path) as remote:
        outcome = await remote.act()
        assert outcome.result is not None
        assert outcome.result.content == "refused"


async def test_no_process_of_a_server_is_left(tmp_path: Path) -> None:
    async with using(hostile("stays", tmp_path, **READS), tmp_path) as remote:
        await remote.act()
        pids = [int(each) for each in (tmp_path / "seen").read_text().split()]
        assert all(lives(pid) for pid in pids)
    await until(lambda: not any(lives(pid) for pid in pids))
    assert os.getpid() not in pids


async def test_a_server_dies_with_its_worker(tmp_path: Path) -> None:
    server = hostile("stays", tmp_path)
    code = f"""
import asyncio, sys, time
from pathlib import Path
from harness.agent import McpServer
from harness.mcp_tools.stdio import _start_program
server = McpServer.model_validate({server.model_dump(exclude={"auth"})!r})
async def main():
    _, process = await _start_program(server, Path({str(tmp_path)!r}))
    process.stdin.write(b'{{"method": "tools/call", "id": 1}}\\n')
    assert b"result" in await process.stdout.readline()
    print("started", flush=True)
    time.sleep(3600)
asyncio.run(main())
"""
    worker = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE
    )
    assert worker.stdout is not None
    assert await worker.stdout.readline() == b"started\n"
    pids = [int(each) for each in (tmp_path / "seen").read_text().split()]
    assert all(lives(pid) for pid in pids)
    worker.kill()
    await until(lambda: not any(lives(pid) for pid in pids))
    await worker.wait()


async def test_an_idle_server_is_closed_and_started_again(tmp_path: Path) -> None:
    settings = settings_model().model_validate({"mcp": {"idle_seconds": 0.05}})
    async with open_servers(settings, tmp_path) as servers:
        opened = servers.connect(hostile("good", tmp_path))
        async with opened.use() as (session, _):
            pass
        await until(session.task.done)
        async with opened.use() as (again, tools):
            assert again is not session
            assert set(tools) == {"act"}
