"""A queue of jobs in SQLite. Several processes put jobs in and take them out."""

import sqlite3
import time
from contextlib import closing
from pathlib import Path

TABLE = """
CREATE TABLE IF NOT EXISTS job (
  id INTEGER PRIMARY KEY, text TEXT NOT NULL, put REAL NOT NULL, taken REAL,
  attempts INTEGER NOT NULL DEFAULT 0, aside INTEGER NOT NULL DEFAULT 0
)
"""
LEASE_S = 5.0
"""After this time a job is given to another process: the one that took it has died."""


class Queue:
    def __init__(self, file: Path) -> None:
        self.file = file
        file.parent.mkdir(parents=True, exist_ok=True)
        with closing(self._open()) as database:
            database.execute("PRAGMA journal_mode = WAL")
            database.execute(TABLE)

    def put(self, text: str) -> None:
        with closing(self._open()) as database:
            database.execute("INSERT INTO job (text, put) VALUES (?, ?)", (text, time.time()))

    def take(self, most: int, now: float | None = None) -> list[tuple[int, str, int]]:
        """Take jobs: id, text and how often they were tried. The oldest come first."""
        now = time.time() if now is None else now
        with closing(self._open()) as database:
            return database.execute(
                "UPDATE job SET taken = ?, attempts = attempts + 1 WHERE id IN (SELECT id FROM job "
                "WHERE aside = 0 AND (taken IS NULL OR taken < ?) ORDER BY id LIMIT ?) "
                "RETURNING id, text, attempts",
                (now, now - LEASE_S, most),
            ).fetchall()

    def finish(self, id: int) -> None:
        self._run("DELETE FROM job WHERE id = ?", (id,))

    def give_back(self, id: int) -> None:
        """For another attempt."""
        self._run("UPDATE job SET taken = NULL WHERE id = ?", (id,))

    def put_aside(self, id: int) -> None:
        """A job that nobody can do."""
        self._run("UPDATE job SET aside = 1 WHERE id = ?", (id,))

    def measure(self, now: float | None = None) -> tuple[int, float]:
        """How many jobs wait, and for how many seconds the oldest one does."""
        now = time.time() if now is None else now
        with closing(self._open()) as database:
            count, oldest = database.execute(
                "SELECT count(*), min(put) FROM job WHERE aside = 0"
            ).fetchone()
        return count, 0.0 if oldest is None else max(0.0, now - oldest)

    def _run(self, statement: str, values: tuple[object, ...]) -> None:
        with closing(self._open()) as database:
            database.execute(statement, values)

    def _open(self) -> sqlite3.Connection:
        database = sqlite3.connect(self.file, timeout=10, isolation_level=None)
        database.execute("PRAGMA synchronous = NORMAL")  # enough with a write-ahead log
        return database
