"""A run with everything it references: `harness export` writes it to a file; trace, replay and
fork read it from Temporal or from a file."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from harness.contracts.attempt import Attempt
from harness.contracts.errors import ArtifactMissing, RunNotFound, TranscriptMissing
from harness.contracts.event import DurableEvent, ModelCalled, ModelReplied, RunEnded
from harness.contracts.message import FileRef, Image, Message, ToolResult
from harness.contracts.run import WORKFLOW, RunSpec
from harness.contracts.transcript import Node
from harness.engine.connection import Connection
from harness.history import reader
from harness.history.reader import shown_execution
from harness.journal import VERSION, Execution, project_chain
from harness.journal.nodes import rebuild_nodes
from harness.journal.payloads import read_first
from harness.journal.seal import marks_of
from harness.store.artifacts import Artifacts
from harness.store.attempts import attempts_of
from harness.store.transcripts.copying import read_nodes
from harness.version import __version__


@dataclass(frozen=True)
class Blob:
    content: bytes
    media_type: str | None = None
    salt: bytes = b""
    """Hashed before the content in its address, if the store encrypts content."""


@dataclass(frozen=True)
class Proof:
    """Proves without a store that a recording matches its seal."""

    entry: bytes
    """Its hash is the replay token."""
    key: bytes
    marks: Mapping[str, bytes]
    """By execution: they locate an event that was changed."""


@dataclass(frozen=True)
class Recording:
    """A run with everything that it names, as `export` writes it and `read_recording` reads it."""

    run: str
    executions: tuple[Execution, ...]
    specs: Mapping[str, bytes] = field(default_factory=dict[str, bytes])
    """Agent specs by their hash."""
    nodes: Mapping[str, bytes] = field(default_factory=dict[str, bytes])
    """Transcript nodes by their address, those of earlier runs of the session included."""
    artifacts: Mapping[str, Blob] = field(default_factory=dict[str, Blob])
    missing: tuple[str, ...] = ()
    """Addresses that the run references and the store does not have."""
    attempts: tuple[Attempt, ...] = ()
    """Failed attempts, from the attempt log: history does not keep them."""
    proof: Proof | None = None
    """None if the run was not sealed."""
    harness: str = __version__
    projector: int = VERSION
    at: float | None = None
    """When it was exported, in seconds since the epoch."""

    @cached_property
    def events(self) -> list[DurableEvent]:
        """Its events, as `trace` returns them."""
        return project_chain(self.run, self.executions)

    @cached_property
    def spec(self) -> RunSpec:
        """The input that the run was started with."""
        for entry in self.executions[0].entries[:1] if self.executions else ():
            started = entry.workflow_execution_started_event_attributes
            if started.workflow_type.name == WORKFLOW and (
                spec := read_first(RunSpec, started.input)
            ):
                return spec
        raise RunNotFound(f"Workflow {self.run!r} is not a run of an agent.")


async def read_history(connection: Connection, run: str) -> Recording:
    """Read the history of a run so far, from Temporal or else from the archive."""
    found = await reader.read_run(connection, run)
    return Recording(run, found.executions, attempts=found.attempts)


async def record_run(connection: Connection, run: str, *, at: float) -> Recording:
    """Read a run with everything it references."""
    known = await read_history(connection, run)
    logged = tuple(await attempts_of(connection.database, run, connection.vault))
    spec, events = known.spec, known.events
    found, lost = await _collect_nodes(connection, spec, events)
    named = {id for each in _list_messages(found, events) for id in _artifacts_of(each)}
    blobs = await asyncio.gather(
        *(_read_blob(connection.stores.artifacts, id) for id in sorted({spec.spec, *named}))
    )
    kept = {id: blob for id, blob in blobs if blob is not None}
    return Recording(
        run=run,
        executions=known.executions,
        specs={id: blob.content for id, blob in kept.items() if id == spec.spec},
        nodes=found,
        artifacts={id: blob for id, blob in kept.items() if id != spec.spec},
        missing=tuple(sorted({*lost, *(id for id, blob in blobs if blob is None)})),
        attempts=logged or known.attempts,
        proof=await _read_proof(connection, known),
        at=at,
    )


async def read_messages(connection: Connection, known: Recording) -> list[Message]:
    """Read the messages of a run so far, and those that it continues from, as far as they are
    stored."""
    found, _ = await _collect_nodes(connection, known.spec, known.events)
    return _list_messages(found, known.events)


def _list_messages(nodes: Mapping[str, bytes], events: Iterable[DurableEvent]) -> list[Message]:
    messages = [each for body in nodes.values() for each in _decode_messages(body)]
    return messages + [each for event in events for each in _sent_messages(event)]


async def _read_proof(connection: Connection, known: Recording) -> Proof | None:
    store = reader.open_seals(connection)
    rows = await store.seals_of_run(known.run, connection.endpoints.namespace)
    ids = tuple(each.run_id for each in known.executions)
    row = next((each for each in rows if each.kind != "part" and each.run_ids == ids), None)
    key = await store.load_key(row) if row else None
    if row is None or key is None:
        return None
    shown = [shown_execution(each) for each in known.executions]
    marks = {each.run_id: b"".join(marks_of(key, known.run, each)) for each in shown}
    return Proof(row.entry, key, marks)


async def _collect_nodes(
    connection: Connection, spec: RunSpec, events: list[DurableEvent]
) -> tuple[dict[str, bytes], list[str]]:
    """Return the nodes found, and the addresses that are missing."""
    found, lost = rebuild_nodes(events, spec.salt), list[str]()
    for head in dict.fromkeys(_transcript_heads(spec, events)):
        at: str | None = head
        while at is not None and at in found:  # nodes that history holds
            at = Node.model_validate_json(found[at]).before
        if at is None or at in lost:
            continue
        try:
            found |= await read_nodes(connection.database, connection.vault, at, found)
        except TranscriptMissing:
            lost.append(at)
    return found, lost


def _transcript_heads(spec: RunSpec, events: Iterable[DurableEvent]) -> Iterator[str]:
    if spec.head:
        yield spec.head
    for event in events:
        head = event.head if isinstance(event, ModelCalled | ModelReplied | RunEnded) else None
        if head:
            yield head


def _decode_messages(body: bytes) -> tuple[Message, ...]:
    node = Node.model_validate_json(body)
    return () if node.replaces else node.messages


def _sent_messages(event: DurableEvent) -> tuple[Message, ...]:
    return event.messages if isinstance(event, ModelCalled) else ()


def _artifacts_of(message: Message) -> Iterator[str]:
    for part in message.parts:
        if isinstance(part, Image | FileRef | ToolResult) and part.artifact:
            yield part.artifact


async def _read_blob(artifacts: Artifacts, id: str) -> tuple[str, Blob | None]:
    try:
        stat = await artifacts.stat(id)
        salt, content = await artifacts.get_with_salt(id)
        return id, Blob(content, stat.media_type, salt)
    except ArtifactMissing:
        return id, None
