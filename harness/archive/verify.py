"""Verify that sealed runs have not changed since they were sealed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from temporalio.api.history.v1 import HistoryEvent

from harness.archive.sealing import read_index
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
SAME_TIME_S = 1e-3
"""Postgres rounds times to microseconds."""
Progress = Callable[[int], None]


@dataclass(frozen=True)
class SealProblem:
    what: str
    seq: int | None = None
    """Number of the seal."""
    run: str | None = None

    def __str__(self) -> str:
        of = f" of run {self.run!r}" if self.run else ""
        return f"Seal {self.seq}{of}: {self.what}" if self.seq is not None else self.what


@dataclass
class Report:
    """What was checked, and the problems found."""

    seals: int = 0
    checked: int = 0
    """Seals whose content was read and has not changed."""
    deleted: int = 0
    forgotten: int = 0
    newer: int = 0
    """Made by a newer version: only their position in the chain was checked."""
    head: str | None = None
    """The hash of the last entry: with a copy elsewhere, the end of the chain cannot be cut off
    unnoticed."""
    problems: list[SealProblem] = field(default_factory=list[SealProblem])


@dataclass(frozen=True)
class Verified:
    """The result of comparing one run with its seal."""

    run: str
    token: str
    entry: SealEntry
    gone: str | None
    """`deleted` or `forgotten`; None if its content exists."""
    engine: bool
    """Whether Temporal still had the run, and was compared."""
    problems: tuple[SealProblem, ...]


async def verify_all(
    connection: Connection,
    *,
    token: str | None = None,
    engine: bool = False,
    progress: Progress = lambda _: None,
) -> Report:
    """Verify the whole chain, and the content of every seal. `token`: the hash that one of the
    entries must have."""
    store, chain, report = open_seals(connection), Chain(), Report()
    taken, told = dict[int, SealRow](), dict[int, str]()
    found = token is None
    async for row in store.iterate_chain():
        wrong = [*chain.check_next(row.seq, row.hash, row.entry)]
        found = found or row.hash == token
        entry = None if wrong else _read_valid_entry(row, wrong, report)
        if entry is not None and entry.kind in CONTENT:
            report.seals += 1
            if row.content is None:
                taken[row.seq] = row
            else:
                wrong += await _check_content(connection, row, entry, report, engine=engine)
        elif entry is not None and store.is_proven(entry):
            told |= dict.fromkeys(entry.seals, entry.kind)
        report.problems += [SealProblem(what, row.seq, row.run) for what in wrong]
        progress(row.seq)
    for seq, row in taken.items():
        kind = told.get(seq)
        report.deleted += kind == "deleted"
        report.forgotten += kind == "forgotten"
        if kind is None:
            report.problems.append(SealProblem(GONE, seq, row.run))
    if not found:
        report.problems.append(SealProblem(f"no seal of this archive has the token {token}"))
    report.head = chain.hash or None
    return report


async def verify_run(connection: Connection, run: str, token: str | None = None) -> Verified:
    """Compare one run with the seal that has this token, or its newest one, and with Temporal if
    it still has the run."""
    rows = await open_seals(connection).seals_of_run(run, connection.endpoints.namespace)
    rows = [row for row in rows if row.kind != "part"]
    if not rows:
        await live.newest_execution(connection.temporal, run)  # raises if it is unknown
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
    problems += _check_columns(row, entry)
    gone, compared = None, False
    if row.content is None:
        gone, wrong = await _explain_missing(connection, row)
        problems += wrong
    elif not problems:
        problems += await _check_content(connection, row, entry, report)
        if not problems:
            compared, differs = await _compare_with_engine(connection, row)
            problems += differs
    return Verified(
        run, row.hash, entry, gone, compared, tuple(SealProblem(p, row.seq, run) for p in problems)
    )


def verify_recording(
    recording: Recording, token: str | None = None
) -> tuple[str, list[SealProblem]]:
    """Compare an export with the seal it includes, without a store. Returns the token of that seal,
    which must be checked against a trusted copy."""
    proof, run = recording.proof, recording.run
    if proof is None:
        raise InvalidExport(
            f"The export of run {run!r} contains no seal: it was exported before it was sealed.",
            fix=f"Run `harness archive seal {run}`, then export it again.",
        )
    entry, found = read_entry(proof.entry), hash_of(proof.entry)
    problems = [] if token in (None, found) else [f"its token is {found}, not {token}"]
    if entry.run != run:
        problems.append(f"its seal is of run {entry.run!r}")
    problems += map(str, _find_changes(recording, entry))
    return found, [SealProblem(what, entry.seq, run) for what in problems]


# --- inside


def _find_changes(recording: Recording, entry: SealEntry) -> Iterable[Damage]:
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


def _read_valid_entry(row: SealRow, wrong: list[str], report: Report) -> SealEntry | None:
    try:
        entry = read_entry(row.entry)
    except RunError:
        report.newer += 1
        return None
    except StoreError as error:
        wrong.append(error.message)
        return None
    wrong += _check_columns(row, entry)
    return None if wrong else entry


def _check_columns(row: SealRow, entry: SealEntry) -> list[str]:
    told = (entry.seq, entry.kind, entry.namespace, entry.run, tuple(entry.run_ids))
    stands = (row.seq, row.kind, row.namespace, row.run, row.run_ids)
    same = told == stands and abs(row.sealed - entry.at) < SAME_TIME_S
    return [] if same else ["its row differs from its entry"]


async def _check_index(connection: Connection, row: SealRow) -> list[str]:
    """Compare the columns that lists are made from with the content. A seal that could not be read
    when it was made has none, until a sweep adds them."""
    told = await open_seals(connection).read_index(row.seq)
    if told.agent is None and told.lineage is None:
        return []
    found = await read_index(connection, row)
    if found is None:
        return []
    wrong = [
        name
        for (name, here), there in zip(vars(told).items(), found.values, strict=True)
        if not _is_same(here, there)
    ]
    return [f"its columns differ from its content: {', '.join(wrong)}"] if wrong else []


def _is_same(here: object, there: object) -> bool:
    if isinstance(here, float) and isinstance(there, float):
        return abs(here - there) < SAME_TIME_S
    return here == there


async def _explain_missing(connection: Connection, row: SealRow) -> tuple[str | None, list[str]]:
    """Explain missing content, by an entry that follows this seal in the chain."""
    stone = await open_seals(connection).find_tombstone(row.run, row.seq)
    if stone is None:
        return None, [GONE]
    chain = Chain(row.seq, row.hash)
    async for each in open_seals(connection).iterate_chain(row.seq):
        if wrong := chain.check_next(each.seq, each.hash, each.entry):
            what = f"{GONE}: the chain is broken at seal {each.seq}: {wrong[0]}"
            return None, [what]
        if each.seq == stone.seq:
            break
    return stone.kind, []


async def _check_content(
    connection: Connection, row: SealRow, entry: SealEntry, report: Report, *, engine: bool = False
) -> list[str]:
    try:
        key = await open_seals(connection).load_key(row)
        if key is None:
            return ["the key of its commitments is missing"]
        data = await connection.stores.artifacts.read_stored(row.content or "")
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
    if wrong := await _check_index(connection, row):
        return wrong
    report.checked += 1
    return (await _compare_with_engine(connection, row))[1] if engine else []


async def _compare_with_engine(connection: Connection, row: SealRow) -> tuple[bool, list[str]]:
    """Compare a seal with Temporal; returns whether Temporal still has any of it, and problems."""
    content = unpack_content(await connection.stores.artifacts.read_stored(row.content or ""))
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
        here = [_reserialize(each) for each in raw.events]
        if there != here:
            pairs = enumerate(zip(here, there, strict=False), 1)
            place = next((n for n, (a, b) in pairs if a != b), min(len(here), len(there)) + 1)
            what = "differs in Temporal from what was sealed"
            return True, [str(Damage(raw.run_id, place, what))]
    return compared, []


def _reserialize(event: bytes) -> bytes:
    """Serialize an event again, in the field order of this version's protobuf."""
    return HistoryEvent.FromString(event).SerializeToString(deterministic=True)
