"""The demo as a user has it: break the service, approve the repair, see it hold."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from harness.care.demo.log_store import find_loki
from harness.stack.binaries import downloads_folder

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("prometheus") is None, reason="Prometheus is not installed"),
]
HARNESS = (sys.executable, "-c", "from harness.cli.main import main; main()")


class Demo:
    def __init__(self, folder: Path, cache: Path) -> None:
        self.folder = folder
        self.log = folder.parent / "out.log"
        env = {"XDG_CONFIG_HOME": str(folder.parent / "config"), "HOME": str(folder.parent)}
        self.env = {**os.environ, **env, "XDG_CACHE_HOME": str(cache)}

    def harness(self, *words: str, ok: bool = True) -> str:
        done = subprocess.run(
            [*HARNESS, *words], cwd=self.folder, env=self.env, capture_output=True, text=True,
            timeout=60,
        )  # fmt: skip
        assert done.returncode == 0 or not ok, done.stdout + done.stderr
        return done.stdout

    def talk(self, *lines: str) -> str:
        """A conversation about the service, over a pipe."""
        done = subprocess.run(
            [*HARNESS, "care", "agent", "--subject", "ratelimiter"], cwd=self.folder, env=self.env,
            input="\n".join(lines), capture_output=True, text=True, timeout=90,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def read(self, *words: str) -> list[Any]:
        return [json.loads(line) for line in self.harness(*words, "--json", ok=False).splitlines()]

    def until(self, look: Callable[[], Any], seconds: float = 90) -> Any:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if found := look():
                return found
            time.sleep(0.5)
        raise AssertionError(f"not in {seconds:g} s: {self.harness('care', 'status', ok=False)}")

    def states(self) -> dict[str, str]:
        return {each["name"]: each["state"] for each in self.read("care", "invariant")}

    def ticket(self, state: str) -> Any:
        return next((t for t in self.read("care", "ticket", "--all") if t["state"] == state), None)


def _find_processes(folder: Path) -> list[list[str]]:
    """The demo's parts that still run. Its stack ends a little later."""
    found = list[list[str]]()
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if Path(process.cwd()).is_relative_to(folder):
                found.append(process.cmdline())
    parts = (
        "service.py", "harness.care.demo.traffic", "harness.care.demo.shipper", "serve",
        "--config.file=prometheus.yml", "-config.file=loki.yml",
    )  # fmt: skip
    return [each for each in found if any(part in each for part in parts)]


@contextmanager
def run_demo(place: Path, cache: Path) -> Iterator[Demo]:
    demo = Demo(place / "care-demo", cache)
    with demo.log.open("wb") as log:
        process = subprocess.Popen(
            [*HARNESS, "care", "demo", str(demo.folder), "--port", "0"], cwd=place,
            env=demo.env, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    try:
        demo.until(lambda: "Serving care" in demo.log.read_text())
        demo.until(lambda: set(demo.states().values()) == {"holds"})
        yield demo
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(60)
        assert not _find_processes(demo.folder), "it ends all that it has started"


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    """Without Loki, wherever one was built."""
    with run_demo(tmp_path, tmp_path / "cache") as demo:
        yield demo


@pytest.fixture
def demo_with_logs(tmp_path: Path) -> Iterator[Demo]:
    loki = find_loki()
    if loki is None:
        pytest.skip("Loki is not built: make loki")
    with run_demo(tmp_path, downloads_folder().parent) as demo:
        yield demo


def test_a_bad_release_is_reverted(demo: Demo) -> None:
    if shutil.which("loki") is None:
        assert demo.log.read_text().count("Loki is missing: the demo has metrics alone.") == 1
        assert "log-volume" not in demo.states()
    said = demo.talk("Check the rejection rate")
    assert "rejections: holds" in said and "must be" in said
    demo.harness("care", "break", "bad-deploy")
    ticket = demo.until(lambda: demo.ticket("proposed"))
    assert ticket["invariant"] == "errors"
    demo.harness("approve", ticket["run"])
    demo.until(lambda: demo.ticket("resolved") or demo.ticket("failed"))
    assert demo.ticket("resolved"), demo.harness("care", "ticket", "show", ticket["id"])
    assert set(demo.states().values()) == {"holds"}


def commit(demo: Demo, old: str, new: str, message: str) -> None:
    """A commit of a colleague, deployed."""
    folder = demo.folder / "ratelimiter"
    service = folder / "service.py"
    text = service.read_text()
    assert old in text
    service.write_text(text.replace(old, new, 1))
    who = ("-c", "user.name=ann", "-c", "user.email=ann@example.org", "-c", "commit.gpgSign=false")
    subprocess.run(["git", *who, "commit", "-qam", message], cwd=folder, check=True)
    subprocess.run([sys.executable, "deploy.py"], cwd=folder, check=True)


def test_a_repair_that_breaks_something_else_is_rolled_back(demo: Demo) -> None:
    """Reverting the last commit stops the errors, and makes requests slow again: they were fast."""
    line = "    bucket = buckets.setdefault"
    slow, errors = (
        "    time.sleep(0.5)\n",
        "    if time.time() % 1 < 0.4:\n        raise KeyError(key)\n",
    )
    commit(demo, line, slow + line, "Wait for the store")
    commit(demo, slow, errors, "Do not wait for the store")
    demo.until(lambda: demo.states()["latency"] == "holds")
    ticket = demo.until(lambda: demo.ticket("proposed"))
    assert ticket["invariant"] == "errors"
    demo.harness("approve", ticket["run"])
    demo.until(lambda: demo.ticket("resolved") or demo.ticket("failed"))
    [failed] = demo.read("care", "ticket", "show", ticket["id"])
    moves = {each["state"]: each for each in failed["moves"]}
    assert "latency" in moves["failed"]["why"] and "1 change was undone" in moves["failed"]["why"]
    assert [each["state"] for each in failed["changes"]] == ["undone"]
    took = moves["failed"]["at"] - moves["verifying"]["at"]
    print(f"rolled back {took:.1f} s after the deploy, with a scrape a second")


def test_a_flood_of_logs_is_found_in_the_logs(demo_with_logs: Demo) -> None:
    demo = demo_with_logs
    demo.until(lambda: demo.harness("care", "query", '{service="ratelimiter"}', "--logs"))
    demo.harness("care", "break", "log-flood")
    ticket = demo.until(lambda: demo.ticket("proposed"))
    assert ticket["invariant"] == "log-volume"
    shown = demo.harness("care", "ticket", "show", ticket["id"])
    assert "Logs: " in shown and "Log more" in shown
    demo.harness("approve", ticket["run"])
    demo.until(lambda: demo.ticket("resolved") or demo.ticket("failed"))
    assert demo.ticket("resolved"), demo.harness("care", "ticket", "show", ticket["id"])
    assert set(demo.states().values()) == {"holds"}
