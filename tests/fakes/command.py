"""Real `harness` processes in a project of their own, as programs and as people use them."""

from __future__ import annotations

import json
import os
import pty
import select
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.warm_python import warm_python

GUARD_S = 90.0
AGENT = """
from harness import Agent, tool
from helpers import total


@tool(effect="read", inline=True)
def add(a: int, b: int) -> int:
    "Add two numbers."
    print("a tool that prints")
    return total(a, b)


@tool(effect="write", approval="always", on_unknown="retry")
def write_file(path: str, content: str) -> str:
    "Write a file."
    return f"wrote {content} to {path}"


agent = Agent("calculator", instructions="Use the tools.", tools=[add, write_file])
other = Agent("other", tools=[add])
"""


@dataclass(frozen=True)
class Ended:
    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[dict[str, Any]]:
        """Each line of stdout, which must be JSON."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def last(self) -> dict[str, Any]:
        return self.lines[-1]


class Project:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "agent.py").write_text(AGENT)
        (folder / "helpers.py").write_text("def total(a, b):\n    return a + b\n")

    def command(self, *words: str, typed: str = "") -> Ended:
        """Run a command to its end."""
        process = self.start(*words)
        out, err = process.communicate(typed, timeout=GUARD_S)
        return Ended(process.returncode, out, err)

    def start(self, *words: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            harness_command(*words),
            cwd=self.folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def terminal(self, *words: str) -> Terminal:
        return Terminal(harness_command(*words), self.folder)

    def worker(self, *agents: str) -> Worker:
        return Worker(self, agents or ("agent.py:agent",))


def harness_command(*words: str) -> list[str]:
    return warm_python("-c", "from harness.cli.main import main; main()", *words)


class Worker:
    """A `harness worker`, there once the block begins."""

    def __init__(self, project: Project, agents: tuple[str, ...]) -> None:
        self._process = project.start("worker", *agents, "--json")

    def __enter__(self) -> dict[str, Any]:
        assert self._process.stdout
        return json.loads(self._process.stdout.readline())

    def __exit__(self, *_: object) -> None:
        self._process.send_signal(signal.SIGTERM)
        self._process.communicate(timeout=GUARD_S)


class Terminal:
    """A command at a terminal, with someone who reads and types."""

    def __init__(self, argv: list[str], folder: Path) -> None:
        self.pid, self._fd = pty.fork()
        if self.pid == 0:
            os.chdir(folder)
            os.environ["TERM"] = "xterm"
            os.execv(argv[0], argv)
        self.seen = ""
        self._place = 0

    def until(self, words: str) -> None:
        """Read until `words` are there, behind what was found before."""
        end = time.monotonic() + GUARD_S
        while (found := self.seen.find(words, self._place)) < 0:
            assert time.monotonic() < end, f"no {words!r} in {self.seen!r}"
            if not self._read():
                raise AssertionError(f"ended without {words!r}: {self.seen!r}")
        self._place = found + len(words)

    def type(self, text: str) -> None:
        os.write(self._fd, text.encode())

    def end(self) -> int:
        """Read to the end; the exit code."""
        while self._read():
            pass
        os.close(self._fd)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])

    def _read(self) -> bool:
        ready, _, _ = select.select([self._fd], [], [], GUARD_S)
        assert ready, f"nothing comes after {self.seen!r}"
        try:
            piece = os.read(self._fd, 65536)
        except OSError:  # how Linux says that the other side has gone
            return False
        self.seen += piece.decode(errors="replace")
        return bool(piece)


@pytest.fixture(scope="session")
def kept_project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A project whose stack stays up for all tests of a session."""
    project = Project(tmp_path_factory.mktemp("project"))
    assert project.command("up", "--detach").code == 0
    yield project
    project.command("down")
