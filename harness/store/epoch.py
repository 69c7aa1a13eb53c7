"""The epoch of a store: detect that the database or Temporal was restored to an earlier state.

Three places record how far the store has advanced: the database, Temporal, and this machine,
outside of what a backup of the project contains. If one of them is ahead of another, something was
restored, and a write without a row in the ledger may have happened anyway.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

from harness.commons.files import write_atomic
from harness.store.database import Database
from harness.store.locks import LockSession

Doubt = Literal["database", "engine"]
"""Which of the two was restored. An older database lacks writes that happened; with an older
Temporal the ledger is complete, but the model may answer differently."""

BRANCHES = """
SELECT branch, id::text, generation, confirmed, floor, doubts, extract(epoch FROM since)::float8,
  extract(epoch FROM now() - advanced)::float8,
  server IS NOT DISTINCT FROM pg_postmaster_start_time()
FROM harness.epoch WHERE namespace = %s ORDER BY branch
"""
# An empty store knows nothing of runs that Temporal held before the store was created.
FIRST = """
INSERT INTO harness.epoch (namespace, branch, since, doubts)
SELECT %s, 0, made.at, CASE WHEN NOT EXISTS (SELECT FROM harness.answer)
  AND NOT EXISTS (SELECT FROM harness.effect) THEN 'database' END FROM harness.made
ON CONFLICT DO NOTHING
"""
BEGIN_BRANCH = """
INSERT INTO harness.epoch (namespace, branch, doubts, floor)
SELECT namespace, max(branch) + 1, %s, max(floor) FROM harness.epoch
WHERE namespace = %s OR %s::text IS NULL GROUP BY namespace
"""
ADVANCE = """
UPDATE harness.epoch SET generation = generation + 1, advanced = now(),
  server = pg_postmaster_start_time()
WHERE id = %s::uuid RETURNING id::text, generation
"""
CONFIRM = "UPDATE harness.epoch SET confirmed = greatest(confirmed, %s) WHERE id = %s::uuid"
# Rows of the lost history, of this turn or a later one: the run got this far, with other calls.
ELSEWHERE = """
SELECT 1 FROM harness.effect
WHERE run = %s AND origin = %s AND turn >= %s AND key <> %s AND branch < %s LIMIT 1
"""
MARKED = "SELECT seq FROM harness.effect WHERE key = %s"


@dataclass(frozen=True)
class Branch:
    number: int
    id: str
    generation: int
    confirmed: int
    floor: int
    doubts: Doubt | None
    since: float
    age: float
    """Seconds since the generation was advanced."""
    same_server: bool
    """Whether Postgres has run since then."""


@dataclass(frozen=True)
class Seen:
    """The newest state of the store that Temporal, or this machine, has recorded."""

    branch: str
    generation: int


@dataclass(frozen=True)
class Verdict:
    doubts: Doubt
    why: str


@dataclass
class Doubts:
    """The branches as a worker's ledger knows them, and which runs a restore may have affected."""

    branches: tuple[Branch, ...] = ()

    @property
    def number(self) -> int:
        return self.branches[-1].number if self.branches else 0

    def doubt_of(self, origin: str) -> Doubt | None:
        """Return the doubt about a run, given its first run id: did it exist before a restore?"""
        doubted = [each for each in self.branches if each.doubts is not None]
        if not doubted:
            return None
        started = started_at(origin)
        kinds = {each.doubts for each in doubted if started is None or started < each.since}
        return "database" if "database" in kinds else "engine" if kinds else None


def started_at(run_id: str) -> float | None:
    """When Temporal created a run id, in seconds since the epoch; None if the id has no time."""
    try:
        id = uuid.UUID(run_id)
    except ValueError:
        return None
    return (id.int >> 80) / 1000 if id.version == 7 else None


