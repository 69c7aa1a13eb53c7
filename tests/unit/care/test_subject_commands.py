"""Commands of a subject: what they start ends with them, unless it is meant to stay."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from harness.care.subjects.commands import run_command
from harness.care.subjects.health import check_health
from harness.care.subjects.subject import Subject, parse_subject
from harness.contracts.errors import SubjectInvalid

DAEMON = """
import subprocess, sys
daemon = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"],
                          start_new_session=True)
open("pid", "w").write(str(daemon.pid))
"""


def is_running(pid: int) -> bool:
    with suppress(psutil.Error):
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    return False


@pytest.mark.parametrize(("end", "seconds"), [("", 20.0), ("import time; time.sleep(60)", 3.0)])
async def test_a_daemon_of_tests_ends_with_them(tmp_path: Path, end: str, seconds: float) -> None:
    ran = await run_command((sys.executable, "-c", DAEMON + end), tmp_path, seconds)
    assert ran.is_good == (not end)
    assert not end or "it took longer than 3 s" in ran.output
    pid = int((tmp_path / "pid").read_text())
    while is_running(pid):  # noqa: ASYNC110 - the kernel may need a moment
        await asyncio.sleep(0.01)


async def test_what_a_deploy_starts_stays(tmp_path: Path) -> None:
    ran = await run_command((sys.executable, "-c", DAEMON), tmp_path, 20, may_leave=True)
    assert ran.is_good
    pid = int((tmp_path / "pid").read_text())
    assert is_running(pid)
    os.kill(pid, signal.SIGKILL)


async def test_health_can_be_a_command(tmp_path: Path) -> None:
    good = ("{python}", "-c", "print('fine')")
    bad = ("{python}", "-c", "import sys; print('a\\nthe queue is old'); sys.exit(3)")
    assert await check_health(good, tmp_path) is None
    assert await check_health(bad, tmp_path) == "{python} exited with 3: the queue is old"
    assert "could not be started" in (await check_health(("./none",), tmp_path) or "")


def read(text: str) -> Subject:
    return parse_subject(f'name = "a"\n{text}'.encode(), "here")


def test_the_kinds_of_health() -> None:
    assert read('health = "http://a/b"').shown_health == "http://a/b"
    assert read('health = ["./look", "a b"]').shown_health == "./look 'a b'"
    assert read("").shown_health is None
    for text in ("health = 1", "health = []", 'health = [""]\nodd = 1', 'health = "look"'):
        with pytest.raises(SubjectInvalid):
            read(text)


DEPLOY = 'deploy = ["a"]\nrollback = ["b"]\n'


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("stages = [100]", "no deploy"),
        (f"{DEPLOY}stages = [10, 50]", "end with 100"),
        (f"{DEPLOY}stages = [50, 10, 100]", "increase"),
        (f"{DEPLOY}stages = [50, 50, 100]", "increase"),
        (f"{DEPLOY}stages = [0, 100]", "stages"),
        (f"{DEPLOY}stages = [10, 50, 100]\nstage_seconds = 400", "longer than 600 s"),
        (f"{DEPLOY}stages = [{', '.join(map(str, range(89, 101)))}]", "stages"),
    ],
)
def test_stages_that_make_no_sense(text: str, words: str) -> None:
    with pytest.raises(SubjectInvalid, match=words):
        read(text)


def test_stages() -> None:
    assert read(f"{DEPLOY}stages = [10, 100]").stages == (10, 100)
    assert read(DEPLOY).stages == ()
