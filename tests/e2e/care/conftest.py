"""The demo as a user has it, and what can be asked of it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from harness.care.demo.log_store import find_loki
from harness.stack.binaries import downloads_folder

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

    def states(self, subject: str | None = None) -> dict[str, str]:
        found = self.read("care", "invariant", "list", *([subject] if subject else []))
        return {f"{each['subject']} {each['name']}": each["state"] for each in found}

    def holds(self, subject: str | None = None) -> bool:
        return set(self.states(subject).values()) == {"holds"}

    def ticket(self, state: str) -> Any:
        return next((t for t in self.tickets() if t["state"] == state), None)

    def tickets(self, subject: str | None = None) -> list[Any]:
        found = self.read("care", "ticket", "list", *([subject] if subject else []), "--all")
        return [each for each in found if each["state"] != "closed"]


def _find_processes(folder: Path) -> list[list[str]]:
    """The demo's parts that still run. Its stack ends a little later."""
    found = list[list[str]]()
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if Path(process.cwd()).is_relative_to(folder):
                found.append(process.cmdline())
    parts = (
        "service.py",
        "worker.py",
        "harness.care.demo",
        "--config.file=prometheus.yml",
        "-config.file=loki.yml",
        "serve",
    )
    return [each for each in found if any(part in each for part in parts)]


@contextmanager
def run_demo(place: Path, cache: Path) -> Generator[Demo]:
    demo = Demo(place / "care-demo", cache)
    with demo.log.open("wb") as log:
        process = subprocess.Popen(
            [*HARNESS, "care", "demo", str(demo.folder), "--port", "0"], cwd=place,
            env=demo.env, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    try:
        demo.until(lambda: "Serving care" in demo.log.read_text(), 240)
        demo.until(demo.holds, 240)
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
    if find_loki() is None:
        pytest.skip("Loki is not built: make loki")
    with run_demo(tmp_path, downloads_folder().parent) as demo:
        yield demo
