"""Seals: keyed commitments to history bytes, and the chain of entries. Pure.

A commitment is an HMAC under the seal's own key. When key and content are destroyed, the chain
remains valid and reveals nothing of the content.
"""

from __future__ import annotations

import hashlib
import hmac
import struct
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from pydantic import ValidationError

from harness.contracts.base import Word
from harness.contracts.errors import ArchiveChanged, ContentCorrupt, RunTooNew, StoreError
from harness.contracts.seal import ENTRY_VERSION, START, SealedExecution, SealEntry

MAGIC = b"harness seal\n"
VERSION = 1
MARK_BYTES = 8
"""A mark locates a changed event; the full commitment proves the change."""
LENGTH = struct.Struct(">I")
UNPACKED_BYTES = 1024 * 1024 * 1024
"""Far more than any run: Temporal ends a history at 50 MB."""


@dataclass(frozen=True)
class RawExecution:
    """One history as Temporal returned it: payloads neither decrypted nor fetched."""

    run_id: str
    events: tuple[bytes, ...]


@dataclass(frozen=True)
class Content:
    run: str
    executions: tuple[RawExecution, ...]
    telemetry: tuple[bytes, ...] = ()
    """Rows of the attempt log, which are not part of history."""


class _Header(Word):
    version: int
    run: str
    executions: tuple[tuple[str, int], ...]
    telemetry: int = 0


@dataclass(frozen=True)
class Damage:
    """Where content differs from what was sealed."""

    run_id: str | None
    event: int | None
    """The number of the history event, from 1; None: no particular event."""
    what: str

    def __str__(self) -> str:
        where = f"event {self.event} of execution {self.run_id}: " if self.event else ""
        return f"{where}{self.what}"


# --- commitments


def commit_events(key: bytes, run: str, run_id: str, events: Iterable[bytes]) -> Iterator[bytes]:
    """Yield one commitment per event; each covers all events so far."""
    value = hmac.digest(key, f"execution\n{run}\n{run_id}".encode(), hashlib.sha256)
    for event in events:
        value = hmac.digest(key, value + event, hashlib.sha256)
        yield value


def last_of(key: bytes, run: str, execution: RawExecution) -> str:
    value = b""
    for value in commit_events(key, run, execution.run_id, execution.events):  # noqa: B007
        pass
    return value.hex()


def marks_of(key: bytes, run: str, execution: RawExecution) -> list[bytes]:
    chain = commit_events(key, run, execution.run_id, execution.events)
    return [value[:MARK_BYTES] for value in chain]


def commit_content(key: bytes, content: bytes) -> str:
    return hmac.digest(key, b"content\n" + content, hashlib.sha256).hex()


def first_change(
    key: bytes, run: str, execution: RawExecution, sealed: SealedExecution, marks: Sequence[bytes]
) -> Damage | None:
    """Find the first event that differs from what was sealed; None if none does."""
    found = marks_of(key, run, execution)
    marked = len(marks) == sealed.events
    for place, (mark, told) in enumerate(zip(found, marks, strict=False)):
        if marked and mark != told:
            return Damage(execution.run_id, place + 1, "is not what was sealed")
    if len(found) < sealed.events:
        return Damage(execution.run_id, len(found) + 1, f"is gone: {sealed.events} were sealed")
    if len(found) > sealed.events:
        return Damage(execution.run_id, sealed.events + 1, "was added after the run was sealed")
    if last_of(key, run, execution) != sealed.last:
        what = f"the events of execution {execution.run_id} are not those that were sealed"
        return Damage(execution.run_id, None, what)
    return None


# --- content


def pack_content(content: Content, key: bytes) -> bytes:
    """Pack content. Marks precede the compressed part, so they can locate damage in it."""
    header = _Header(
        version=VERSION,
        run=content.run,
        executions=tuple((each.run_id, len(each.events)) for each in content.executions),
        telemetry=len(content.telemetry),
    ).wire()
    marks = [mark for each in content.executions for mark in marks_of(key, content.run, each)]
    frames = [event for each in content.executions for event in each.events]
    body = b"".join(LENGTH.pack(len(each)) + each for each in [*frames, *content.telemetry])
    return b"".join((MAGIC, LENGTH.pack(len(header)), header, *marks, zlib.compress(body)))


def unpack_content(data: bytes) -> Content:
    header, _, rest = _read_header(data)
    stream = zlib.decompressobj()
    try:
        body = stream.decompress(rest, UNPACKED_BYTES)
    except zlib.error as error:
        raise _corrupt_error(str(error)) from None
    if not stream.eof:
        over = len(body) >= UNPACKED_BYTES
        raise _corrupt_error(
            f"it unpacks to over {UNPACKED_BYTES:,} bytes" if over else "it is cut off"
        )
    frames = list(_split_frames(body))
    want = sum(count for _, count in header.executions) + header.telemetry
    if len(frames) != want or sum(map(len, frames)) + LENGTH.size * want != len(body):
        raise _corrupt_error(f"it has {len(frames)} of {want} parts")
    return _build_content(header, frames)


