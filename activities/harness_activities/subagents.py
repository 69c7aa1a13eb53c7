"""Runs below a run: prepare one for a tool call, and wait for one in a fresh history."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from temporalio import activity

from harness.contracts.awaited import AwaitChild, AwaitedChild
from harness.contracts.errors import HarnessError, RunForged, RunNotFound
from harness.contracts.event import RunEnded
from harness.contracts.message import Message, Taint
from harness.contracts.run import RunEnd, RunSpec, Totals
from harness.contracts.subagent import AWAIT_CHILD, ChildEnd, ChildStart
from harness.contracts.tool import RunTool
from harness.engine.connection import Connection
from harness.gates.provenance import holds_untrusted
from harness.history import live, reader
from harness.journal.payloads import read_first
from harness.memory.trust import has_read_others
from harness.store import Transcripts
from harness.subagents.prepare import check_spec, prepare_child
from harness_activities.entries import read_start_entry
from harness_activities.heartbeats import sending_heartbeats
from harness_activities.parts import Activity, AgentParts, ProcessParts
from harness_activities.transcripts import load_before_call
from harness_activities.unfit import leaving_to_others

WAIT_S = 300.0
"""How long one attempt waits for a child."""


def make_activities(parts: AgentParts) -> list[Activity]:
    """The activities of runs below a run, for the queue of an agent."""
    return [ChildActivities(parts.process.connection).await_child]


async def start_child(parts: ProcessParts, request: RunTool, prompt: str) -> ChildStart:
    """Prepare the run that the running tool call starts. The guard has admitted the caller."""
    info, connection = activity.info(), parts.connection
    run = info.workflow_id or ""
    entry = await read_start_entry(connection, run, info.workflow_run_id or "")
    above = await check_spec(connection, run, read_first(RunSpec, entry.input))
    origin = request.origin or info.workflow_run_id or ""
    taint = find_taint(await load_before_call(parts.transcripts, request))
    return await prepare_child(connection, run, origin, above, request, prompt, taint)


def find_taint(messages: Sequence[Message] | None) -> Taint | None:
    """Say what a model had read that wrote after these messages. None: they cannot be found."""
    if messages is None or holds_untrusted(messages):
        return "untrusted"
    return "others" if has_read_others(messages) else None


async def has_read_untrusted(transcripts: Transcripts, ended: ChildEnd) -> bool:
    """Whether a child has read untrusted content, which its answer or its error may repeat."""
    if ended.head is None:
        return bool(ended.output)
    try:
        return holds_untrusted(await transcripts.load(ended.head))
    except HarnessError:
        return True


@dataclass(frozen=True)
class ChildActivities:
    connection: Connection

    @activity.defn(name=AWAIT_CHILD)
    async def await_child(self, request: AwaitChild) -> AwaitedChild:
        """Wait for the end of a child of the calling run."""
        with sending_heartbeats(), leaving_to_others():
            await self._check_child(request.run)
            try:
                async with asyncio.timeout(WAIT_S):
                    return AwaitedChild(end=await self._read_end(request.run))
            except TimeoutError:
                return AwaitedChild()

    async def _check_child(self, child: str) -> None:
        spec = await reader.read_spec(self.connection, child)
        spec = await check_spec(self.connection, child, spec)
        if spec.called_by is None or spec.called_by.run != activity.info().workflow_id:
            raise RunForged(f"{child!r} was not started by the run that waits for it.")

    async def _read_end(self, child: str) -> RunEnd:
        completed = await live.wait_for_completion(self.connection.temporal, child)
        if completed is not None:
            return completed
        async for event in reader.read_events(self.connection, child):
            if isinstance(event, RunEnded):
                return RunEnd(
                    state=event.state, output=event.output, head=event.head, reason=event.reason,
                    error=event.error, totals=event.totals or Totals(),
                )  # fmt: skip
        raise RunNotFound(f"Temporal has no run {child!r}.")