def compare_records(
    branches: tuple[Branch, ...], engine: Seen | None, outside: Seen | None, *, lost: bool = False
) -> Verdict | None:
    """Return what was restored; None if all three records agree. `lost`: a write that this machine
    made has no row in the database. A record that lags behind by one interrupted step is not a
    difference: the database is written first, and `confirmed` last."""
    now, known = branches[-1], {each.id for each in branches}
    if outside and outside.branch not in known:
        return Verdict("database", "this machine has seen a later branch of the database")
    if engine and engine.branch not in known:
        return Verdict("database", "Temporal belongs to another branch of the database")
    same = outside if outside and outside.branch == now.id else None
    if same and same.generation > now.generation:
        return Verdict("database", "this machine has seen a later generation of the database")
    if lost:
        return Verdict("database", "a write that was made from this machine is not in the database")
    if engine is None and max(now.confirmed, same.generation if same else 0) > 0:
        return Verdict("database", "Temporal does not know this database")
    level = engine.generation if engine and engine.branch == now.id else 0
    if level > now.generation:
        return Verdict("database", "Temporal has seen a later generation of the database")
    if level < max(now.confirmed, same.generation if same else 0):
        return Verdict("engine", "Temporal is at an earlier generation than the database")
    return None


def went_back(branches: tuple[Branch, ...], before: Seen, engine: Seen | None) -> bool:
    """Whether Temporal has lost what it knew before: a process that has served it meanwhile caches
    runs that no longer exist like that."""
    if engine is None:
        return True
    order = {each.id: each.number for each in branches}
    if not {engine.branch, before.branch} <= order.keys():
        return False  # not of this database
    then, now = ((order[each.branch], each.generation) for each in (before, engine))
    return now < then


class Epoch(Protocol):
    """The store's branches as a worker knows them."""

    doubts: Doubts

    async def check(self, made: str | None = None) -> None:
        """Check again whether something was restored. `made`: a row that was just written, and
        proves nothing."""
        ...

    def mark(self, key: str, seq: int) -> None:
        """Record that a write has begun."""
        ...


class Watch:
    """The epoch as the ledger uses it: checked again with every new connection, since that may
    lead to another database."""

    def __init__(self, epoch: Epoch | None, locks: LockSession, database: Database) -> None:
        self._epoch = epoch
        self._locks = locks
        self._database = database
        self._checked = 0

    @property
    def branch(self) -> int:
        return self._epoch.doubts.number if self._epoch else 0

    def mark(self, key: str, seq: int) -> None:
        if self._epoch is not None:
            self._epoch.mark(key, seq)

    async def find_doubt(self, key: str, run: str, origin: str, turn: int) -> Doubt | None:
        if self._epoch is None:
            return None
        await self._locks.ensure_open()
        await self.has_moved()
        doubt = self._epoch.doubts.doubt_of(origin)
        if doubt != "engine":
            return doubt
        # With an older Temporal the ledger is complete: a write without a row did not happen,
        # unless the run had got further and the model decides differently this time.
        rows = await self._database.fetch(ELSEWHERE, (run, origin, turn, key, self.branch))
        return doubt if rows else None

    async def has_moved(self, made: str | None = None) -> bool:
        """Whether the connection is new and leads to another branch than the last one."""
        if self._epoch is None or self._locks.opened == self._checked:
            return False
        before, opened = self.branch, self._locks.opened
        await self._epoch.check(made)
        self._checked = opened
        return self.branch != before


async def read_branches(database: Database, namespace: str) -> tuple[Branch, ...]:
    """Read the branches of a store for a namespace; creates the first one."""
    rows = await database.fetch(BRANCHES, (namespace,))
    if not rows:
        await database.fetch(FIRST, (namespace,))
        rows = await database.fetch(BRANCHES, (namespace,))
    return tuple(Branch(*row) for row in rows)


async def begin_branch(database: Database, doubts: Doubt, namespace: str | None = None) -> None:
    """Begin a branch: writes of older runs are doubted from now on; without `namespace`, in all
    namespaces."""
    await database.fetch(BEGIN_BRANCH, (doubts, namespace, namespace))


