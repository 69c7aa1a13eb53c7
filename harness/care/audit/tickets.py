"""Compare the rows of tickets with what the histories of their workflows say."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field

from harness.care.audit.sources import Source, Sources, find_saved_moves, find_spec
from harness.care.audit.store import AuditStore
from harness.care.audit.views import Unlisted
from harness.care.contracts import Move, TicketSpec
from harness.care.tickets.rows import Ticket

NO_HISTORY = (
    "has no history: it was added outside of harness, or its history is lost: Temporal keeps it no "
    "longer, and it is not sealed"
)
NOT_STARTED = (
    "has no history yet: its workflow has not started since it was reported, or it was added "
    "outside of harness"
)
GRACE_S, LOOK_S = 5.0, 0.25
"""How long the starts of tickets that were reported just now are waited for."""
ACT = "act."
"""How what follows the prefix begins in the ids of acts: no ticket has such an id."""


@dataclass
class TicketRecord:
    """What the histories of a ticket say; there is one for each time that it was opened."""

    specs: list[TicketSpec] = field(default_factory=list[TicketSpec])
    moves: list[Move] = field(default_factory=list[Move])
    executions: set[str] = field(default_factory=set[str])
    is_whole: bool = True
    """Whether all histories could be read."""

    def add(self, source: Source, execution: str) -> None:
        """Add one history."""
        self.executions.add(execution)
        if not source.executions:
            self.is_whole = False
            return
        self.specs.append(find_spec(source.executions))
        saved = find_saved_moves(source.executions).values()
        self.moves += [request.move for request, is_saved in saved if is_saved]

    def list_differences(self, row: Ticket) -> Sequence[str]:
        """The fields of the row that are not as its histories say."""
        wrong = list[str]()
        if self.is_whole and self.specs:
            told = [(each.subject, each.invariant) for each in self.specs]
            wrong += [] if (row.subject, row.invariant) in told else ["subject or invariant"]
            # A later report may have another title; the row keeps the one of its first.
            begun = [(each.title, each.by) for each in self.specs]
            wrong += [] if (row.title, row.opened_by) in begun else ["title or opened_by"]
            wrong += [] if list(row.linked) == self._list_linked() else ["linked"]
        return wrong

    def _list_linked(self) -> list[str]:
        linked = list[str]()
        for move in sorted(self.moves, key=lambda each: each.at):
            fields = move.fields
            if fields is None:
                continue
            if fields.link is not None and fields.link not in linked:
                linked.append(fields.link)
            linked = [each for each in linked if each != fields.unlink]
        return linked


async def find_odd_tickets(
    sources: Sources, store: AuditStore, ticket: str | None, records: Mapping[str, TicketRecord]
) -> AsyncIterator[Unlisted]:
    """Tickets whose rows are not as their histories say, and those without a history. `ticket`:
    only this one. `records`: of the histories that were found before the rows are read."""
    deadline = asyncio.get_running_loop().time() + GRACE_S
    for row in await store.list_tickets(ticket):
        record = records.get(row.id)
        what = await (
            _describe_unknown(sources, store, row, deadline)
            if record is None or not record.specs
            else _describe_changes(store, row, record)
        )
        if what:
            yield Unlisted(source=sources.prefix + row.id, what=what)


async def _describe_changes(store: AuditStore, row: Ticket, record: TicketRecord) -> str:
    wrong = record.list_differences(row)
    if not wrong or not record.executions.issuperset(await store.list_executions(row.id)):
        return ""  # what differs may come from a history that is gone
    return f"ticket {row.id} was changed: {', '.join(wrong)}"


async def _describe_unknown(
    sources: Sources, store: AuditStore, row: Ticket, deadline: float
) -> str:
    """What is wrong with a ticket of which no history was read."""
    who = f"ticket {row.id} by {row.opened_by}"
    if not row.id.startswith(ACT):
        proof = (await _wait_for_history(sources, row, deadline)).proof
        if proof.state == "broken":
            return f"{who} has a history that proves nothing: {proof.what}"
        if proof.state != "missing":
            return ""  # it was opened meanwhile, or its deletion is recorded
    is_new = not row.started and row.state == "open" and not row.attempts
    is_new = is_new and not await store.list_executions(row.id)
    return f"{who} {NOT_STARTED if is_new else NO_HISTORY}"


async def _wait_for_history(sources: Sources, row: Ticket, deadline: float) -> Source:
    """The history of a ticket, which may be about to begin."""
    loop, workflow = asyncio.get_running_loop(), sources.prefix + row.id
    source = await sources.find(workflow, None)
    while source.proof.state == "missing" and not row.started and loop.time() < deadline:
        await asyncio.sleep(LOOK_S)
        sources.forget(workflow, None)
        source = await sources.find(workflow, None)
    return source
