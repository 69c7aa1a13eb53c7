"""Export the archive to files, and import files into the archive."""

from __future__ import annotations

import asyncio
import json
import os
import time
import zipfile
from collections.abc import AsyncIterator, Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from harness.archive.sealing import draft_seal
from harness.archive.sweep import find_unsealed
from harness.archive.verify import verify_recording
from harness.commons.files import write_atomic
from harness.commons.log import get_logger
from harness.contracts.effect import undone_run
from harness.contracts.errors import (
    ArchiveChanged,
    ArtifactMissing,
    FileNotWritten,
    HarnessError,
    InvalidExport,
    RunBusy,
    RunIdTaken,
    RunNotFound,
)
from harness.contracts.run import WORKFLOW
from harness.contracts.seal import CONTENT, Origin
from harness.engine.connection import Connection
from harness.forks.fork import import_content
from harness.history.bounded import FILE_BYTES, FILES, TOTAL_BYTES, decode_utf8, read_bounded
from harness.history.executions import ExecutionChain
from harness.history.export import dump_recording, file_name, load_recording, read_file
from harness.history.reader import open_seals, read_run, shown_execution
from harness.history.recording import Recording, record_run
from harness.journal.seal import hash_of, read_entry
from harness.store.seals import SealRow

CHAIN = "chain.jsonl"
"""All entries of the archive, beside its runs: the position of each export's seal."""


log = get_logger(__name__)


@dataclass(frozen=True)
class Moved:
    """One exported or imported run, or why it was left out."""

    run: str
    file: str
    seal: SealRow | None = None
    error: HarnessError | None = None
    already: bool = False
    """It already was in this archive."""


async def export_archive(
    connection: Connection, target: Path, since: float | None = None
) -> AsyncIterator[Moved]:
    """Write every sealed run, as `harness export` writes it, to a folder or into one .zip file."""
    store, lines = open_seals(connection), list[str]()
    newest: dict[str, SealRow] = {}
    async for row in store.iterate_chain():
        lines.append(
            json.dumps(
                {"seq": row.seq, "hash": row.hash, "entry": row.entry.decode(errors="replace")}
            )
        )
        if row.kind in CONTENT - {"part"} and row.namespace == connection.endpoints.namespace:
            newest[row.run] = row
    missing = {
        each.run
        async for each in find_unsealed(connection, since)
        if each.run not in newest and undone_run(each.run) == each.run
    }
    with _open_target(target) as write:
        for run, row in newest.items():
            entry = row.read
            if entry.workflow != WORKFLOW or row.content is None or (since and entry.at < since):
                continue
            name = file_name(run)
            try:
                text = dump_recording(await record_run(connection, run, at=time.time()))
            except HarnessError as error:
                yield Moved(run, name, error=error)
                continue
            await asyncio.to_thread(write, name, text)
            yield Moved(run, name, row)
        for run in sorted(missing):
            error = RunBusy(
                f"Run {run!r} is not sealed, so it was not exported.",
                fix="Seal it: harness archive seal",
            )
            yield Moved(run, file_name(run), error=error)
        write(CHAIN, "".join(f"{line}\n" for line in lines))


async def import_files(connection: Connection, sources: Sequence[Path]) -> AsyncIterator[Moved]:
    """Import exported runs into this archive, and seal each again. Damaged ones are refused; the
    others are imported."""
    for source in sources:
        try:
            for name, load in open_recordings(source):
                yield await _import_one(connection, name, load)
        except HarnessError as error:  # unreadable; continue with the next
            yield Moved("", str(source), error=error)


async def _import_one(connection: Connection, name: str, load: Callable[[], Recording]) -> Moved:
    try:
        recording = await asyncio.to_thread(load)
        seal = await _import_recording(connection, recording)
        return Moved(recording.run, name, seal, already=seal is None)
    except HarnessError as error:
        if error.retryable:
            raise
        return Moved("", name, error=error)
    except Exception as error:  # whatever a forged file causes: the others are imported
        log.warning("a file could not be imported", file=name, exc_info=True)
        what = f"{name} cannot be used: {type(error).__name__}."
        return Moved("", name, error=InvalidExport(what))


