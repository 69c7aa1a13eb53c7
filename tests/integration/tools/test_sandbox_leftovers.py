"""A sandbox's folder is removed, also once its process was killed, and never that of another."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from harness.tools.sandbox import scratch
from harness.tools.sandbox.scratch import UNOWNED_S, make_scratch, remove_stale

HOLDS = """
import asyncio
from harness.tools.sandbox.scratch import make_scratch

async def main():
    async with make_scratch() as folder:
        (folder / "stage").mkdir()
        print(folder, flush=True)
        await asyncio.sleep(600)

asyncio.run(main())
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_what_a_killed_process_left_is_removed(place: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDS], stdout=subprocess.PIPE, text=True,
        env={**os.environ, "TMPDIR": str(place)},
    )  # fmt: skip
    assert holder.stdout is not None
    left = Path(holder.stdout.readline().strip())
    assert left.parent == place
    assert remove_stale(place) == []  # it lives
    holder.kill()
    holder.communicate()
    assert (left / "stage").is_dir()

    async def use() -> Path:
        async with make_scratch() as own:
            assert remove_stale(place) == []
            return own

    before = set(place.iterdir())
    own = asyncio.run(use())
    assert before == {left}
    assert own.parent == place
    assert set(place.iterdir()) == set()


def test_only_folders_of_this_user_and_of_dead_processes_are_removed(place: Path) -> None:
    elsewhere = place / "elsewhere"
    elsewhere.mkdir(mode=0o700)
    (elsewhere / scratch.OWNER).touch()
    (place / "harness-sandbox-link").symlink_to(elsewhere)
    (place / "harness-sandbox-file").touch()
    readable, new, old, linked = (place / f"harness-sandbox-{n}" for n in range(4))
    readable.mkdir(mode=0o755)
    (readable / scratch.OWNER).touch()
    for folder in (new, old, linked):
        folder.mkdir(mode=0o700)
    (linked / scratch.OWNER).symlink_to(elsewhere / scratch.OWNER)
    (old / "link").symlink_to(elsewhere)
    past = time.time() - UNOWNED_S - 1
    os.utime(old, (past, past))
    kept = set(place.iterdir()) - {old}
    assert remove_stale(place) == [old]
    assert set(place.iterdir()) == kept
    assert (elsewhere / scratch.OWNER).exists()
