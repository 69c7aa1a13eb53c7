"""The epoch of a store: notice that the database or the engine went back in time.

Three places keep a small record of how far the store has come: the database, the engine, and this
machine, outside of what a backup of the project holds. Where one of them knows more than another,
something was put back, and a write without a row in the ledger may have been made all the same.
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
"""Which of the two is older than what has happened. An older database no longer knows of writes
that were made; beside an older engine the ledger is whole, but the model may answer differently."""

BRANCHES = """
SELECT branch, id::text, generation, confirmed, floor, doubts, extract(epoch FROM since)::float8,
  extract(epoch FROM now() - advanced)::float8,
  server IS NOT DISTINCT FROM pg_postmaster_start_time()
FROM harness.epoch WHERE namespace = %s ORDER BY branch
"""
# An empty store knows nothing of runs that the engine held before it was made.
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
# Rows of the lost future, of this turn or a later one: the run came so far, with other calls.
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
    """How far the engine, or this machine, has seen the store come."""

    branch: str
    generation: int


@dataclass(frozen=True)
class Verdict:
    doubts: Doubt
    why: str


@dataclass
class Doubts:
    """What a worker's ledger knows of the branches: which runs may have had another future."""

    branches: tuple[Branch, ...] = ()

    @property
    def number(self) -> int:
        return self.branches[-1].number if self.branches else 0

    def about(self, origin: str) -> Doubt | None:
        """Whether a run, by the first of its run ids, was there when something was put back."""
        doubted = [each for each in self.branches if each.doubts is not None]
        if not doubted:
            return None
        started = started_at(origin)
        kinds = {each.doubts for each in doubted if started is None or started < each.since}
        return "database" if "database" in kinds else "engine" if kinds else None


def started_at(run_id: str) -> float | None:
    """When the engine made a run id, in seconds since the epoch; None where the id does not say."""
    try:
        id = uuid.UUID(run_id)
    except ValueError:
        return None
    return (id.int >> 80) / 1000 if id.version == 7 else None


def judge(
    branches: tuple[Branch, ...], engine: Seen | None, outside: Seen | None, *, lost: bool = False
) -> Verdict | None:
    """What was put back, None where all three agree. `lost`: a write that this machine made has no
    row in the database. A record that lags behind by a step which was cut off is no difference:
    the database is written first, and `confirmed` last."""
    now, known = branches[-1], {each.id for each in branches}
    if outside and outside.branch not in known:
        return Verdict("database", "this machine has seen a later branch of the database")
    if engine and engine.branch not in known:
        return Verdict("database", "the engine belongs to another branch of the database")
    same = outside if outside and outside.branch == now.id else None
    if same and same.generation > now.generation:
        return Verdict("database", "this machine has seen a later generation of the database")
    if lost:
        return Verdict("database", "a write that was made from this machine is not in the database")
    if engine is None and max(now.confirmed, same.generation if same else 0) > 0:
        return Verdict("database", "the engine does not know this database")
    level = engine.generation if engine and engine.branch == now.id else 0
    if level > now.generation:
        return Verdict("database", "the engine has seen a later generation of the database")
    if level < max(now.confirmed, same.generation if same else 0):
        return Verdict("engine", "the engine is at an earlier generation than the database")
    return None


def went_back(branches: tuple[Branch, ...], before: Seen, engine: Seen | None) -> bool:
    """Whether the engine has lost what it knew before: a process that has served it meanwhile holds
    runs as they never were."""
    if engine is None:
        return True
    order = {each.id: each.number for each in branches}
    if not {engine.branch, before.branch} <= order.keys():
        return False  # not of this database
    then, now = ((order[each.branch], each.generation) for each in (before, engine))
    return now < then


class Epoch(Protocol):
    """What a worker knows of the store's branches."""

    doubts: Doubts

    async def check(self, made: str | None = None) -> None:
        """Look again whether something was put back. `made`: a row that was written just now, and
        proves nothing."""
        ...

    def mark(self, key: str, seq: int) -> None:
        """A write has begun."""
        ...


class Watch:
    """The epoch as the ledger uses it: looked at again with every new connection, behind which
    another database may have been put."""

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

    async def doubts(self, key: str, run: str, origin: str, turn: int) -> Doubt | None:
        if self._epoch is None:
            return None
        await self._locks.ready()
        await self.has_moved()
        doubt = self._epoch.doubts.about(origin)
        if doubt != "engine":
            return doubt
        # Beside an older engine the ledger is whole: what it does not know was not made, unless the
        # run came further and the model decides differently this time.
        rows = await self._database.fetch(ELSEWHERE, (run, origin, turn, key, self.branch))
        return doubt if rows else None

    async def has_moved(self, made: str | None = None) -> bool:
        """Whether the connection is a new one, and leads to another branch than the last."""
        if self._epoch is None or self._locks.opened == self._checked:
            return False
        before, opened = self.branch, self._locks.opened
        await self._epoch.check(made)
        self._checked = opened
        return self.branch != before