async def advance_branch(database: Database, branch: Branch) -> Seen:
    """Advance a branch to its next generation."""
    rows = await database.fetch(ADVANCE, (branch.id,))
    return Seen(*rows[0])


async def confirm_seen(database: Database, seen: Seen) -> None:
    await database.fetch(CONFIRM, (seen.generation, seen.branch))


def key_of_store(branches: tuple[Branch, ...], namespace: str) -> str:
    """Return an id that all users of this database and namespace share, and all copies of them."""
    return hashlib.sha256(f"{namespace}/{branches[0].id}".encode()).hexdigest()[:16]


def state_home() -> Path:
    """Return the folder of this user's program state, which no backup of a project contains."""
    named = os.environ.get("XDG_STATE_HOME", "")
    base = Path(named) if Path(named).is_absolute() else Path.home() / ".local" / "state"
    return base / "harness" / "stores"


@dataclass
class Outside:
    """This machine's record of one store. Without it, Temporal and the database are still
    compared. Blocks, but only for microseconds."""

    folder: Path
    _mark: int | None = field(default=None, repr=False)

    def read_seen(self) -> Seen | None:
        found = _read_json(self.folder / "seen")
        match found:
            case {"branch": str(branch), "generation": int(generation)}:
                return Seen(branch, generation)
            case _:
                return None

    def write_seen(self, seen: Seen) -> None:
        """Write the record. A mark belongs to its branch: numbers of another one start lower."""
        before = self.read_seen()
        if before and before.branch != seen.branch:
            self._forget_mark()
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        record = {"branch": seen.branch, "generation": seen.generation}
        write_atomic(self.folder / "seen", json.dumps(record), mode=0o600)

    def mark(self, key: str, seq: int) -> None:
        """Remember the newest write that began. Not flushed to the disk: a machine that loses its
        power may forget the last of them, which is never taken for a restore."""
        descriptor = self._open_mark()
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        try:
            size = max(511, os.fstat(descriptor).st_size)  # a shorter record covers a longer one
            if _parse_seq(os.pread(descriptor, size, 0)) < seq:
                record = json.dumps({"seq": seq, "key": key}).ljust(size)
                os.pwrite(descriptor, record.encode(), 0)
        finally:
            fcntl.flock(descriptor, fcntl.LOCK_UN)

    def read_mark(self) -> tuple[str, int] | None:
        match _read_json(self.folder / "mark"):
            case {"key": str(key), "seq": int(seq)}:
                return key, seq
            case _:
                return None

    def close(self) -> None:
        if self._mark is not None:
            os.close(self._mark)
            self._mark = None

    def _open_mark(self) -> int:
        if self._mark is None:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW
            self._mark = os.open(self.folder / "mark", flags, 0o600)
        return self._mark

    def _forget_mark(self) -> None:
        descriptor = self._open_mark()
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        try:
            os.ftruncate(descriptor, 0)
        finally:
            fcntl.flock(descriptor, fcntl.LOCK_UN)


async def is_lost(
    database: Database, outside: Outside, branches: tuple[Branch, ...], made: str | None = None
) -> bool:
    """Whether a write that this machine made in the current branch has no row (the row that was
    written just now does not count) and was not forgotten."""
    seen, marked = outside.read_seen(), outside.read_mark()
    if seen is None or marked is None or seen.branch != branches[-1].id:
        return False
    key, seq = marked
    if seq <= branches[-1].floor:
        return False
    rows = await database.fetch(MARKED, (key,))
    return not rows or rows[0][0] < seq or key == made


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None


def _parse_seq(record: bytes) -> int:
    try:
        found: Any = json.loads(record)
    except ValueError:
        return 0
    match found:
        case {"seq": int(seq)}:
            return seq
        case _:
            return 0
