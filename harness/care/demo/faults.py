"""Faults of the rate limiter: what a person, a release or the world does to it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

COMMIT = ("git", "-c", "user.name=a colleague", "-c", "user.email=colleague@example.org",
          "-c", "commit.gpgSign=false")  # fmt: skip
CHECK = "    bucket = buckets.setdefault"


@dataclass(frozen=True)
class Fault:
    name: str
    summary: str
    make: Callable[[Path], None]
    """Breaks the subject in this folder."""


def _edit(file: str, old: str, new: str, message: str) -> Callable[[Path], None]:
    """A commit of a colleague, deployed."""

    def make(folder: Path) -> None:
        path = folder / file
        text = path.read_text()
        if old not in text:
            raise ValueError(f"{file} has no {old!r}: this fault is there already.")
        path.write_text(text.replace(old, new, 1))
        subprocess.run([*COMMIT, "commit", "--quiet", "-am", message], cwd=folder, check=True)
        subprocess.run([sys.executable, "deploy.py"], cwd=folder, check=True)

    return make


def _set_state(name: str, value: str) -> Callable[[Path], None]:
    """Something that the code has no part in."""

    def make(folder: Path) -> None:
        state = folder / ".run" / "state"
        state.mkdir(parents=True, exist_ok=True)
        (state / name).write_text(value)

    return make


def _stop_process(kind: signal.Signals) -> Callable[[Path], None]:
    def make(folder: Path) -> None:
        os.kill(int((folder / ".run" / "pid").read_text()), kind)

    return make


def _insert(code: str, message: str) -> Callable[[Path], None]:
    return _edit("service.py", CHECK, f"{code}\n{CHECK}", message)


FAULTS = {
    fault.name: fault
    for fault in (
        Fault("capacity", "a commit makes the buckets too small",
              _edit("config.toml", "capacity = 50", "capacity = 1", "Save memory in buckets")),
        Fault("refill", "a commit makes the buckets refill too slowly",
              _edit("config.toml", "refill_per_second = 20", "refill_per_second = 0.2",
                    "Refill more slowly")),
        Fault("bad-deploy", "a commit lets a part of the requests fail",
              _insert("    if len(key) and time.time() % 1 < 0.4:\n        raise KeyError(key)",
                      "Check keys")),
        Fault("slow-code", "a commit makes each request slow",
              _insert("    time.sleep(0.4)", "Wait for the audit log")),
        Fault("log-flood", "a commit logs each request a thousand times",
              _insert("    for _ in range(1000):\n        log('debug', 'checking', key=key)",
                      "Log more")),
        Fault("leak", "memory is held for each request", _set_state("leak", "400000")),
        Fault("slow-store", "the store behind the service is slow",
              _set_state("slow_store", "0.4")),
        Fault("crash", "the process dies", _stop_process(signal.SIGKILL)),
        Fault("stuck", "the process hangs", _stop_process(signal.SIGSTOP)),
        Fault("clock", "a commit uses a clock that goes wrong",
              _edit("bucket.py", "now - self.at", "self.at - now", "Fix the order of times")),
        Fault("error-burst", "a commit fails for each request of one key",
              _insert("    if key == 'key-3':\n        raise ValueError('bad key')",
                      "Refuse bad keys")),
        Fault("typo", "a commit breaks the configuration; the service does not start",
              _edit("config.toml", "capacity = 50", "capacity = 5O", "Tidy up")),
    )
}  # fmt: skip
"""All faults, by name."""
