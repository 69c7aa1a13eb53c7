"""Put jobs into the queue: python -m harness.care.demo.jobs --queue FOLDER --rps 20."""

from __future__ import annotations

import argparse
import random
import sqlite3
import time
from contextlib import closing, suppress
from pathlib import Path

PUT = "INSERT INTO job (text, put) VALUES (?, ?)"
WORDS = ("tea", "coffee", "cake", "milk")


def put_jobs(queue: Path, *, rps: float, duration: float | None, seed: int = 1) -> int:
    """Put jobs in at an average rate. In the folder, the file `demand` multiplies the rate, and
    `unknown` is the share of jobs of a kind that the worker does not know. Returns how many."""
    chance = random.Random(seed)
    began, count = time.monotonic(), 0
    while duration is None or time.monotonic() - began < duration:
        time.sleep(chance.expovariate(rps * (_read(queue / "demand") or 1.0)))
        kind = "sum" if chance.random() < _read(queue / "unknown") else "count"
        text = f"{kind} {' '.join(chance.choices(WORDS, k=5))}"
        # While the worker has not begun, there is no queue.
        with suppress(sqlite3.Error), closing(_open(queue)) as database:
            database.execute(PUT, (text, time.time()))
            count += 1
    return count


def _open(queue: Path) -> sqlite3.Connection:
    database = sqlite3.connect(queue / "queue.db", timeout=5, isolation_level=None)
    database.execute("PRAGMA synchronous = NORMAL")
    return database


def _read(file: Path) -> float:
    try:
        return float(file.read_text())
    except (OSError, ValueError):
        return 0.0


def main() -> None:
    parser = argparse.ArgumentParser(prog="simulate_jobs", description=__doc__)
    parser.add_argument("--queue", type=Path, required=True, help="the folder of the queue")
    parser.add_argument("--rps", type=float, default=20, help="jobs a second (20)")
    parser.add_argument("--duration", type=float, help="seconds; without it, until Ctrl-C")
    asked = parser.parse_args()
    print(f"{put_jobs(asked.queue, rps=asked.rps, duration=asked.duration)} jobs")


if __name__ == "__main__":
    main()
