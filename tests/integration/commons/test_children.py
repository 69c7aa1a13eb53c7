"""The child processes that hostile input is processed in: limits, confinement, replacement."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from harness.commons.children import Limits, _child, close_children, run_in_child, wait_for_child
from harness.commons.children._child import KEPT_MEMORY
from harness.commons.children.jobs import JOBS
from harness.commons.children.pool import CHILDREN, Pool
from harness.commons.children.process import Child
from harness.commons.children.turns import MAX_OF_CALLER
from harness.contracts.errors import ToolError
from tests.fakes.runs import eventually

LINES = "harness_activities.jobs.lines:find_lines"
LIMITS = Limits(seconds=20, memory_mb=256)
PROBE = "tests.fakes.child_jobs:"
linux = pytest.mark.skipif(sys.platform != "linux", reason="other systems confine less")


@pytest.fixture
def probing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets the child run jobs that try what they must not."""
    from harness.commons.children import process

    names = (
        "opened",
        "read",
        "connect",
        "kill",
        "grow",
        "spin",
        "environment",
        "exit_now",
        "large",
        "cpu_limit",
    )
    monkeypatch.setattr(process, "JOBS", JOBS | {f"{PROBE}{name}" for name in names})
    monkeypatch.setattr(process, "PACKAGES", (*process.PACKAGES, "tests"))
    process._setup_frame.cache_clear()


@pytest.fixture
def child(probing: None) -> Any:
    child = Child()
    yield child
    child.close()


def find(content: bytes, pattern: str, limits: Limits = LIMITS) -> Any:
    more = {"pattern": pattern, "regex": True, "ignore_case": False, "most": 9}
    return json.loads(wait_for_child(LINES, content, limits, **more))


def ask(child: Child, name: str, limits: Limits = LIMITS, **arguments: Any) -> bytes:
    return child.run_job(f"{PROBE}{name}", b"", arguments, limits)


def test_only_listed_functions_run(child: Child) -> None:
    with pytest.raises(ValueError, match="not a job"):
        child.run_job("os:getcwd", b"", {}, LIMITS)


@linux
def test_a_child_reaches_nothing(child: Child, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret")
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert ask(child, "read", path=str(secret)) == b"PermissionError"
        assert ask(child, "read", path="/proc/1/environ") == b"PermissionError"
        assert ask(child, "connect", port=port) in (b"PermissionError", b"OSError")
        assert ask(child, "kill", pid=os.getpid()) == b"PermissionError"
    names = json.loads(ask(child, "environment"))
    assert set(names["environment"]) <= {"LC_CTYPE"}
    assert names["folder"] == "/"
    assert names["descriptors"] == ["0", "1", "2", "3"]
    assert ask(child, "opened", descriptor=3) == b"/proc/self/statm"


@linux
def test_a_large_parent_does_not_make_its_children_leave(probing: None) -> None:
    ballast = b"x" * (KEPT_MEMORY + 1)
    child = Child()
    try:
        ask(child, "environment")
        assert child.is_usable
    finally:
        child.close()
        del ballast


def test_an_exceeded_limit_is_named_and_ends_the_child(child: Child) -> None:
    with pytest.raises(ToolError, match=r"longer than 0\.5 s and was stopped") as caught:
        ask(child, "spin", Limits(0.5, 256))
    assert caught.value.code == "tool.timeout"
    assert not child.is_usable


def test_each_job_has_a_limit_of_cpu(child: Child) -> None:
    """The kernel's: it holds also while the parent cannot look."""
    for seconds in (20, 5):
        used, limit = json.loads(ask(child, "cpu_limit", Limits(seconds, 256)))
        assert used < limit <= used + seconds + 2


@linux
def test_memory_has_a_limit(child: Child) -> None:
    with pytest.raises(ToolError, match="more than 128 MB of memory") as caught:
        ask(child, "grow", Limits(20, 128))
    assert caught.value.code == "tool.failed"
    assert not child.is_usable


def test_an_answer_has_a_limit(child: Child) -> None:
    with pytest.raises(ToolError, match="result exceeds 1 MB"):
        ask(child, "large", Limits(20, 256, answer_mb=1))


def test_a_child_that_ends_itself_is_an_error(child: Child) -> None:
    with pytest.raises(ToolError, match="exit code 3"):
        ask(child, "exit_now")


def test_a_bug_in_a_job_is_logged_and_not_shown_to_the_model(
    child: Child, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(ToolError, match="a bug in it") as caught:
        ask(child, "spin", wrong=1)
    assert caught.value.code == "tool.failed" and "TypeError" not in caught.value.message
    assert f"{PROBE}spin" in caplog.text and "TypeError" in caplog.text
    assert child.is_usable


def test_a_killed_child_is_replaced() -> None:
    close_children()
    assert find(b"a\nb", "b") == [[2, "b"]]
    with pytest.raises(ToolError, match="was stopped"):
        find(b"a" * 64 + b"!", "(a+)+$", Limits(0.5, 256))
    assert find(b"a\nb", "b") == [[2, "b"]]
    children = _children()
    for each in children:
        each.kill()
    psutil.wait_procs(children, timeout=30)
    assert find(b"a\nb", "b") == [[2, "b"]]


async def test_there_are_few_and_none_stays_after_closing() -> None:
    close_children()
    more = {"pattern": "b", "regex": True, "ignore_case": False, "most": 9}
    calls = [run_in_child(LINES, b"a\nb", LIMITS, **more) for _ in range(MAX_OF_CALLER)]
    assert set(await asyncio.gather(*calls)) == {b'[[2, "b"]]'}
    assert 1 <= len(_children()) <= CHILDREN
    close_children()

    async def left() -> int:
        return len(_children())

    assert await eventually(left, lambda count: count == 0) == 0


def test_a_full_queue_refuses() -> None:
    pool = Pool()
    more = {"pattern": "(a+)+$", "regex": True, "ignore_case": False, "most": 9}
    futures = []
    with pytest.raises(ToolError, match="wait for a child process") as caught:
        for _ in range(MAX_OF_CALLER + CHILDREN + 1):  # no comprehension: the last one raises
            futures.append(  # noqa: PERF401
                pool.submit(LINES, b"a" * 64 + b"!", Limits(0.5, 256), more)
            )
    assert caught.value.retryable
    for each in futures:
        each.cancel()
    pool.close()


def test_children_die_with_a_killed_parent() -> None:
    program = (
        "import os, psutil\n"
        "from harness.commons.children import Limits, wait_for_child\n"
        f"wait_for_child({LINES!r}, b'', Limits(20, 256), pattern='a', regex=True,"
        " ignore_case=False, most=1)\n"
        "print(*[each.pid for each in psutil.Process().children()], flush=True)\n"
        "os.kill(os.getpid(), 9)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == -signal.SIGKILL, done.stderr
    [pid] = map(int, done.stdout.split())
    try:
        psutil.Process(pid).wait(timeout=30)
    except psutil.NoSuchProcess:
        return


def _children() -> list[psutil.Process]:
    found = psutil.Process().children()
    alive = [each for each in found if each.status() != psutil.STATUS_ZOMBIE]
    return [each for each in alive if _child.__file__ in each.cmdline()]
