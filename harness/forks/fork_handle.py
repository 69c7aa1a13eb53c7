"""The forks of a what-if, as a process without agents of its own follows them."""

from __future__ import annotations

from dataclasses import dataclass

from harness.contracts.event import DurableEvent
from harness.contracts.run import RunEnd
from harness.engine.connection import Connection
from harness.engine.served import is_served
from harness.history import reader
from harness.history.follow import Feeds
from harness.runs.end import wait_for_end
from harness.runs.steer import abort_run


@dataclass
class ForkHandle:
    """One fork."""

    connection: Connection
    feeds: Feeds
    id: str
    by: str
    """For whom it is aborted."""

    async def outcome(self) -> RunEnd:
        """Wait for its end."""
        return await wait_for_end(self.connection, self.feeds, self.id)

    async def trace(self) -> list[DurableEvent]:
        """Read its events so far."""
        read = reader.read_events(self.connection, self.id, wait=False)
        return [event async for event in read]

    async def is_served(self) -> bool:
        """Whether a worker answers for it."""
        return await is_served(self.connection.temporal.get_workflow_handle(self.id))

    async def abort(self, reason: str = "aborted") -> None:
        """End it."""
        await abort_run(self.connection, self.id, reason, undo=False, by=self.by)
