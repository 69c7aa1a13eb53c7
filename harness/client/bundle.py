"""Many runs at once: out of the archive into files, and out of files into the archive."""

from __future__ import annotations

import asyncio
import json
import time
import zipfile
import zlib
from collections.abc import AsyncIterator, Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from harness.client.connection import Connection
from harness.client.export import dumps, file_name, loads, read_file
from harness.client.fork import bring
from harness.client.past import read, seals, shown_execution
from harness.client.recording import Recording, record
from harness.client.sealing import draft
from harness.client.verify import verify_recording
from harness.client.walk import Walked
from harness.commons.files import write_atomic
from harness.contracts.errors import ConfigError, HarnessError, RunError, StoreError
from harness.contracts.run import WORKFLOW
from harness.contracts.seal import CONTENT, Origin
from harness.journal.seal import hash_of, read_entry
from harness.store.seals import SealRow

CHAIN = "chain.jsonl"
"""All entries of the archive beside its runs: where each export's seal stood."""


@dataclass(frozen=True)
class Moved:
    """One run, or why it was left out."""

    run: str
    file: str
    seal: SealRow | None = None
    error: HarnessError | None = None


async def export_archive(
    connection: Connection, target: Path, since: float | None = None
) -> AsyncIterator[Moved]:
    """Write every sealed run, as `harness export` writes it, to a folder or into one .zip file."""
    store, lines = seals(connection), list[str]()
    newest: dict[str, SealRow] = {}
    async for row in store.all():
        lines.append(json.dumps({"seq": row.seq, "hash": row.hash, "entry": row.entry.decode()}))
        if row.kind in CONTENT - {"part"} and row.namespace == connection.endpoints.namespace:
            newest[row.run] = row
    with _writing(target) as write:
        for run, row in newest.items():
            entry = row.read
            if entry.workflow != WORKFLOW or row.content is None or (since and entry.at < since):
                continue
            name = file_name(run)
            try:
                text = dumps(await record(connection, run, at=time.time()))
            except HarnessError as error:
                yield Moved(run, name, error=error)
                continue
            await asyncio.to_thread(write, name, text)
            yield Moved(run, name, row)
        write(CHAIN, "".join(f"{line}\n" for line in lines))


async def import_files(connection: Connection, sources: Sequence[Path]) -> AsyncIterator[Moved]:
    """Take exported runs into this archive, each sealed anew. What was damaged is refused, and the
    rest goes on."""
    for source in sources:
        for name, load in _recordings(source):
            try:
                recording = await asyncio.to_thread(load)
                yield Moved(recording.run, name, await _import(connection, recording))
            except HarnessError as error:
                yield Moved("", name, error=error)


async def _import(connection: Connection, recording: Recording) -> SealRow | None:
    """Its seal here; None where it was here already."""
    run, origin = recording.run, None
    recording.spec  # noqa: B018 - that it is a run of an agent
    if recording.proof is not None:
        _, problems = verify_recording(recording)
        if problems:
            raise StoreError("bad_chain", f"Run {run!r} is not as it was sealed: {problems[0]}.")
        entry = read_entry(recording.proof.entry)
        hash = hash_of(recording.proof.entry)
        origin = Origin(hash=hash, seq=entry.seq, namespace=entry.namespace)
    raw = tuple(shown_execution(each) for each in recording.executions)
    if not recording.events or not any(each.type == "run_ended" for each in recording.events):
        raise RunError("busy", f"Run {run!r} had not ended when it was exported.")
    if await _is_here(connection, recording):
        return None
    await bring(connection, recording)
    walked = Walked(run, WORKFLOW, "imported", raw)
    new = await draft(connection, walked, origin=origin, attempts=recording.attempts)
    rows = await seals(connection).append([new])
    return rows[0] if rows else None


async def _is_here(connection: Connection, recording: Recording) -> bool:
    try:
        here = (await read(connection, recording.run)).executions
    except HarnessError as error:
        if error.code in ("run.not_found", "store.artifact_missing"):
            return False
        raise
    same = bool(here) and here[0].run_id == recording.executions[0].run_id
    if not same:
        raise RunError(
            "id_taken",
            f"Another run is called {recording.run!r} here.",
            fix="Import it where there is none.",
        )
    return True


@contextmanager
def _writing(target: Path) -> Generator[Callable[[str, str], None]]:
    """Where files go: a folder, or one .zip that is there when all of it is."""
    try:
        if target.suffix != ".zip":
            target.mkdir(parents=True, exist_ok=True)
            yield lambda name, text: write_atomic(target / name, text)
            return
        part = target.with_name(f".{target.name}.part")
        with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as file:
            yield lambda name, text: file.writestr(name, text)
        part.replace(target)
    except OSError as error:
        raise ConfigError(
            "invalid_value",
            f"{target} cannot be written: {error.strerror}",
            fix="Name a folder or a .zip file.",
        ) from error


def _recordings(source: Path) -> Iterator[tuple[str, Callable[[], Recording]]]:
    """The exports in a folder or .zip, or the one that is named; read when they are called."""
    if source.is_dir():
        for file in sorted(source.glob("*.json")):
            yield str(file), partial(read_file, file)
        return
    if source.suffix != ".zip":
        yield str(source), partial(read_file, source)
        return
    try:
        with zipfile.ZipFile(source) as bundle:
            for name in sorted(bundle.namelist()):
                if name.endswith(".json"):
                    yield f"{source}:{name}", partial(_member, bundle, source, name)
    except (OSError, zipfile.BadZipFile) as error:
        raise StoreError("bad_export", f"{source} cannot be read: {error}.") from error


def _member(bundle: zipfile.ZipFile, source: Path, name: str) -> Recording:
    try:
        text = bundle.read(name).decode()
    except (OSError, ValueError, zipfile.BadZipFile, zlib.error) as error:
        raise StoreError("bad_export", f"{source}:{name} cannot be read: {error}.") from error
    return loads(text, Path(name))