async def read_branches(database: Database, namespace: str) -> tuple[Branch, ...]:
    """The branches of a store beside a namespace; the first one begins here."""
    rows = await database.fetch(BRANCHES, (namespace,))
    if not rows:
        await database.fetch(FIRST, (namespace,))
        rows = await database.fetch(BRANCHES, (namespace,))
    return tuple(Branch(*row) for row in rows)


async def begin_branch(database: Database, doubts: Doubt, namespace: str | None = None) -> None:
    """From now on, what older runs wrote in a lost future is doubted; without a namespace, in all
    of them."""
    await database.fetch(BEGIN_BRANCH, (doubts, namespace, namespace))


async def advance(database: Database, branch: Branch) -> Seen:
    """The next generation of a branch."""
    rows = await database.fetch(ADVANCE, (branch.id,))
    return Seen(*rows[0])


async def confirm(database: Database, seen: Seen) -> None:
    await database.fetch(CONFIRM, (seen.generation, seen.branch))


def key_of_store(branches: tuple[Branch, ...], namespace: str) -> str:
    """The same for all who use this database and namespace, and for each copy of them."""
    return hashlib.sha256(f"{namespace}/{branches[0].id}".encode()).hexdigest()[:16]


def state_home() -> Path:
    """Where this user's programs keep their state: no backup of a project holds it."""
    named = os.environ.get("XDG_STATE_HOME", "")
    base = Path(named) if Path(named).is_absolute() else Path.home() / ".local" / "state"
    return base / "harness" / "stores"


@dataclass
class Outside:
    """What this machine has seen of one store. Where it cannot be kept, it is as if it had seen
    nothing: the engine and the database are still compared. Blocks, but only for microseconds."""

    folder: Path
    _mark: int | None = field(default=None, repr=False)

    def seen(self) -> Seen | None:
        found = _read(self.folder / "seen")
        match found:
            case {"branch": str(branch), "generation": int(generation)}:
                return Seen(branch, generation)
            case _:
                return None

    def keep(self, seen: Seen) -> None:
        """A mark belongs to its branch: the numbers of another one start lower."""
        before = self.seen()
        if before and before.branch != seen.branch:
            self._forget_mark()
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        record = {"branch": seen.branch, "generation": seen.generation}
        write_atomic(self.folder / "seen", json.dumps(record), mode=0o600)

    def mark(self, key: str, seq: int) -> None:
        """Remember the newest write that began. Not flushed to the disk: a machine that loses its
        power may forget the last of them, which is never taken for a restore."""
        descriptor = self._opened()
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        try:
            size = max(511, os.fstat(descriptor).st_size)  # a shorter record covers a longer one
            if _seq(os.pread(descriptor, size, 0)) < seq:
                record = json.dumps({"seq": seq, "key": key}).ljust(size)
                os.pwrite(descriptor, record.encode(), 0)
        finally:
            fcntl.flock(descriptor, fcntl.LOCK_UN)

    def marked(self) -> tuple[str, int] | None:
        match _read(self.folder / "mark"):
            case {"key": str(key), "seq": int(seq)}:
                return key, seq
            case _:
                return None

    def close(self) -> None:
        if self._mark is not None:
            os.close(self._mark)
            self._mark = None

    def _opened(self) -> int:
        if self._mark is None:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW
            self._mark = os.open(self.folder / "mark", flags, 0o600)
        return self._mark

    def _forget_mark(self) -> None:
        descriptor = self._opened()
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        try:
            os.ftruncate(descriptor, 0)
        finally:
            fcntl.flock(descriptor, fcntl.LOCK_UN)


async def is_lost(
    database: Database, outside: Outside, branches: tuple[Branch, ...], made: str | None = None
) -> bool:
    """Whether a write that this machine made in the present branch has no row, or only the one that
    was written just now, and was not forgotten."""
    seen, marked = outside.seen(), outside.marked()
    if seen is None or marked is None or seen.branch != branches[-1].id:
        return False
    key, seq = marked
    if seq <= branches[-1].floor:
        return False
    rows = await database.fetch(MARKED, (key,))
    return not rows or rows[0][0] < seq or key == made


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None


def _seq(record: bytes) -> int:
    try:
        found: Any = json.loads(record)
    except ValueError:
        return 0
    match found:
        case {"seq": int(seq)}:
            return seq
        case _:
            return 0
