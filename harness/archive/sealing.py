"""Make the seal of a run: its bytes, the commitments to them, and its index."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace

from harness.commons.log import get_logger, hide_if_discreet
from harness.contracts.attempt import Attempt
from harness.contracts.effect import UNDO, undone_run
from harness.contracts.errors import RunError, StoreError
from harness.contracts.event import RunEnded, RunStarted
from harness.contracts.run import WORKFLOW, RunSpec
from harness.contracts.seal import Origin, SealedExecution, SealEntry
from harness.engine.connection import Connection, get_identity
from harness.history.executions import ExecutionChain
from harness.history.reader import decode_execution, read_content, shown_execution
from harness.journal import VERSION, Execution, project_chain
from harness.journal.payloads import read_first, to_seconds
from harness.journal.seal import Content, RawExecution, commit_content, last_of, pack_content
from harness.store.attempts import attempts_of
from harness.store.seals import NewSeal, SealIndex, SealRow
from harness.version import __version__

MEDIA_TYPE = "application/vnd.harness.seal"

log = get_logger(__name__)


async def draft_seal(
    connection: Connection,
    walked: ExecutionChain,
    *,
    origin: Origin | None = None,
    attempts: Sequence[Attempt] | None = None,
) -> NewSeal:
    """Make a seal without its place in the chain, and store its content."""
    run, raw = walked.run, walked.executions
    key = secrets.token_bytes(32)
    plain: Sequence[Execution] = ()
    try:
        plain = [await decode_execution(connection, each) for each in raw]
    except (StoreError, ValueError) as error:  # its bytes are sealed anyway
        log.warning(
            "sealing a run that cannot be read", run=run, error=hide_if_discreet(str(error))
        )
    ids = {each.run_id for each in raw}
    if attempts is None:
        attempts = await attempts_of(connection.database, run, connection.vault)
    told = tuple(each.wire() for each in attempts if each.run_id in ids)
    data = await asyncio.to_thread(pack_content, Content(run, raw, told), key)
    content = await connection.stores.artifacts.put(data, media_type=MEDIA_TYPE, run=run)
    entry = SealEntry(
        seq=0, prev="", kind=walked.kind, run=run,
        namespace=connection.endpoints.namespace, at=time.time(), by=get_identity(),
        harness=__version__, projector=VERSION, workflow=walked.workflow,
        executions=tuple(sealed_execution(key, run, each, plain) for each in raw),
        content=commit_content(key, data), origin=origin,
    )  # fmt: skip
    index = index_of(run, walked.workflow, plain)
    return NewSeal(entry, content, key, index)


def sealed_execution(
    key: bytes, run: str, raw: RawExecution, plain: Iterable[Execution]
) -> SealedExecution:
    last = last_of(key, run, raw)
    found = next((each for each in plain if each.run_id == raw.run_id), None)
    shown = last_of(key, run, shown_execution(found)) if found else None
    return SealedExecution(
        run_id=raw.run_id,
        events=len(raw.events),
        last=last,
        readable=None if shown == last else shown,
    )


async def read_index(connection: Connection, row: SealRow) -> SealIndex | None:
    """Extract the index of a stored seal from its content; None if that cannot be read."""
    try:
        content = await read_content(connection, row)
        plain = [await decode_execution(connection, each) for each in content.executions]
    except (RunError, StoreError) as error:
        if error.retryable:
            raise
        log.warning("a seal cannot be read", run=row.run, seal=row.seq, error=error.message)
        return None
    return index_of(row.run, row.read.workflow or WORKFLOW, plain)


def index_of(run: str, workflow: str, plain: Sequence[Execution]) -> SealIndex:
    """Extract what lists show of a run; empty if it cannot be read."""
    if not plain:
        return SealIndex()
    started, ended = plain[0].entries[0], plain[-1].entries[-1]
    times = SealIndex(started=to_seconds(started.event_time), ended=to_seconds(ended.event_time))
    if workflow != WORKFLOW:
        return replace(times, lineage=undone_run(run) if workflow == UNDO else run)
    try:
        events = project_chain(run, plain)
        spec = read_first(RunSpec, started.workflow_execution_started_event_attributes.input)
    except (RunError, ValueError) as error:
        what = "sealing a run that this version cannot read"
        log.warning(what, run=run, error=hide_if_discreet(str(error)))
        return times
    begin = next((each for each in events if isinstance(each, RunStarted)), None)
    end = next((each for each in reversed(events) if isinstance(each, RunEnded)), None)
    totals = end.totals if end else None
    return replace(
        times,
        agent=begin.agent if begin else None,
        state=end.state.value if end else None,
        model=begin.model if begin else None,
        session=begin.session if begin else None,
        lineage=(spec.lineage if spec else None) or run,
        turns=totals.turns if totals else None,
        tokens=totals.usage.total if totals else None,
        cost_micros=totals.cost_micros if totals else None,
    )
