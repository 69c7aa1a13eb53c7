"""Processes with logs of their own, killed by pid, and the CPU that each has used."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from harness.stack.guard import die_with_me

TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Part:
    """One process of the cluster, and how to start it again."""

    name: str
    argv: Sequence[str]
    folder: Path
    env: Mapping[str, str]
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def log(self) -> Path:
        return self.folder / f"{self.name}.log"

    @property
    def pid(self) -> int:
        assert self.process is not None, f"{self.name} was never started"
        return self.process.pid

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                list(self.argv),
                cwd=self.folder,
                env=dict(self.env),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=die_with_me(signal.SIGKILL),
            )

    def check(self) -> None:
        """Raise if it has ended."""
        if not self.runs:
            tail = self.log.read_text(errors="replace")[-1500:]
            raise RuntimeError(f"{self.name} ended:\n{tail}")

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self, seconds: float = 15.0) -> None:
        """Ask it to end, as a service manager does."""
        if self.process is None or not self.runs:
            return
        self.process.terminate()
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()

    @property
    def runs(self) -> bool:
        return self.process is not None and self.process.poll() is None


def read_cpu(pid: int) -> float:
    """CPU seconds of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS
