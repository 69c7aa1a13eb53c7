"""The tutorial of care, from the second part on: every file and every command as it is written."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.care.conftest import Demo

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("prometheus") is None, reason="Prometheus is not installed"),
]
TUTORIAL = Path(__file__).parents[3] / "docs" / "tutorials" / "care.md"
STEP = re.compile(r"(?:Write `([\w.]+)`:\n\n)?```(sh|py|toml)\n(.*?)```", re.DOTALL)


def run_steps(demo: Demo, part: str) -> None:
    """Write the files and type the commands of a part, in one shell."""
    folder = "greeter" if "Write `subject.toml`" in part else "."
    script = [f"cd {folder}"]
    for file, kind, text in STEP.findall(part):
        if kind == "sh":
            script.append(text)
        elif file:
            script.append(f"cat > {file} <<'END-OF-FILE'\n{text}END-OF-FILE")
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-e", "-c", "\n".join(script)], cwd=demo.folder, env={**demo.env, "PATH": path},
        capture_output=True, text=True, timeout=180,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def approve(demo: Demo, invariant: str) -> str:
    """Approve what the agent proposes on the ticket of an invariant; returns the ticket's id."""

    def find(*states: str) -> Any:
        return next(
            (
                each
                for each in demo.tickets("greeter")
                if each["invariant"] == invariant and each["state"] in states
            ),
            None,
        )

    ticket = demo.until(lambda: find("proposed"))
    demo.harness("approve", ticket["run"])
    demo.until(lambda: find("resolved", "failed"))
    shown = demo.harness("care", "ticket", "show", ticket["id"])
    assert find("resolved"), shown
    return ticket["id"]


def test_what_a_person_has_repaired_is_resolved(demo: Demo) -> None:
    """By the watch: who resolves it once more is told so."""

    def find(state: str) -> Any:
        found = demo.tickets("ratelimiter")
        return next((each for each in found if each["state"] == state), None)

    demo.harness("care", "break", "slow-store")
    id = demo.until(lambda: find("failed"))["id"]
    demo.harness("care", "break", "slow-store", "--end")
    demo.until(lambda: find("resolved"))
    said = demo.harness("care", "ticket", "resolve", id, "--why", "the store answers again")
    assert said.startswith("It is already resolved, by watch at "), said


def test_a_service_of_ones_own(demo: Demo) -> None:
    parts = TUTORIAL.read_text().split("\n## ")
    try:
        run_steps(demo, parts[2])
        run_steps(demo, parts[3])
        demo.until(lambda: demo.holds("greeter") and len(demo.states("greeter")) == 2)
        run_steps(demo, parts[4].rpartition("```sh")[0])
        approve(demo, "bad-greetings")
        log = subprocess.check_output(["git", "log", "--oneline"], cwd=demo.folder / "greeter")
        assert b"Revert" in log
        run_steps(demo, parts[5])
        restarted = approve(demo, "up")
        shown = demo.harness("care", "ticket", "show", restarted)
        assert "changes only subject.toml" in shown and "broke up" not in shown, shown
        assert "do: restart" in demo.harness("care", "runbook", restarted)
        saved = demo.harness("care", "runbook", restarted, "--save")
        merge = saved.partition("To accept it: ")[2].split()
        subprocess.run(merge, cwd=demo.folder, check=True, capture_output=True)
        assert (demo.folder / "greeter" / "runbooks" / "up-restart.md").exists()
        check = demo.harness("care", "subject", "check", "greeter")
        assert "FAIL" not in check, check
        run_steps(demo, parts[6])
        assert "greeter" not in demo.harness("care", "status", ok=False)
    finally:
        with suppress(OSError, ValueError):
            os.kill(int((demo.folder / "greeter" / ".run" / "pid").read_text()), signal.SIGKILL)
