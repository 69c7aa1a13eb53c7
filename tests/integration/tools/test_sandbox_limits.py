"""The limits of a sandbox, and that nothing is left of it: bombs, floods, daemons, cancellation."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import time
from pathlib import Path

import pytest

from harness.tools.sandbox.places import find_interpreter
from tests.fakes.runs import eventually
from tests.fakes.sandboxes import Sandbox, needs_sandbox, processes_with, sandboxed

pytestmark = needs_sandbox


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "work").mkdir()
    return tmp_path / "work"


@pytest.fixture
def sandbox(root: Path) -> Sandbox:
    return Sandbox(root)


async def nothing_left(mark: str) -> None:
    async def look() -> list[int]:
        return processes_with(mark)

    await eventually(look, lambda found: not found)


BOMBS = {
    "a fork bomb": ("f() { f | f & f; }; f", "processes"),
    "a bomb of daemons": (
        "while :; do (setsid sh -c 'while :; do sleep 9 & done' &) ; done",
        "processes",
    ),
    "threads": (
        "exec python3 -c 'import threading, time\n"
        "for _ in range(200): threading.Thread(target=time.sleep, args=(9,)).start()'",
        "processes",
    ),
    "memory of many": (
        "exec python3 -c 'import os, time\n"
        "for _ in range(8):\n"
        "  if os.fork() == 0: data = bytearray(os.urandom(1)) * 100_000_000; time.sleep(20)\n"
        "time.sleep(20)'",
        "memory",
    ),
}


@pytest.mark.parametrize(
    "script, limit",
    [
        pytest.param(*each, id=name, marks=() if name == "a fork bomb" else pytest.mark.slow)
        for name, each in BOMBS.items()
    ],
)
async def test_bombs_end_the_sandbox(sandbox: Sandbox, script: str, limit: str) -> None:
    script = script.replace("python3", str(find_interpreter()))
    ran = await sandbox.run(script, processes=64, memory_mb=256 if limit == "memory" else 2048)
    # For an ordinary user, the kernel refuses the process before: the command itself fails then.
    refused = os.getuid() != 0 and limit == "processes" and ran.code != 0
    assert ran.limit == limit or refused, ran
    await nothing_left(str(sandbox.root))


FILLS = """
exec 2>&1
head -c 900000000 /dev/zero > big; wc -c < big
rm big
for n in 1 2 3 4 5 6 7 8 9; do head -c 15000000 /dev/zero > /tmp/$n; done; du -sm /tmp | cut -f1
rm /tmp/?; for n in 1 2 3 4 5 6 7 8 9; do head -c 15000000 /dev/zero > /dev/shm/$n; done
du -sm /dev/shm | cut -f1; rm /dev/shm/?
truncate -s 100G sparse; stat -c 'sparse of %s' sparse; rm sparse
for n in 1 2 3 4 5 6 7 8 9; do fallocate -l 15M part$n; done; du -sm . | cut -f1; rm part*
"""


@pytest.mark.slow
async def test_disks_cannot_be_filled(sandbox: Sandbox) -> None:
    free = os.statvfs(sandbox.root).f_bavail
    said = await sandbox.output(FILLS)
    words = said.split()
    assert str(16 * 1024 * 1024) in words  # the largest file
    assert "sparse of 0\n" in said
    sizes = [int(word) for word in words if word.isdigit() and int(word) < 1000]
    assert sizes and max(sizes) <= 65
    assert "No space left" in said
    assert abs(free - os.statvfs(sandbox.root).f_bavail) * os.statvfs(sandbox.root).f_frsize < 2**30


@pytest.mark.slow
async def test_memory_of_one_process(sandbox: Sandbox) -> None:
    said = await sandbox.output("print(len(bytearray(900_000_000)))", python=True)
    assert "MemoryError" in said


@pytest.mark.slow
async def test_many_files_are_refused_and_nothing_is_changed(root: Path) -> None:
    async with sandboxed(root) as call:
        many = "mkdir d; for n in $(seq 6000); do : > d/$n; done"
        _, words = await call.refused("run_shell", command=many)
        assert "too many files" in words
        deep = "d=x; for n in $(seq 70); do d=$d/x; done; mkdir -p $d"
        assert "too deep" in (await call.refused("run_shell", command=deep))[1]
        large = "for n in 1 2 3 4 5; do head -c 20000000 /dev/zero > $n; done"
        assert "too much" in (await call.refused("run_shell", command=large))[1]
    assert os.listdir(root) == []


@pytest.mark.slow
async def test_a_flood_of_output_is_cut(root: Path) -> None:
    async with sandboxed(root) as call:
        flood = "echo first; head -c 300000000 /dev/zero | tr '\\0' x; echo; echo last"
        outcome = await call.request("run_shell", {"command": flood})
        assert outcome.result and outcome.result.artifact
        whole = (await call.box.artifacts.get(outcome.result.artifact, 0, None)).decode()
    assert whole.startswith("exit code 0\nfirst\nx")
    assert "bytes cut here" in whole and whole.rstrip().endswith("last")
    assert len(whole) < 600_000


async def test_time_is_limited_and_nothing_is_changed(root: Path) -> None:
    mark = f"mark{time.time_ns()}"
    async with sandboxed(root) as call:
        slow = f"echo begun; touch new; (setsid sleep 1000 &) ; exec sh -c 'sleep 999; : {mark}'"
        code, words = await call.refused("run_shell", command=slow, seconds=1)
    assert code == "tool.timeout"
    assert "stopped after 1 s" in words and "begun" in words
    assert os.listdir(root) == []
    await nothing_left(str(root))


async def test_daemons_end_with_the_command(root: Path) -> None:
    daemon = "(setsid sh -c 'sleep 1; touch {0}/late; sleep 1000' > /dev/null 2>&1 &)"
    async with sandboxed(root) as call:
        assert await call("run_shell", command=daemon.format(root)) == "exit code 0"
    await nothing_left(str(root))
    assert os.listdir(root) == []


@pytest.mark.slow
async def test_a_cancelled_call_leaves_nothing(root: Path) -> None:
    async with sandboxed(root) as call:
        command = "touch new; (setsid sleep 1000 &); sleep 1000"
        work = asyncio.create_task(call.request("run_shell", {"command": command}))
        await eventually(lambda: _has_command(root), seconds=60)
        call.env.cancel()
        work.cancel()
        with pytest.raises(asyncio.CancelledError):
            await work
    await nothing_left(str(root))
    assert os.listdir(root) == []


@pytest.mark.slow
async def test_a_sandbox_does_not_outlive_its_worker(root: Path) -> None:
    program = (
        "import asyncio, pathlib, sys\n"
        "from tests.fakes.sandboxes import Sandbox\n"
        "asyncio.run(Sandbox(pathlib.Path(sys.argv[1])).run('(setsid sleep 1000 &); sleep 1000'))\n"
    )
    paths = [str(Path(__file__).parents[3]), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, "PYTHONPATH": ":".join(paths)}
    worker = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, str(root), env=environment
    )
    try:
        await eventually(lambda: _has_command(root), seconds=60)
        worker.kill()
        await worker.wait()
        await nothing_left(str(root))
    finally:
        with contextlib.suppress(ProcessLookupError):
            worker.kill()
        await worker.wait()


async def _has_command(root: Path) -> bool:
    return any(b"/bin/sh\0/dev/fd/3" in _cmdline(pid) for pid in _children_of(root))


def _children_of(root: Path) -> set[int]:
    found = set(processes_with(str(root)))
    parents = {int(path.name): _parent(path) for path in Path("/proc").glob("[0-9]*")}
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return found


def _parent(folder: Path) -> int:
    try:
        return int((folder / "stat").read_bytes().rpartition(b")")[2].split()[1])
    except OSError:
        return 0


def _cmdline(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""
