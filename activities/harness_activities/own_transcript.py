"""Decide which transcript nodes a run's steps may name: what it started from, and what its own
steps have written.

Whoever answers for a run's workflow could name the node of any other run, and have a worker read
it. The index of answers tells who has written a node, under a MAC of the project's signing key.
"""

from __future__ import annotations

from collections.abc import Iterable

from temporalio import activity

from harness.contracts.errors import RunNotFound, TranscriptMissing
from harness.contracts.memory_work import LearnMemories
from harness.contracts.model import CallModel, CompactContext
from harness.contracts.run import RunSpec
from harness.contracts.tool import RunTool
from harness.contracts.transcript import SaveTranscript
from harness.engine.connection import Connection
from harness.journal.payloads import read_first
from harness.store import Transcripts
from harness.store.permits import is_bound, is_spec_signed, sign_member
from harness_activities.entries import read_start_entry


def named_heads(request: object) -> tuple[str, ...]:
    """The transcript nodes that a request has a worker read, or build on."""
    heads: tuple[str | None, ...] = ()
    if isinstance(request, CallModel | CompactContext | SaveTranscript):
        heads = (request.head,)
    elif isinstance(request, LearnMemories):
        heads = (request.head, request.since)
    elif isinstance(request, RunTool):
        heads = (request.handed,)
    return tuple(head for head in heads if head is not None)


class OwnTranscript:
    def __init__(self, connection: Connection, transcripts: Transcripts) -> None:
        self._connection = connection
        self._transcripts = transcripts

    async def check(self, origin: str, heads: Iterable[str]) -> None:
        """Raise TranscriptMissing for a node that is not of the calling run, whose chain of
        executions began with `origin`. An honest run can name such a node too, if its worker died
        before it was written and another run has written the same: it sends the messages again."""
        info = activity.info()
        run, run_id = info.workflow_id or "", info.workflow_run_id or ""
        for head in heads:
            if self._transcripts.is_known_of(run_id, head):
                continue
            if not await self._is_own(run, run_id, origin, head):
                raise TranscriptMissing(
                    f"Transcript node {head[:80]} is not in the transcript of run {run!r}."
                )
            self._transcripts.note_of(run_id, head)

    async def _is_own(self, run: str, run_id: str, origin: str, head: str) -> bool:
        writers = await self._transcripts.find_writers(head)
        for writer in (run_id, origin):
            if writer in writers:
                return await self._transcripts.has_written(writer, head)
        if head == await self._read_base(run, run_id):
            return True
        for writer in writers:
            if await self._is_member(run, origin, writer):
                return await self._transcripts.has_written(writer, head)
        return False

    async def _is_member(self, run: str, origin: str, run_id: str) -> bool:
        """Whether an execution is one of the run's. Temporal deletes old ones, so those that a
        worker has served are recorded."""
        signer = await self._connection.signing.get_signer()
        if await is_bound(self._connection.database, sign_member(signer, run, run_id)):
            return True
        try:
            entry = await read_start_entry(self._connection, run, run_id)
        except RunNotFound:
            return False
        return entry.first_execution_run_id == origin

    async def _read_base(self, run: str, run_id: str) -> str | None:
        """The node that the run was started from, as its permit proves."""
        entry = await read_start_entry(self._connection, run, run_id)
        spec = read_first(RunSpec, entry.input)
        signer = await self._connection.signing.get_signer()
        return spec.head if spec is not None and is_spec_signed(signer, run, spec) else None
