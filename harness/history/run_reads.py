"""What a process remembers of the runs that it reads, and what its readers share.

Nothing is used without asking first whether it still holds: Temporal, for the state of the run; the
database, whether content was forgotten or a store restored. Readers at the same time share the
question, but no reader gets a result older than its own request.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import Any, NamedTuple

from harness.commons.shared_reads import SharedReads
from harness.contracts.errors import RunNotFound
from harness.contracts.run import RunSpec
from harness.engine.connection import Connection
from harness.engine.retry import run_not_found
from harness.history import reader
from harness.history.card_folds import CardFolds
from harness.history.fork_index import ForkIndex
from harness.history.observed_run import ObservedRun, observe_run
from harness.history.owner import find_owner
from harness.journal.card import Card
from harness.store.content_version import ContentVersion, read_content_version

KEPT_OWNERS = 50_000


class Owned(NamedTuple):
    """A run's owner; None if it has none."""

    origin: str
    owner: str | None


class RunReads:
    """One for each process that answers many reads."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.shared = SharedReads[Any]()
        self.cards = CardFolds(connection)
        self.forks = ForkIndex(connection.temporal)
        self._owners: OrderedDict[str, Owned] = OrderedDict()
        self._version: ContentVersion | None = None

    async def check_owner(self, run: str) -> tuple[str | None, ObservedRun | None]:
        """The owner of a run, as its signed spec has it, and the run as it is now, if that had to
        be asked.

        Raises:
            RunNotFound: No run has this id.
            Forgotten: It was forgotten.
        """
        if run not in self._owners:
            await self._drop_outdated()
            return (await self._read_owner(run)).owner, None
        _, observed = await asyncio.gather(self._drop_outdated(), self.observe(run))
        known = self._owners.get(run)
        if known is None or known.origin != observed.origin:
            return (await self._read_owner(run)).owner, None
        self._owners.move_to_end(run)
        return known.owner, observed

    async def observe(self, run: str) -> ObservedRun:
        """The run as it is now."""
        return await self.shared.read(("run", run), lambda: observe_run(self._connection, run))

    async def read_card(self, run: str, observed: ObservedRun) -> Card:
        """The card of a run that was just observed after `check_owner`, without what Temporal and
        its index say besides the history."""
        return await self.cards.read_card(run, observed)

    async def _drop_outdated(self) -> None:
        namespace, database = self._connection.endpoints.namespace, self._connection.database
        version: ContentVersion = await self.shared.read(
            "version", lambda: read_content_version(database, namespace)
        )
        if version != self._version:
            self._owners.clear()
            self.cards.clear()
            self.forks.clear()
            self._version = version

    async def _read_owner(self, run: str) -> Owned:
        connection, version = self._connection, self._version
        spec: RunSpec | None
        try:
            entry = await reader.read_first_entry(connection, run)
        except RunNotFound:
            origin = (await self.observe(run)).origin
            spec = await reader.read_sealed_spec(connection, run)
        else:
            started = entry.workflow_execution_started_event_attributes
            origin, spec = started.first_execution_run_id, reader.spec_in(entry)
            await reader.check_remembered(connection, run, origin)
        if spec is None:
            raise run_not_found(run)
        owner = find_owner(await connection.signing.get_signer(), run, spec)
        if version == self._version:  # otherwise it was read while content was forgotten
            self._owners[run] = Owned(origin, owner)
            while len(self._owners) > KEPT_OWNERS:
                self._owners.popitem(last=False)
        return Owned(origin, owner)
