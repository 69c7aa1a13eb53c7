"""Somebody changes the folder while tools work in it; and expressions that never end."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from harness.contracts.errors import ToolError
from harness.tools import list_files, search_files
from harness.tools.files import confine, search
from tests.fakes.tool_calls import calling

ROUNDS = 1_500

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="swaps names by renameat2")

# RENAME_EXCHANGE swaps two names in one step: at each moment one of the two stands there.
_SWAPPER = """
import ctypes, os, sys
os.chdir(sys.argv[1])
swap = ctypes.CDLL(None, use_errno=True).renameat2
print("ready", flush=True)
while True:
    for one, two in ((b"dir", b"dir_out"), (b"file", b"file_out"), (b"file", b"fifo")) * 2:
        assert swap(-100, one, -100, two, 2) == 0, os.strerror(ctypes.get_errno())
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_bytes(b"secret")
    root = tmp_path / "root"
    (root / "dir").mkdir(parents=True)
    (root / "dir" / "secret").write_bytes(b"inside")
    (root / "file").write_bytes(b"inside")
    (root / "dir_out").symlink_to(outside)
    (root / "file_out").symlink_to(outside / "secret")
    os.mkfifo(root / "fifo")
    return root


@contextmanager
def swapping(root: Path) -> Iterator[None]:
    command = [sys.executable, "-I", "-c", _SWAPPER, str(root)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdout.readline() == b"ready\n"
        try:
            yield
            assert process.poll() is None, "the other process has stopped"
        finally:
            process.kill()


def test_a_race_never_reads_outside(root: Path) -> None:
    came = set()
    with swapping(root):
        for _ in range(ROUNDS):
            for path in ("dir/secret", "file"):
                try:
                    with confine.open_file(root, path) as fd:
                        came.add(os.read(fd, 100))
                except ToolError as error:
                    came.add(error.code)
    assert b"secret" not in came
    assert {b"inside", "tool.confined"} <= came  # both ways were met


def test_a_race_never_writes_outside(root: Path) -> None:
    outside = root.parent / "outside"
    came = set()
    with swapping(root):
        for number in range(10 * ROUNDS):
            try:
                came.add(confine.write_file(root, "dir/secret", b"written"))
            except ToolError as error:
                came.add(error.code)
            if number > ROUNDS // 5 and len(came) > 1:
                break
    assert (outside / "secret").read_bytes() == b"secret"
    assert os.listdir(outside) == ["secret"]
    assert "tool.confined" in came
    assert came & {True, False}


async def test_a_race_never_lists_or_searches_outside(root: Path) -> None:
    (root.parent / "outside" / "only_outside").write_bytes(b"needle")
    async with calling(list_files, search_files, root=root) as call:
        with swapping(root):
            for _ in range(100):
                assert "only_outside" not in await call("list_files", depth=3)
                assert "needle" not in await call("search_files", pattern="needle")


async def test_expressions_are_matched_in_a_process(root: Path) -> None:
    (root / "code.py").write_text("def one():\n  pass\nDEF two():\n")
    async with calling(search_files, root=root) as call:
        found = await call("search_files", pattern=r"^def \w+", regex=True)
        assert found == "code.py:1: def one():"
        found = await call("search_files", pattern=r"^def \w+", regex=True, ignore_case=True)
        assert found.count("\n") == 1
        _, message = await call.refused("search_files", pattern="(", regex=True)
        assert "The regular expression is wrong: missing )" in message


async def test_an_expression_that_never_ends_is_stopped_and_stops_nobody_else(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "FILE_SECONDS", 0.5)
    (root / "evil").write_text("a" * 64 + "!\n")
    async with calling(search_files, root=root) as call:
        searching = asyncio.create_task(call.refused("search_files", pattern="(a+)+$", regex=True))
        turns = 0
        while not searching.done():  # the loop goes on meanwhile
            await asyncio.sleep(0.01)
            turns += 1
        code, message = await searching
    assert code == "tool.timeout"
    assert "simplify it" in message
    assert turns > 10
