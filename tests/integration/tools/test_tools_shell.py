"""The shell tool: real processes, their limits, and nothing left of them."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from harness import Agent, Harness
from harness.tools import shell, shell_tools
from tests.fakes.model_server import ModelServer
from tests.fakes.runs import eventually, waiting
from tests.fakes.steps import call as step
from tests.fakes.steps import say
from tests.fakes.tool_calls import Caller, calling


@pytest.fixture
async def call(tmp_path: Path) -> AsyncIterator[Caller]:
    tools = shell_tools(approval="never", env={"COLOUR": "blue"}, memory_mb=512, file_mb=1)
    async with calling(*tools, root=tmp_path) as caller:
        yield caller


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except (ProcessLookupError, FileNotFoundError):
        return False


def _text(file: Path) -> str:
    return file.read_text() if file.exists() else ""


async def pid_in(file: Path) -> int:
    async def look() -> str:
        return _text(file)

    return int(await eventually(look, lambda text: text.endswith("\n")))


async def gone(pid: int) -> None:
    async def look() -> bool:
        return not alive(pid)

    await eventually(look)


async def test_output_exit_code_and_folder(call: Caller, tmp_path: Path) -> None:
    assert await call("shell", command="pwd") == f"exit code 0\n{tmp_path}"
    said = await call("shell", command="echo out; echo err >&2; exit 3")
    assert said == "exit code 3\nout\nerr"
    assert await call("shell", command="kill -TERM $$") == "exit code 143"
    assert await call("shell", command="yes | head -1; cat") == "exit code 0\ny"


async def test_the_environment_is_not_the_workers(
    call: Caller, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "secret")
    said = await call("shell", command="env")
    names = {line.partition("=")[0] for line in said.splitlines()[1:]}
    assert names - {"PWD", "OLDPWD", "SHLVL", "_"} == {
        "PATH", "HOME", "LANG", "TERM", "COLOUR", "HARNESS_IDEMPOTENCY_KEY",
    }  # fmt: skip
    assert "secret" not in said
    assert f"HOME={tmp_path}" in said


@pytest.mark.skipif(sys.platform != "linux", reason="there is no /proc")
async def test_no_process_has_the_command_in_its_arguments(call: Caller) -> None:
    said = await call("shell", command="cat /proc/$PPID/cmdline /proc/$$/cmdline; : password")
    assert "_shell_child" in said
    assert "password" not in said
    assert "NUL" in (await call.refused("shell", command="a\0b"))[1]


async def test_what_takes_too_long_is_killed_with_all_that_it_started(
    call: Caller, tmp_path: Path
) -> None:
    command = "echo begun; sh -c 'echo $$ > inner; sleep 1000' & sleep 1000"
    code, words = await call.refused("shell", command=command, seconds=1)
    assert code == "tool.timeout"
    assert "stopped after 1 s" in words
    assert "begun" in words
    await gone(await pid_in(tmp_path / "inner"))
    [row] = call.effects.rows.values()
    assert (row["state"], row["receipt"]["command"]) == ("failed", command)


async def test_nothing_stays_in_the_background(call: Caller, tmp_path: Path) -> None:
    await call("shell", command="sleep 1000 & echo $! > inner")
    await gone(await pid_in(tmp_path / "inner"))


DAEMONS = {
    "setsid": "setsid sh -c 'echo $$ > inner; sleep 1000' &",
    "twice": "(setsid sh -c '(echo; exec sleep 1000 & echo $! > inner)' &)",
    "under a dead parent": "setsid sh -c 'setsid sleep 1000 & echo $! > inner' & wait",
}


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere it is the process group alone")
@pytest.mark.parametrize("command", DAEMONS.values(), ids=DAEMONS)
async def test_daemons_are_found(call: Caller, tmp_path: Path, command: str) -> None:
    said = await call("shell", command=f"{command}\nuntil [ -s inner ]; do :; done; exit 3")
    assert said.startswith("exit code 3")
    assert not alive(await pid_in(tmp_path / "inner"))


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere it is the process group alone")
async def test_daemons_are_killed_when_time_is_up(call: Caller, tmp_path: Path) -> None:
    command = f"{DAEMONS['setsid']} sleep 1000"
    assert (await call.refused("shell", command=command, seconds=1))[0] == "tool.timeout"
    assert not alive(await pid_in(tmp_path / "inner"))


@pytest.mark.skipif(sys.platform != "linux", reason="there is no /proc")
async def test_the_worker_closes_its_memory_and_environment(tmp_path: Path) -> None:
    program = (
        "import asyncio, ctypes, os, pathlib\n"
        "from harness.tools.shell.shell_process import Limits, run_command\n"
        "limits = Limits(seconds=9, memory_mb=512, file_mb=1)\n"
        "look = f'cat /proc/{os.getpid()}/environ /proc/$PPID/environ'\n"
        "print(asyncio.run(run_command(look, pathlib.Path(), {'COLOUR': 'blue'}, limits)).output)\n"
        "print('dumpable', ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))\n"
    )
    worker = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, cwd=tmp_path, env={**os.environ, "API_KEY": "sesame"},
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    said = (await worker.communicate())[0].decode()
    assert "dumpable 0" in said
    assert "COLOUR=blue" in said  # of its watcher
    assert said.count("sesame") == (1 if os.getuid() == 0 else 0)  # root reads what it wants


async def test_a_cancelled_call_is_killed(call: Caller, tmp_path: Path) -> None:
    work = asyncio.create_task(call.request("shell", {"command": "echo $$ > inner; sleep 1000"}))
    pid = await pid_in(tmp_path / "inner")
    call.env.cancel()
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    await gone(pid)


async def test_a_command_does_not_outlive_its_worker(tmp_path: Path) -> None:
    program = (
        "import asyncio, pathlib, sys\n"
        "from harness.tools.shell.shell_process import Limits, run_command\n"
        "limits = Limits(seconds=100, memory_mb=512, file_mb=1)\n"
        "command = 'echo $$ > inner; sleep 1000'\n"
        "asyncio.run(run_command(command, pathlib.Path(sys.argv[1]), {}, limits))\n"
    )
    worker = await asyncio.create_subprocess_exec(sys.executable, "-c", program, str(tmp_path))
    try:
        pid = await pid_in(tmp_path / "inner")
        worker.kill()
        await gone(pid)
    finally:
        with contextlib.suppress(ProcessLookupError):
            worker.kill()
        await worker.wait()


async def test_limits_of_memory_and_files(call: Caller, tmp_path: Path) -> None:
    python = f"{sys.executable} -c"
    said = await call("shell", command=f"{python} 'print(len(bytearray(900_000_000)))'")
    assert "MemoryError" in said
    said = await call("shell", command="head -c 5000000 /dev/zero > big")
    assert said.startswith("exit code 153")
    assert (tmp_path / "big").stat().st_size == 1024 * 1024


async def test_long_output_keeps_both_ends(call: Caller) -> None:
    outcome = await call.request(
        "shell", {"command": "echo first; head -c 3000000 /dev/zero | tr '\\0' x; echo; echo last"}
    )
    assert outcome.result and outcome.result.artifact
    assert outcome.result.content.startswith("exit code 0\nfirst\nx")
    kept = call.box.artifacts
    whole = (await kept.get(outcome.result.artifact, 0, None)).decode()
    assert "bytes cut here" in whole
    assert whole.rstrip().endswith("last")
    assert len(whole) < 600_000


async def test_a_person_allows_it_and_the_undo_is_the_declared_one(
    harness: Harness, model_server: ModelServer, name: str, tmp_path: Path
) -> None:
    folder = tmp_path / "work"
    folder.mkdir()
    model_server.script(
        step("shell", command="mkdir made", undo="rmdir made"),
        step("shell", command="touch kept"),
        step("shell", command="touch x", undo="rm x nowhere"),
        say("Done."),
    )
    run = await harness.start(Agent(name, tools=[shell]), "Go.", workspace=folder)
    for turn in (1, 2, 3):
        [asked] = await eventually(
            run.pending, lambda found, turn=turn: [each.turn for each in found] == [turn]
        )
        assert asked.need == "approval"
        await run.approve()
    await run.outcome()
    dry = await run.undo(dry_run=True)
    assert [step.state for step in dry.steps] == ["would_undo", "stopped", "would_undo"]
    assert dry.stopped and dry.stopped.obstacle
    assert dry.stopped.obstacle.message == "The call declared no undo command."
    failed = await run.undo()
    assert failed.stopped and failed.stopped.obstacle
    assert "exit code 1" in failed.stopped.obstacle.message
    past = [failed.stopped.call, dry.stopped.call]
    report = await run.undo(past=past)
    assert [step.state for step in report.steps] == ["passed", "passed", "undone"]
    assert sorted(path.name for path in folder.iterdir()) == ["kept"]


async def test_it_waits_for_a_person(
    harness: Harness, model_server: ModelServer, name: str, tmp_path: Path
) -> None:
    model_server.script(step("shell", command="touch x"), say("Done."))
    run = await harness.start(Agent(name, tools=[shell]), "Go.", workspace=tmp_path)
    [asked] = await waiting(run)
    assert (asked.tool, asked.need) == ("shell", "approval")
    await run.reject()
    await run.outcome()
    assert not (tmp_path / "x").exists()
