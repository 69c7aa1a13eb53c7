"""Cards of runs, kept between reads: complete for ended runs, resumable for open ones.

A kept card is used only for the version of the run that it was computed from, so it is never older
than what Temporal answered to the same request.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass
from functools import partial
from weakref import WeakValueDictionary

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.history.v1 import HistoryEvent
from temporalio.api.workflowservice.v1 import GetWorkflowExecutionHistoryReverseRequest

from harness.contracts.errors.run import not_a_run
from harness.contracts.event import Branched, RunStarted
from harness.contracts.provenance import AgentSummary
from harness.engine.connection import Connection
from harness.engine.payload_codec import decode_entry
from harness.engine.retry import ask_patiently
from harness.history import live, reader
from harness.history.observed_run import ObservedRun, Version, observe_run
from harness.history.pinned_agent import read_agent
from harness.journal import Projector
from harness.journal.card import Card, CardFold, extend_card

KEPT_BYTES = 64 * 1024 * 1024
"""Estimated memory of all kept cards."""
BASE_BYTES = 8 * 1024
FACTOR = 4
"""Memory of a card or a projector's input, as a multiple of its JSON."""
PAGE = 200
FAR = 1000
"""With this many new entries, reading the run from its start is about as cheap."""


@dataclass(frozen=True)
class KeptCard:
    """A card, computed from all events of one version."""

    version: Version
    card: Card
    projector: Projector | None
    """Of the newest execution, while it is open. Whoever goes on with it owns it."""
    bytes: int


class CardFolds:
    """The cards that a process keeps, within a limit."""

    def __init__(self, connection: Connection, limit: int = KEPT_BYTES) -> None:
        self._connection = connection
        self._limit = limit
        self._kept: OrderedDict[str, KeptCard] = OrderedDict()
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._bytes = 0
        self._cleared = 0
        self.hits = 0
        self.extended = 0
        self.read = 0

    def __len__(self) -> int:
        return len(self._kept)

    def clear(self) -> None:
        """Drop everything, also what is being read now."""
        self._kept.clear()
        self._bytes = 0
        self._cleared += 1

    async def read_card(self, run: str, observed: ObservedRun) -> Card:
        """The card of a run as it was just observed, or newer; with the agent that it pinned.

        Raises:
            RunNotFound: It is not a run of an agent.
        """
        if (kept := self._find(run, observed)) is not None:
            return kept.card
        lock = self._locks.setdefault(run, asyncio.Lock())
        async with lock:
            # Another reader may have gone on meanwhile, even further than this one knows of.
            if self._kept.get(run) is not None:
                observed = await observe_run(self._connection, run)
                if (kept := self._find(run, observed)) is not None:
                    return kept.card
            return await self._compute(run, observed)

    def _find(self, run: str, observed: ObservedRun) -> KeptCard | None:
        kept = self._kept.get(run)
        if kept is None or kept.version != observed.version:
            return None
        self.hits += 1
        self._kept.move_to_end(run)
        return kept

    async def _compute(self, run: str, observed: ObservedRun) -> Card:
        kept, cleared = self._drop(run), self._cleared
        found = await self._extend(run, kept, observed) if kept else None
        if found is None:
            self.read += 1
            found = await self._fold(run, observed)
        else:
            self.extended += 1
        whole = found.version == observed.version and found.card.spec is not None
        if whole and cleared == self._cleared:
            self._keep(run, found)
        return found.card

    async def _fold(self, run: str, observed: ObservedRun) -> KeptCard:
        """Read all of the run."""
        fold, reached = CardFold(), live.Reached()
        async for event in reader.read_events(self._connection, run, wait=False, reached=reached):
            fold.add(event)
        if fold.card is None:
            raise not_a_run(run)
        spec: AgentSummary | None = await read_agent(self._connection, run)
        card = fold.card.model_copy(update={"spec": spec})
        version, projector = observed.version, reached.projector
        if projector is None:  # sealed
            same = observed.described is None
        else:
            same = (projector.run_id, reached.entry) == (version.run_id, version.entries)
        if not same:  # it grew while it was read
            version, projector = version._replace(entries=-1), None
        return _weigh(version, card, None if card.state.over else projector)

    async def _extend(self, run: str, kept: KeptCard, observed: ObservedRun) -> KeptCard | None:
        """Go on from a kept card; None if that does not lead to what was observed."""
        version, projector, card = observed.version, kept.projector, kept.card
        new = version.entries - kept.version.entries
        if projector is None or version.run_id != kept.version.run_id or not 0 <= new <= FAR:
            return None
        entries = await _read_newest(self._connection, run, kept.version.entries, version)
        if [each.event_id for each in entries] != list(
            range(kept.version.entries + 1, version.entries + 1)
        ):
            return None
        for entry in entries:
            for event in projector.feed(entry):
                if isinstance(event, Branched | RunStarted):
                    return None
                card = extend_card(card, event)
        return _weigh(version, card, None if card.state.over else projector)

    def _keep(self, run: str, kept: KeptCard) -> None:
        self._drop(run)
        self._kept[run] = kept
        self._bytes += kept.bytes
        while self._bytes > self._limit:
            self._drop(next(iter(self._kept)))

    def _drop(self, run: str) -> KeptCard | None:
        kept = self._kept.pop(run, None)
        if kept is not None:
            self._bytes -= kept.bytes
        return kept


async def _read_newest(
    connection: Connection, run: str, after: int, version: Version
) -> list[HistoryEvent]:
    """Read the entries of an execution after number `after`, up to those that the version has."""
    client, found, token = connection.temporal, list[HistoryEvent](), b""
    while version.entries > after:
        request = GetWorkflowExecutionHistoryReverseRequest(
            namespace=client.namespace,
            execution=WorkflowExecution(workflow_id=run, run_id=version.run_id),
            maximum_page_size=min(PAGE, version.entries - after),
            next_page_token=token,
        )
        ask = partial(client.workflow_service.get_workflow_execution_history_reverse, request)
        page = await ask_patiently(run, ask)
        found += page.history.events
        token = page.next_page_token
        if not token or not page.history.events or found[-1].event_id <= after + 1:
            break
    wanted = [each for each in reversed(found) if after < each.event_id <= version.entries]
    return [await decode_entry(client.data_converter, each) for each in wanted]


def _weigh(version: Version, card: Card, projector: Projector | None) -> KeptCard:
    open_inputs = projector.scheduled.values() if projector else ()
    size = len(card.wire()) + sum(len(each.input.wire()) for each in open_inputs)
    return KeptCard(version, card, projector, BASE_BYTES + FACTOR * size)
