"""Compare the rows of tickets with what the histories of their workflows say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from harness.care.audit.sources import Source, find_saved_moves, find_spec
from harness.care.contracts import Move, TicketSpec
from harness.care.tickets.rows import Ticket


@dataclass
class TicketRecord:
    """What the histories of a ticket say; there is one for each time that it was opened."""

    specs: list[TicketSpec] = field(default_factory=list[TicketSpec])
    moves: list[Move] = field(default_factory=list[Move])
    is_whole: bool = True
    """Whether all histories could be read."""

    def add(self, source: Source) -> None:
        """Add one history."""
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
