"""Whether sealed runs are what they were when they were sealed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from temporalio.api.history.v1 import HistoryEvent

from harness.contracts.errors import (
    Forgotten,
    HarnessError,
    InvalidExport,
    RunError,
    RunNotFound,
    StoreError,
)
from harness.contracts.seal import CONTENT, SealedExecution, SealEntry
from harness.engine.connection import Connection
from harness.history import live
from harness.history.reader import open_seals, shown_execution
from harness.history.recording import Recording
from harness.journal.seal import (
    MARK_BYTES,
    Chain,
    Damage,
    damage_of,
    first_change,
    hash_of,
    read_entry,
    unpack_content,
)
from harness.store.seals import SealRow

GONE = "its content is missing, and no deletion signed by this project is recorded"
Progress = Callable[[int], None]


@dataclass(frozen=True)
class Problem:
    what: str
    seq: int | None = None
    """Number of the seal."""
    run: str | None = None

    def __str__(self) -> str:
        of = f" of run {self.run!r}" if self.run else ""
        return f"Seal {self.seq}{of}: {self.what}" if self.seq is not None else self.what


@dataclass
class Report:
    """What was looked at, and what is wrong."""

    seals: int = 0
    checked: int = 0
    """Seals whose content was read and is what was sealed."""
    deleted: int = 0
    forgotten: int = 0
    newer: int = 0
    """Made by a newer version: only their place in the chain was checked."""
    head: str | None = None
    """The hash of the last entry: keep it elsewhere, and the end of the chain cannot be cut off
    unnoticed."""
    problems: list[Problem] = field(default_factory=list[Problem])


@dataclass(frozen=True)
class Verified:
    """One run against its seal."""

    run: str
    token: str
    entry: SealEntry
    gone: str | None
    """`deleted` or `forgotten`, where its content is."""
    engine: bool
    """Whether the engine has it still, and was compared."""
    problems: tuple[Problem, ...]


async def verify_all(
    connection: Connection,
    *,
    token: str | None = None,
    engine: bool = False,
    progress: Progress = lambda _: None,
) -> Report:
    """The whole chain, and the content of every seal. `token`: one of its entries must have this
    hash."""
    store, chain, report = open_seals(connection), Chain(), Report()
    taken, told = dict[int, SealRow](), dict[int, str]()
    found = token is None
    async for row in store.all():
        wrong = [*chain.check_next(row.seq, row.hash, row.entry)]
        found = found or row.hash == token
        entry = None if wrong else _entry(row, wrong, report)
        if entry is not None and entry.kind in CONTENT:
            report.seals += 1
            if row.content is None:
                taken[row.seq] = row
            else:
                wrong += await _content(connection, row, entry, report, engine=engine)
        elif entry is not None and store.is_proven(entry):
            told |= dict.fromkeys(entry.seals, entry.kind)
        report.problems += [Problem(what, row.seq, row.run) for what in wrong]
        progress(row.seq)
    for seq, row in taken.items():
        kind = told.get(seq)
        report.deleted += kind == "deleted"
        report.forgotten += kind == "forgotten"
        if kind is None:
            report.problems.append(Problem(GONE, seq, row.run))
    if not found:
        report.problems.append(Problem(f"no seal of this archive has the token {token}"))
    report.head = chain.hash or None
    return report


async def verify_run(connection: Connection, run: str, token: str | None = None) -> Verified:
    """One run against the seal that has this token, or its newest one, and against the engine
    where that has the run still."""
    rows = await open_seals(connection).of_run(run, connection.endpoints.namespace)
    rows = [row for row in rows if row.kind != "part"]
    if not rows:
        await live.newest_execution(connection.temporal, run)  # not found, where it is unknown
        raise RunNotFound(
            f"Run {run!r} has not been sealed yet.",
            fix=f"Once it has ended: harness archive seal {run}",
        )
    row = next((each for each in rows if token in (None, each.hash)), None)
    problems: list[str] = []
    if row is None:
        row = rows[0]
        problems.append(f"its token is {row.hash}, not {token}")
    entry, report = read_entry(row.entry), Report()
    if hash_of(row.entry) != row.hash:
        problems.append("its entry was changed: it does not match its hash")
    problems += _columns(row, entry)
    gone, compared = None, False
    if row.content is None:
        gone, wrong = await _taken(connection, row)
        problems += wrong
    elif not problems:
        problems += await _content(connection, row, entry, report)
        if not problems:
            compared, differs = await _engine(connection, row)
            problems += differs
    return Verified(
        run, row.hash, entry, gone, compared, tuple(Problem(p, row.seq, run) for p in problems)
    )


def verify_recording(recording: Recording, token: str | None = None) -> tuple[str, list[Problem]]:
    """An export against the seal that it brings along, without any store. Returns the token of that
    seal, which is what must be known from elsewhere."""
    proof, run = recording.proof, recording.run
    if proof is None:
        raise InvalidExport(
            f"The export of run {run!r} holds no seal: it was exported before it was sealed.",
            fix=f"harness archive seal {run}, then export it again.",
        )
    entry, found = read_entry(proof.entry), hash_of(proof.entry)
    problems = [] if token in (None, found) else [f"its token is {found}, not {token}"]
    if entry.run != run:
        problems.append(f"its seal is of run {entry.run!r}")
    problems += map(str, _changes(recording, entry))
    return found, [Problem(what, entry.seq, run) for what in problems]


# --- inside


def _changes(recording: Recording, entry: SealEntry) -> Iterable[Damage]:
    proof = recording.proof
    by_id = {each.run_id: each for each in recording.executions}
    for sealed in entry.executions:
        execution = by_id.pop(sealed.run_id, None)
        if execution is None:
            yield Damage(sealed.run_id, 1, "is gone")
        elif proof is not None:
            shown = SealedExecution(
                run_id=sealed.run_id, events=sealed.events, last=sealed.readable or sealed.last
            )
            text = proof.marks.get(sealed.run_id, b"")
            marks = [text[at : at + MARK_BYTES] for at in range(0, len(text), MARK_BYTES)]
            raw = shown_execution(execution)
            if damage := first_change(proof.key, recording.run, raw, shown, marks):
                yield damage
    for run_id in by_id:
        yield Damage(run_id, 1, "was added after the run was sealed")


def _entry(row: SealRow, wrong: list[str], report: Report) -> SealEntry | None:
    try:
        entry = read_entry(row.entry)
    except RunError:
        report.newer += 1
        return None
    except StoreError as error:
        wrong.append(error.message)
        return None
    wrong += _columns(row, entry)
    return None if wrong else entry


def _columns(row: SealRow, entry: SealEntry) -> list[str]:
    told = (entry.seq, entry.kind, entry.namespace, entry.run, tuple(entry.run_ids))
    stands = (row.seq, row.kind, row.namespace, row.run, row.run_ids)
    return [] if told == stands else ["its row says something else than its entry"]


async def _taken(connection: Connection, row: SealRow) -> tuple[str | None, list[str]]:
    """What became of content that is gone, as an entry says that follows from this seal's."""
    stone = await open_seals(connection).tombstone(row.run, row.seq)
    if stone is None:
        return None, [GONE]
    chain = Chain(row.seq, row.hash)
    async for each in open_seals(connection).all(row.seq):
        if wrong := chain.check_next(each.seq, each.hash, each.entry):
            what = f"{GONE}: the chain is broken at seal {each.seq}: {wrong[0]}"
            return None, [what]
        if each.seq == stone.seq:
            break
    return stone.kind, []


