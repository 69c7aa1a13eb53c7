"""Compare entries with the histories that they come from."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from harness.care.acts import as_stored
from harness.care.audit.calls import Call, list_calls, pair_with_calls
from harness.care.audit.changes import (
    Ends,
    compare_with_ticket,
    describes,
    find_ends,
    is_result,
)
from harness.care.audit.sources import (
    Source,
    Sources,
    find_act,
    find_saved_moves,
    find_spec,
    find_works,
)
from harness.care.audit.store import AuditStore
from harness.care.audit.undos import Undos
from harness.care.audit.views import AuditEntry, Proof
from harness.care.contracts import Move
from harness.care.query_views import QueryAnswer
from harness.care.repair.evidence import describe_evidence
from harness.care.repair.following import AGENT, find_move, find_run
from harness.care.repair.summaries import write_summary
from harness.care.runbooks.runbook import write_runbook
from harness.care.tickets.rows import ChangeRow, Note
from harness.care.tickets.store import TicketStore
from harness.contracts.transcript import address_of

TOOLS = {
    "hypothesis": "note_hypothesis", "evidence": "pin_evidence", "runbook": "propose_runbook",
}  # fmt: skip
COMPARED = 1_000
"""Characters of a result of which nothing else is known."""
LOST = "the rest could not be kept]"
"""How a result ends that was too long, while its whole could not be stored."""
PROPOSING = ("propose_change", "propose_revert")
ANOTHER = "another entry stands for the call of the run"


@dataclass
class Checker:
    """Compares entries, and reads each history once."""

    sources: Sources
    store: AuditStore
    _noting: dict[tuple[str, str], dict[str, Call]] = field(default_factory=dict)
    """The calls that have made the notes of a run on a ticket."""
    _undos: dict[str, Undos] = field(default_factory=dict)
    _moves: dict[tuple[str, str], dict[int, dict[str, Any]]] = field(default_factory=dict)

    async def check(self, entry: AuditEntry) -> Proof:
        """What the source of an entry says of it."""
        source = await self.sources.find(entry.source, entry.execution)
        if source.proof.state not in ("sealed", "unsealed"):
            return source.proof
        kind, _, id = entry.id.partition("/")
        if kind == "move":
            wrong = await self._check_move(entry, source)
        elif kind == "act":
            wrong = await self._check_act(id, source)
        elif kind == "note":
            wrong = await self._check_note(id, entry.ticket or "", source)
            wrong = wrong or await self._check_ticket(entry)
        else:
            wrong = await self._check_change(id, entry, source)
            wrong = wrong or await self._check_ticket(entry)
        if not wrong:
            return source.proof
        return source.proof.model_copy(update={"state": "differs", "what": wrong})

    async def _check_move(self, entry: AuditEntry, source: Source) -> str:
        _, ticket, execution, number = entry.id.split("/")
        row = (await self._read_moves(ticket, execution))[int(number)]
        saved = find_saved_moves(source.executions).get(int(number))
        if saved is None:
            return "the history of the ticket has no such move"
        move = saved[0].move
        told = move.model_dump(exclude={"fields"})
        told["fields"] = move.fields and move.fields.model_dump(exclude_none=True)
        if find_spec(source.executions).subject != entry.subject:
            return "the ticket is about another subject"
        return _list_differences(row, told) or await self._check_cause(move)

    async def _read_moves(self, ticket: str, execution: str) -> dict[int, dict[str, Any]]:
        key = (ticket, execution)
        if key not in self._moves:
            self._moves[key] = await self.store.read_moves(ticket, execution)
        return self._moves[key]

    async def _check_cause(self, move: Move) -> str:
        """Whether the run did what the ticket was told: whoever reaches Temporal can tell it."""
        if move.event is None or move.run is None:
            return ""
        source = await self.sources.find(move.run, None)
        if source.proof.state not in ("sealed", "unsealed"):
            return ""  # the entries of that run say so
        event = next((e for e in source.events if str(e.cursor) == move.event), None)
        said = None if event is None else find_move(event)
        if said is None or (said.state, said.by, said.why) != (move.state, move.by, move.why):
            return "the run did not do what the ticket was told"
        return ""

    async def _check_ticket(self, entry: AuditEntry) -> str:
        """Whether the run worked on this ticket, and the ticket is about this subject."""
        sources = await self._find_histories(entry.ticket or "")
        known = [each for each in sources if each.executions]
        if sources and len(known) < len(sources):
            return ""  # the entries of the ticket say so
        runs = {find_run(work) for each in known for work in find_works(each.executions)}
        subjects = {find_spec(each.executions).subject for each in known}
        if entry.run in runs and entry.subject in subjects:
            return ""
        return "the run did not work on this ticket"

    async def _find_histories(self, ticket: str) -> list[Source]:
        """The histories of a ticket that its moves name."""
        return [
            await self.sources.find(self.sources.prefix + ticket, execution)
            for execution in await self.store.list_executions(ticket)
        ]

    async def _check_act(self, id: str, source: Source) -> str:
        act = find_act(source.executions)
        row = (await self.store.read_acts([id]))[id]
        return _list_differences(row, act.model_dump())

    async def _check_note(self, id: str, ticket: str, source: Source) -> str:
        notes = await self._tickets.list_notes(ticket)
        [note] = [each for each in notes if each.id == id]
        if note.by != AGENT or not any(is_noted_by(c, note) for c in list_calls(source.events)):
            return "the run has no such call"
        key = (ticket, note.run or "")
        if key not in self._noting:
            own = [each for each in notes if each.run == note.run]
            self._noting[key] = pair_with_calls(own, [*list_calls(source.events)], is_noted_by)
        return "" if id in self._noting[key] else ANOTHER

    async def _check_change(self, id: str, entry: AuditEntry, source: Source) -> str:
        [row] = await self._tickets.list_changes(id=id)
        calls = [*list_calls(source.events)]
        asked = [call for call in calls if describes(call, row)]
        if not asked or row.by != AGENT:
            return "the run has no such call"
        if not any(is_result(call, row) for call in asked):
            return f"the run does not say that it was {entry.result}, and what held before"
        rows = await self._tickets.list_changes(run=row.run)
        made = pair_with_calls(rows, calls, lambda c, r: describes(c, r) and is_result(c, r))
        call = made.get(id)
        if call is None:
            return ANOTHER
        if entry.approval != call.decided_by:
            return f"it was approved by {call.decided_by or 'nobody'}"
        histories = await self._find_histories(row.ticket or "")
        ends = find_ends([e for each in histories for e in each.executions], entry.source)
        wrong = compare_with_ticket(row, ends, call)
        return wrong or await self._check_undos(row, ends, entry.source)

    async def _check_undos(self, row: ChangeRow, ends: Ends, run: str) -> str:
        """Whether a change was undone, if its row says so, and was not, if it does not."""
        if row.state not in ("done", "undone"):
            return ""
        if run not in self._undos:
            self._undos[run] = Undos(await self.sources.list_undos(run))
        undos, end = self._undos[run], (ends.told or {}).get(row.id)
        if row.state == "done":
            is_undone = row.kind == "deploy" and undos.has_undone(row.id)
            return "an undo of the run has undone it" if is_undone else ""
        if end is not None and end.state == "undone":
            return ""
        if not undos.sources:
            return "no undo of the run is recorded"
        if undos.is_whole and not undos.has_tried(row.id):
            return "no undo of the run has undone it"
        return ""

    @property
    def _tickets(self) -> TicketStore:
        return TicketStore(self.sources.connection.database)


def is_noted_by(call: Call, note: Note) -> bool:
    """Whether a call of a tool has made exactly this note, at this time."""
    if not call.is_when(note.at):
        return False
    said, evidence = call.arguments, note.evidence or {}
    if call.name == "note_hypothesis" and note.kind == "hypothesis":
        told = {
            "verdict": said.get("verdict"), "for": said.get("evidence_for"),
            "against": said.get("evidence_against"),
        }  # fmt: skip
        return said.get("hypothesis") == note.text and evidence == told
    if call.name in PROPOSING and note.kind == "proposal":
        shown = f"commit {evidence.get('commit')}\n{evidence.get('diff')}"
        is_whole = evidence.keys() == {"commit", "diff"} and said.get("summary") == note.text
        return is_whole and _is_result_of(call, shown)
    if call.name == "pin_evidence" and note.kind == "pin":
        return said.get("text") == note.text and _is_pinned_by(call, evidence)
    if call.name == "propose_runbook" and note.kind == "runbook":
        words = (str(said.get(name, "")) for name in ("title", "invariant", "do", "text"))
        file = {"file": said.get("name"), "content": write_runbook(*words)}
        return said.get("title") == note.text and evidence == file
    return False


def _is_pinned_by(call: Call, evidence: Mapping[str, Any]) -> bool:
    try:
        answer = QueryAnswer.model_validate(evidence)
    except ValidationError:
        return False
    # What the answer has no field for is in no digest.
    known = answer.model_dump(mode="json", exclude_unset=True)
    if call.arguments.get("query") != answer.query or as_stored(evidence) != as_stored(known):
        return False
    # Earlier versions kept no digest.
    whole = (describe_evidence(answer), write_summary(answer))
    return any(_is_result_of(call, each) for each in whole)


def _is_result_of(call: Call, whole: str) -> bool:
    """Whether the result of a call is this text: of long ones, histories keep the address."""
    result = call.result
    if result is None:
        return False
    if result.artifact is not None:
        content = whole.encode(errors="replace")
        return result.artifact == address_of(hashlib.sha256(content).digest())
    is_changed = any(
        each.place == "tool_result" and each.verdict == "change" for each in result.gates or ()
    )
    if is_changed or result.content.endswith(LOST):
        return result.content[:COMPARED] == whole[:COMPARED]
    return result.content == whole


def _list_differences(row: Mapping[str, Any], told: Mapping[str, Any]) -> str:
    wrong = [name for name, value in row.items() if told.get(name) != value]
    return f"the history says something else: {', '.join(wrong)}" if wrong else ""
