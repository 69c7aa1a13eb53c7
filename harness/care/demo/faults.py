"""Faults of the subjects: what a person, a release or the world does to them."""

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
WORK = "    time.sleep(WORK)"
LIMITER, QUEUE = "ratelimiter", "queue-worker"
REVERT, RESTART = "the agent reverts it", "the agent restarts it"
Step = Callable[[Path], None]


@dataclass(frozen=True)
class Fault:
    name: str
    subject: str
    summary: str
    breaks: str
    """The invariant that it breaks first."""
    repair: str
    """Who repairs it, and how."""
    make: Step
    """Breaks the subject in this folder."""
    end: Step | None = None
    """Ends what only a person can end."""


def _edit(file: str, old: str, new: str, message: str) -> Step:
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


def _write(file: str, value: str) -> Step:
    """Something that the code has no part in."""

    def make(folder: Path) -> None:
        path = folder / ".run" / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(value)

    return make


def _remove(file: str) -> Step:
    return lambda folder: (folder / ".run" / file).unlink(missing_ok=True)


def _signal(file: str, kind: signal.Signals) -> Step:
    return lambda folder: os.kill(int((folder / ".run" / file).read_text()), kind)


def _insert(code: str, message: str) -> Step:
    return _edit("service.py", CHECK, f"{code}\n{CHECK}", message)


def _work(code: str, message: str) -> Step:
    return _edit("worker.py", WORK, f"{code}\n{WORK}", message)


FAULTS = {
    fault.name: fault
    for fault in (
        Fault("capacity", LIMITER, "a commit makes the buckets too small", "rejections", REVERT,
              _edit("config.toml", "capacity = 50", "capacity = 1", "Save memory in buckets")),
        Fault("refill", LIMITER, "a commit makes the buckets refill too slowly", "rejections",
              REVERT, _edit("config.toml", "refill_per_second = 20", "refill_per_second = 0.2",
                            "Refill more slowly")),
        Fault("bad-deploy", LIMITER, "a commit lets a part of the requests fail", "errors", REVERT,
              _insert("    if len(key) and time.time() % 1 < 0.4:\n        raise KeyError(key)",
                      "Check keys")),
        Fault("error-burst", LIMITER, "a commit fails for each request of one key", "errors",
              REVERT, _insert("    if key == 'key-3':\n        raise ValueError('bad key')",
                              "Refuse bad keys")),
        Fault("slow-code", LIMITER, "a commit makes each request slow", "latency", REVERT,
              _insert("    time.sleep(0.4)", "Wait for the audit log")),
        Fault("log-flood", LIMITER, "a commit logs each request a hundred times", "log-lines",
              REVERT, _insert("    for _ in range(100):\n        log('debug', 'checking', key=key)",
                              "Log more")),
        Fault("clock", LIMITER, "a commit uses a clock that goes wrong", "rejections", REVERT,
              _edit("bucket.py", "now - self.at", "self.at - now", "Fix the order of times")),
        Fault("typo", LIMITER, "a commit breaks the configuration; the service does not start",
              "up", REVERT, _edit("config.toml", "capacity = 50", "capacity = 5O", "Tidy up")),
        Fault("crash", LIMITER, "the process dies", "up", RESTART,
              _signal("pid", signal.SIGKILL)),
        Fault("stuck", LIMITER, "the process hangs", "up", RESTART,
              _signal("pid", signal.SIGSTOP)),
        Fault("leak", LIMITER, "memory is held for each request", "memory",
              f"{RESTART}, which helps for a while", _write("state/leak", "400000"),
              _remove("state/leak")),
        Fault("slow-store", LIMITER, "the store behind the service is slow", "latency",
              "a person; its runbook says so", _write("state/slow_store", "0.4"),
              _remove("state/slow_store")),
        Fault("slow-consumer", QUEUE, "a commit makes each job slow", "queue-age", REVERT,
              _edit("worker.py", WORK, "    time.sleep(WORK * 10)", "Wait for the audit log")),
        Fault("long-pause", QUEUE, "a commit lets each process pause too long", "queue-age",
              REVERT, _edit("config.toml", "pause_seconds = 0.3", "pause_seconds = 1.0",
                            "Look at the queue less often")),
        Fault("bad-jobs-code", QUEUE, "a commit lets jobs fail", "failures", REVERT,
              _work("    if 'tea' in rest:\n        raise KeyError(rest)", "Check jobs")),
        Fault("chatty", QUEUE, "a commit logs each job a hundred times", "log-lines", REVERT,
              _work("    for _ in range(100):\n        log('debug', text)", "Log more")),
        Fault("queue-typo", QUEUE, "a commit breaks the configuration; nothing starts", "workers",
              REVERT, _edit("config.toml", "batch = 8", "batch = eight", "Tidy up")),
        Fault("stuck-worker", QUEUE, "one of the two processes hangs", "workers",
              f"{RESTART}; its runbook says so", _signal("pid-0", signal.SIGSTOP)),
        Fault("demand", QUEUE, "three times as many jobs come", "queue-age",
              "the agent raises a number in the configuration; its runbook says so",
              _write("demand", "3"), _remove("demand")),
        Fault("poison", QUEUE, "jobs come of a kind that the worker does not know", "failures",
              "a person; its runbook says so", _write("unknown", "0.2"), _remove("unknown")),
        Fault("disk-full", QUEUE, "results cannot be written", "failures",
              "a person; its runbook says so", _write("results/quota", "0"),
              _remove("results/quota")),
    )
}  # fmt: skip
"""All faults, by name."""