async def _content(
    connection: Connection, row: SealRow, entry: SealEntry, report: Report, *, engine: bool = False
) -> list[str]:
    try:
        key = await open_seals(connection).key(row)
        if key is None:
            return ["the key of its commitments is missing"]
        data = await connection.stores.artifacts.stored(row.content or "")
    except Forgotten:
        report.forgotten += 1
        return []
    except StoreError as error:
        if error.retryable:
            raise
        return [error.message]
    try:
        damage = damage_of(data, key, entry)
    except HarnessError as error:
        return [error.message]
    if damage is not None:
        return [str(damage)]
    report.checked += 1
    return (await _engine(connection, row))[1] if engine else []


async def _engine(connection: Connection, row: SealRow) -> tuple[bool, list[str]]:
    """Whether the engine has any of it still, and what is different there."""
    content = unpack_content(await connection.stores.artifacts.stored(row.content or ""))
    compared = False
    for raw in content.executions:
        try:
            entries = [
                each
                async for each in live.read_raw_entries(connection.temporal, row.run, raw.run_id)
            ]
        except RunNotFound:
            continue
        compared = True
        there = [each.SerializeToString(deterministic=True) for each in entries]
        here = [_again(each) for each in raw.events]
        if there != here:
            pairs = enumerate(zip(here, there, strict=False), 1)
            place = next((n for n, (a, b) in pairs if a != b), min(len(here), len(there)) + 1)
            what = "is another one in the engine than was sealed"
            return True, [str(Damage(raw.run_id, place, what))]
    return compared, []


def _again(event: bytes) -> bytes:
    """In the order of this version's protobuf."""
    return HistoryEvent.FromString(event).SerializeToString(deterministic=True)