async def _import_recording(connection: Connection, recording: Recording) -> SealRow | None:
    """Import a recording and seal it; None if it already was here."""
    run, origin = recording.run, None
    recording.spec  # noqa: B018 - that it is a run of an agent
    if recording.proof is not None:
        _, problems = verify_recording(recording)
        if problems:
            raise ArchiveChanged(f"Run {run!r} is not as it was sealed: {problems[0]}.")
        entry = read_entry(recording.proof.entry)
        hash = hash_of(recording.proof.entry)
        origin = Origin(hash=hash, seq=entry.seq, namespace=entry.namespace)
    raw = tuple(shown_execution(each) for each in recording.executions)
    if not recording.events or not any(each.type == "run_ended" for each in recording.events):
        raise RunBusy(f"Run {run!r} had not ended when it was exported.")
    if await _is_here(connection, recording):
        return None
    await import_content(connection, recording)
    walked = ExecutionChain(run, WORKFLOW, "imported", raw)
    new = await draft_seal(connection, walked, origin=origin, attempts=recording.attempts)
    rows = await open_seals(connection).append([new])
    return rows[0] if rows else None


async def _is_here(connection: Connection, recording: Recording) -> bool:
    try:
        here = (await read_run(connection, recording.run)).executions
    except (RunNotFound, ArtifactMissing):
        return False
    same = bool(here) and here[0].run_id == recording.executions[0].run_id
    if not same:
        raise RunIdTaken(
            f"Another run here has the id {recording.run!r}.",
            fix="Import it into another project.",
        )
    return True


@contextmanager
def _open_target(target: Path) -> Generator[Callable[[str, str], None]]:
    """Open a folder, or a .zip that appears once it is complete; yields a function that writes."""
    try:
        if target.suffix != ".zip":
            target.mkdir(parents=True, exist_ok=True)
            yield lambda name, text: write_atomic(target / name, text, mode=0o600)
            return
        part = target.with_name(f".{target.name}.part")
        part.unlink(missing_ok=True)
        raw = os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
        with raw, zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED) as file:
            yield lambda name, text: file.writestr(name, text)
        part.replace(target)
    except OSError as error:
        raise FileNotWritten(
            f"{target} cannot be written: {error.strerror}.",
            fix="Name a folder or a .zip file.",
        ) from error


def open_recordings(source: Path) -> Iterator[tuple[str, Callable[[], Recording]]]:
    """Yield the exports in a folder or .zip, or a single one, with functions that read them."""
    if source.is_dir():
        for file in sorted(source.glob("*.json")):
            yield str(file), partial(read_file, file)
        return
    if source.suffix != ".zip":
        yield str(source), partial(read_file, source)
        return
    try:
        with zipfile.ZipFile(source) as bundle:
            names, budget = bundle.namelist(), _Budget(TOTAL_BYTES)
            if len(names) > FILES:
                raise InvalidExport(f"{source} holds {len(names):,} files; {FILES:,} are accepted.")
            for name in sorted({each for each in names if each.endswith(".json")}):
                yield f"{source}:{name}", partial(_read_member, bundle, source, name, budget)
    except (OSError, ValueError, NotImplementedError, zipfile.BadZipFile) as error:
        why = getattr(error, "strerror", None) or error
        fix = "Correct the path." if isinstance(error, OSError) else None
        raise InvalidExport(f"{source} cannot be read: {why}.", fix=fix) from error


@dataclass
class _Budget:
    """Bytes that a .zip may still unpack to."""

    left: int


def _read_member(bundle: zipfile.ZipFile, source: Path, name: str, budget: _Budget) -> Recording:
    label = f"{source}:{name}"
    try:
        with bundle.open(name) as file:
            data = read_bounded(file, label, min(FILE_BYTES, budget.left))
    except (OSError, ValueError, NotImplementedError, RuntimeError, zipfile.BadZipFile) as error:
        raise InvalidExport(f"{label} cannot be read: {error}.") from error
    budget.left -= len(data)
    return load_recording(decode_utf8(data, label), Path(label))