def damage_of(data: bytes, key: bytes, entry: SealEntry) -> Damage | None:
    """Find what was changed in sealed content, as precisely as possible; None if nothing was."""
    if entry.content is not None and hmac.compare_digest(commit_content(key, data), entry.content):
        return None
    try:
        header, marks, rest = _read_header(data)
    except StoreError as error:
        return Damage(None, None, error.message)
    content = _build_content(header, list(_split_frames(_readable_part(rest))))
    if content.run != entry.run:
        return Damage(None, None, f"it holds run {content.run!r}")
    by_id = {each.run_id: each for each in content.executions}
    at = 0
    for sealed in entry.executions:
        told = marks[at : at + sealed.events]
        at += sealed.events
        execution = by_id.get(sealed.run_id)
        if execution is None:
            return Damage(sealed.run_id, 1, "is gone")
        if (found := first_change(key, entry.run, execution, sealed, told)) is not None:
            return found
    return Damage(None, None, "its events are unchanged, but the other content is not")


def _read_header(data: bytes) -> tuple[_Header, list[bytes], bytes]:
    if not data.startswith(MAGIC):
        raise _corrupt_error("it has no valid header")
    start = len(MAGIC) + LENGTH.size
    try:
        (size,) = LENGTH.unpack(data[len(MAGIC) : start])
        header = _Header.model_validate_json(data[start : start + size])
    except (struct.error, ValidationError) as error:
        raise _corrupt_error(f"its head cannot be read ({type(error).__name__})") from None
    if header.version > VERSION:
        raise RunTooNew(f"Run {header.run!r} was sealed by a newer version.")
    counts = [count for _, count in header.executions]
    if min(counts, default=0) < 0 or header.telemetry < 0 or sum(counts) > len(data) // MARK_BYTES:
        raise _corrupt_error("its head counts more events than it can hold")
    at = start + size
    end = at + MARK_BYTES * sum(counts)
    marks = [data[place : place + MARK_BYTES] for place in range(at, end, MARK_BYTES)]
    return header, marks, data[end:]


def _readable_part(rest: bytes) -> bytes:
    """Decompress up to the damage."""
    stream, found = zlib.decompressobj(), bytearray()
    try:
        for place in range(len(rest)):
            found += stream.decompress(rest[place : place + 1])
            if len(found) > UNPACKED_BYTES:
                break
    except zlib.error:
        pass
    return bytes(found)


def _split_frames(body: bytes) -> Iterator[bytes]:
    """Yield complete frames; stops at an incomplete one."""
    at = 0
    while at + LENGTH.size <= len(body):
        (size,) = LENGTH.unpack_from(body, at)
        end = at + LENGTH.size + size
        if end > len(body):
            return
        yield body[at + LENGTH.size : end]
        at = end


def _build_content(header: _Header, frames: list[bytes]) -> Content:
    executions: list[RawExecution] = []
    at = 0
    for run_id, count in header.executions:
        executions.append(RawExecution(run_id, tuple(frames[at : at + count])))
        at += count
    return Content(header.run, tuple(executions), tuple(frames[at:]))


# --- the chain


def hash_of(entry: bytes) -> str:
    """The hash of an entry; that of a run's newest entry is its replay token."""
    return hashlib.sha256(entry).hexdigest()


def read_entry(entry: bytes) -> SealEntry:
    try:
        read = SealEntry.model_validate_json(entry)
    except ValidationError as error:
        raise ArchiveChanged(
            f"An entry of the archive cannot be read: {error.errors()[0]['msg']}"
        ) from None
    if read.version > ENTRY_VERSION:
        raise RunTooNew(f"Run {read.run!r} was sealed by harness {read.harness}.")
    return read


class Link(Word):
    """The fields that chain an entry, in every version."""

    seq: int
    prev: str

    model_config = {"extra": "ignore"}


class Chain:
    """Checks entries in the order of their numbers, and reports what is wrong with each."""

    def __init__(self, seq: int = 0, hash: str = START) -> None:
        self.seq = seq
        self.hash = hash

    def check_next(self, seq: int, hash: str, entry: bytes) -> list[str]:
        wrong = self._find_problems(seq, hash, entry)
        self.seq, self.hash = seq, hash
        return wrong

    def _find_problems(self, seq: int, hash: str, entry: bytes) -> list[str]:
        if hash_of(entry) != hash:
            return ["its entry was changed: it does not match its hash"]
        try:
            link = Link.model_validate_json(entry)
        except ValidationError:
            return ["its entry cannot be read"]
        if link.seq != seq:
            return [f"it is in the place of seal {link.seq}"]
        if seq != self.seq + 1:
            gone = f"{self.seq + 1} to {seq - 1}" if seq > self.seq + 2 else str(self.seq + 1)
            return [f"the preceding seal {gone} was removed"]
        if link.prev != self.hash:
            return ["it does not follow from the seal before it: one was inserted or replaced"]
        return []


def _corrupt_error(why: str) -> StoreError:
    return ContentCorrupt(f"Sealed content cannot be read: {why}.")
