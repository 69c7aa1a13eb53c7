"""Forks a run: the new run starts from a node of its transcript.

Earlier messages are referenced, not copied: two look-ups, however long the run is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import GetWorkflowExecutionHistoryRequest

from harness.agent.checks import with_default_turns
from harness.commons.telemetry import current_trace_id, span
from harness.contracts.errors import (
    InvalidAgent,
    RunNotFound,
    TranscriptMissing,
    TurnNotFound,
    UnknownProvider,
)
from harness.contracts.message import Origin, user_message
from harness.contracts.model import split_ref
from harness.contracts.published import PublishedAgent
from harness.contracts.run import Parent, RunSpec
from harness.contracts.whatif import LABEL
from harness.crypto.vault import new_salt
from harness.engine.connection import Connection, get_identity
from harness.history import live
from harness.history.owner import find_owner
from harness.history.recording import Recording, read_history
from harness.journal import Execution
from harness.journal.fork import Point, Rewriting, check_turn, find_point, without_hints
from harness.journal.nodes import rebuild_nodes
from harness.runs.start import launch_run, new_id
from harness.runs.start_request import check_id
from harness.store.transcripts.chain import check_parent, read_node, read_reply
from harness.store.transcripts.copying import put_nodes
from harness.store.transcripts.lookup import find_answer, find_node, has_node, walk_back


@dataclass(frozen=True, kw_only=True)
class Change:
    """What a fork changes."""

    hint: str | None = None
    model: str | None = None
    instructions: str | None = None
    results: Mapping[str, str] = field(default_factory=dict[str, str])
    """Other results for tool calls of kept turns, by call id."""
    version: PublishedAgent | None = None
    """The same agent as it is now: its instructions, tools, model and limits."""


async def start_fork(
    connection: Connection,
    source: str | Recording,
    at: int,
    change: Change,
    *,
    id: str | None = None,
    agent: str | None = None,
    eager: bool = False,
    owner: str | None = None,
    by: str | None = None,
) -> str:
    """Start a run that continues another one after turn `at`; return its id. `agent` names the
    agent that will serve it, if known. The fork belongs to `owner`, or to the owner of the source.
    `by`: who forks, user@host of this process by default."""
    run = source.run if isinstance(source, Recording) else source
    if id is not None:
        check_id(id)
    if owner is not None:
        check_id(owner, "owner")
    with span("fork run", {"run": run}):
        forked = await pin_fork(connection, source, at, change, agent=agent, owner=owner, by=by)
        name = id or new_id(forked.agent)
        await launch_run(connection, forked, name, eager=eager, repeatable=id is not None)
        return name


async def pin_fork(
    connection: Connection,
    source: str | Recording,
    at: int,
    change: Change,
    *,
    agent: str | None = None,
    owner: str | None = None,
    by: str | None = None,
) -> RunSpec:
    """Build the input of a fork."""
    if isinstance(source, Recording):
        await import_content(connection, source)
        run, spec, begin = (
            source.run,
            source.spec,
            await _point_from_history(connection, source, at),
        )
    else:
        run = source
        spec, begin = await _find_point(connection, run, at)
    if agent is not None and agent != spec.agent:
        raise InvalidAgent(
            f"Run {run!r} belongs to agent {spec.agent!r}, not to {agent!r}.",
            fix=f"Name agent {spec.agent!r}, or leave the agent out.",
        )
    forked = await _build_spec(connection, run, at, spec, begin, change)
    if owner is None:  # whoever planted the source must not choose
        owner = find_owner(await connection.signing.get_signer(), run, spec)
    return forked.model_copy(update={"owner": owner, "started_by": by or get_identity()})


async def import_content(connection: Connection, recording: Recording) -> None:
    """Copy everything an exported run references into this store, addressed by content."""
    for content in recording.specs.values():
        await connection.stores.artifacts.put(content, media_type="application/json")
    for blob in recording.artifacts.values():
        await connection.stores.artifacts.put(
            blob.content, media_type=blob.media_type, run=recording.run, salt=blob.salt
        )
    await put_nodes(
        connection.database,
        connection.vault,
        recording.run,
        recording.nodes or rebuild_nodes(recording.events, recording.spec.salt),
    )


async def _find_point(connection: Connection, run: str, at: int) -> tuple[RunSpec, Point]:
    try:
        return await _find_live_point(connection, run, at)
    except RunNotFound:
        pass
    # Temporal has deleted the run or its older histories: the archive has them.
    recording = await read_history(connection, run)
    return recording.spec, await _point_from_history(connection, recording, at)


async def _find_live_point(connection: Connection, run: str, at: int) -> tuple[RunSpec, Point]:
    run_id: str = await live.newest_execution(connection.temporal, run)
    spec, before = await _read_execution(connection, run, run_id)
    check_turn(run, spec, at)
    while before and spec.carry and at < spec.carry.turn:  # the next turn is in an older history
        run_id = before
        spec, before = await _read_execution(connection, run, run_id)
    found = await find_answer(connection.database, run_id, at + 1)
    if found:  # the next turn's node has its messages and its parent
        await read_reply(connection.vault, found.reply, run_id, at + 1, found.call, found.head)
        node = await read_node(connection.vault, found.head, found.body)
        asked = node.messages
        asked = asked[:-1] if asked and asked[-1].role == "assistant" else asked
        return spec, Point(node.parent, without_hints(asked))
    # The last turn, or one from before a reset: only history has it.
    return spec, await _point_from_history(connection, await read_history(connection, run), at)


async def is_whatif(connection: Connection, run: str) -> bool:
    """Whether the run is a fork whose tools did not run."""
    run_id = await live.newest_execution(connection.temporal, run)
    return (await _read_execution(connection, run, run_id))[0].playback is not None


async def _point_from_history(connection: Connection, recording: Recording, at: int) -> Point:
    begin = find_point(recording.run, recording.spec, recording.events, at)
    if begin.head is not None:
        await _ensure_stored(connection, begin.head, recording)
    return begin


async def _read_execution(connection: Connection, run: str, run_id: str) -> tuple[RunSpec, str]:
    """Read from the first entry what an execution was started with and which one it continues."""
    client = connection.temporal
    request = GetWorkflowExecutionHistoryRequest(
        namespace=client.namespace,
        execution=WorkflowExecution(workflow_id=run, run_id=run_id),
        maximum_page_size=1,
    )
    entries = await live.read_page(client, request, run)
    spec = Recording(run, (Execution(run_id, tuple(entries)),)).spec
    started = entries[0].workflow_execution_started_event_attributes
    return spec, started.continued_execution_run_id


async def _ensure_stored(connection: Connection, head: str, recording: Recording) -> None:
    """Rebuild the node from history if it is not stored yet: it is written after its answer."""
    if await has_node(connection.database, head):
        return
    await put_nodes(
        connection.database,
        connection.vault,
        recording.run,
        rebuild_nodes(recording.events, recording.spec.salt),
    )
    if not await has_node(connection.database, head):
        raise TranscriptMissing(
            f"The transcript of run {recording.run!r} is not in this store.",
            fix="Export the run where it was made, and fork the file.",
        )


async def _build_spec(
    connection: Connection, run: str, at: int, spec: RunSpec, begin: Point, change: Change
) -> RunSpec:
    if change.results:
        begin = await _rewrite_results(connection, run, at, begin, change.results)
    messages = begin.messages
    if change.hint:
        messages = (*messages, user_message(change.hint, origin="hint"))
    if not messages:
        raise TurnNotFound(
            f"Turn {at} of {run!r} is a final answer: the model has nothing to reply to.",
            fix="Add a hint, or fork at an earlier turn.",
        )
    whole = await _find_whole(connection, spec, begin.head)
    updates: dict[str, object] = {
        "head": whole or begin.head,
        "messages": messages,
        "parent": Parent(run=run, turn=at),
        "session": None,
        "root": None,
        "called_by": None,
        "above": None,
        "playback": None,
        "labels": {k: v for k, v in (spec.labels or {}).items() if k != LABEL} or None,
        "lineage": spec.lineage or run,
        "salt": new_salt() if connection.vault.encrypts else None,
        "carry": None,
        "trace": current_trace_id(),
    }
    if whole is not None:
        updates["compaction"] = None
    if _has_message(spec, begin, at, "instructions"):
        updates["instructs"] = None
    if _has_message(spec, begin, at, "memories"):
        updates["remembers"] = None
    if change.version is not None:
        updates |= _version_updates(spec, change.version)
        updates["messages"] = tuple(each for each in messages if each.origin != "instructions")
    if change.model:
        updates |= _model_updates(connection, change.model)
    if change.instructions is not None:
        agent = await connection.stores.specs.get(spec.spec)
        other = agent.model_copy(update={"instructions": change.instructions, "dynamic": None})
        updates["instructs"] = None
        updates["spec"] = await connection.stores.specs.put(other)
    return spec.model_copy(update=updates)


async def _find_whole(connection: Connection, spec: RunSpec, head: str | None) -> str | None:
    """Return the head of the whole conversation if the run was compacted at this point. A fork here
    undoes that, and is not compacted either."""
    if spec.compaction is None or head is None:
        return None
    body = await find_node(connection.database, head)
    return None if body is None else (await read_node(connection.vault, head, body)).replaces


def _has_message(spec: RunSpec, begin: Point, at: int, origin: Origin) -> bool:
    """Whether the transcript holds what a worker wrote for the run: instructions or memories. A
    fork keeps them."""
    first = spec.parent.turn if spec.parent else 0
    return at > first or any(each.origin == origin for each in begin.messages)


async def _rewrite_results(
    connection: Connection, run: str, at: int, begin: Point, results: Mapping[str, str]
) -> Point:
    """Replace tool results. Those of the last kept turn are in messages that the model has not seen
    yet; for earlier ones, a second transcript is written from there on."""
    rewriting = Rewriting(results)
    messages = rewriting.edit_messages(begin.messages)
    head = begin.head
    if not rewriting.wanted:
        return Point(head, messages)
    while head is not None and rewriting.wanted:
        rows = await walk_back(connection.database, head)
        if not rows:
            raise TranscriptMissing(f"Transcript node {head} is not in this store.")
        for id, body in rows:
            if head is None or not rewriting.wanted:
                break
            check_parent(head, id)
            node = await read_node(connection.vault, id, body)
            rewriting.take_node(node)
            head = node.parent
    rewriting.check_found(run, at)
    made = rewriting.build_nodes()
    await put_nodes(connection.database, connection.vault, run, made)
    return Point(list(made)[-1], messages)


def _version_updates(spec: RunSpec, version: PublishedAgent) -> dict[str, object]:
    if version.name != spec.agent:
        raise InvalidAgent(
            f"The run belongs to agent {spec.agent!r}, not to {version.name!r}.",
            fix=f"Choose runs of {version.name!r}.",
        )
    return {
        "spec": version.spec, "model": version.models[0], "override": None,
        "model_queue": version.model_queue, "tools": version.tools, "parallel": version.parallel,
        "instructs": version.instructs, "checks": version.checks,
        "asks": True if version.asks else None,
        "budget": with_default_turns(version.budget),
    }  # fmt: skip


def _model_updates(connection: Connection, model: str) -> dict[str, object]:
    provider, name = split_ref(model)
    if not provider or not name:
        raise UnknownProvider(f"{model!r} is not a model name.")
    settings = connection.settings.providers.get(provider)
    return {"model": model, "override": True, "model_queue": settings.queue if settings else None}
