"""Compare entries with the histories that they come from."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from harness.care.audit.sources import (
    Source,
    Sources,
    find_act,
    find_saved_moves,
    find_spec,
    find_works,
)
from harness.care.audit.store import AuditStore
from harness.care.audit.views import AuditEntry, Proof
from harness.care.contracts import Move
from harness.care.query_views import QueryAnswer
from harness.care.repair.evidence import describe_evidence
from harness.care.repair.following import AGENT, CHANGES, POLICY, find_move, find_run
from harness.care.repair.summaries import write_summary
from harness.care.runbooks.runbook import write_runbook
from harness.care.tickets.rows import ENDED_BADLY, ChangeRow, Note
from harness.care.tickets.store import TicketStore
from harness.contracts.effect import undo_id
from harness.contracts.errors import OutsideConfines, TargetChanged, ToolFailed
from harness.contracts.event import (
    DecisionMade,
    DurableEvent,
    ToolCallFinished,
    ToolCallRequested,
    ToolCallStarted,
)
from harness.contracts.transcript import address_of

SLACK_S = 5.0
"""Clocks of the database and of Temporal differ."""
TOOLS = {
    "hypothesis": "note_hypothesis", "evidence": "pin_evidence", "runbook": "propose_runbook",
}  # fmt: skip
COMPARED = 1_000
"""Characters of a message, and of a result of which nothing else is known."""
LOST = "the rest could not be kept]"
"""How a result ends that was too long, while its whole could not be stored."""
SAID = (ToolFailed.code, TargetChanged.code, OutsideConfines.code)
"""The errors of a tool that say why a change failed."""
PROPOSING = ("propose_change", "propose_revert")


@dataclass(kw_only=True)
class Call:
    """A call of a tool, as the history of its run has it."""

    name: str
    arguments: Mapping[str, Any]
    begun: float
    result: ToolCallFinished | None = None
    decided_by: str | None = None


@dataclass
class Checker:
    """Compares entries, and reads each history once."""

    sources: Sources
    store: AuditStore
    _notes: dict[str, Sequence[Note]] = field(default_factory=dict)
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
        ticket = entry.ticket or ""
        sources = [
            await self.sources.find(self.sources.prefix + ticket, execution)
            for execution in await self.store.list_executions(ticket)
        ]
        known = [each for each in sources if each.executions]
        if sources and len(known) < len(sources):
            return ""  # the entries of the ticket say so
        runs = {find_run(work) for each in known for work in find_works(each.executions)}
        subjects = {find_spec(each.executions).subject for each in known}
        if entry.run in runs and entry.subject in subjects:
            return ""
        return "the run did not work on this ticket"

    async def _check_act(self, id: str, source: Source) -> str:
        act = find_act(source.executions)
        row = (await self.store.read_acts([id]))[id]
        return _list_differences(row, act.model_dump())

    async def _check_note(self, id: str, ticket: str, source: Source) -> str:
        if ticket not in self._notes:
            self._notes[ticket] = await TicketStore(self.sources.connection.database).list_notes(
                ticket
            )
        note = next(each for each in self._notes[ticket] if each.id == id)
        calls = [call for call in list_calls(source.events) if _is_when(call, note.at)]
        made = any(_is_noted_by(call, note) for call in calls)
        return "" if made and note.by == AGENT else "the run has no such call"

    async def _check_change(self, id: str, entry: AuditEntry, source: Source) -> str:
        [row] = await TicketStore(self.sources.connection.database).list_changes(id=id)
        wanted = {"subject": entry.subject, "commit": entry.commit, "words": entry.why}
        calls = [
            call
            for call in list_calls(source.events)
            if call.name in CHANGES
            and _describe_change(call) == wanted
            and _is_when(call, entry.at)
        ]
        state = row.state
        ended = [call for call in calls if _is_result(call, row)]
        if not calls or row.by != AGENT:
            return "the run has no such call"
        if not ended:
            return f"the run does not say that it was {entry.result}, and what held before"
        if entry.approval != ended[0].decided_by:
            return f"it was approved by {ended[0].decided_by or 'nobody'}"
        if state == "undone":
            undo = await self.sources.find(undo_id(entry.source), None)
            if undo.proof.state == "missing":
                return "no undo of the run is recorded"
        return ""


def list_calls(events: Sequence[DurableEvent]) -> Iterator[Call]:
    """The calls of tools of a run, with what was decided about each, and its result."""
    calls = list[Call]()
    newest = dict[str, Call]()  # ids may be used again in a later turn
    for event in events:
        if isinstance(event, ToolCallRequested):
            call = event.call
            made = Call(name=call.name, arguments=_read_arguments(call.arguments), begun=event.at)
            calls.append(made)
            newest[call.id] = made
        elif isinstance(event, ToolCallStarted) and event.call_id in newest:
            newest[event.call_id].arguments = _read_arguments(event.arguments)
        elif isinstance(event, DecisionMade) and event.id in newest and event.verdict != "reject":
            newest[event.id].decided_by = event.by or POLICY
        elif isinstance(event, ToolCallFinished) and event.call_id in newest:
            newest[event.call_id].result = event
    yield from calls


def _read_arguments(given: object) -> Mapping[str, Any]:
    return cast("dict[str, Any]", given) if isinstance(given, dict) else {}


def _describe_change(call: Call) -> dict[str, Any]:
    said = call.arguments
    words = said.get("summary") or said.get("reason")
    return {"subject": said.get("subject"), "commit": said.get("commit"), "words": words}


def _is_when(call: Call, at: float) -> bool:
    until = float("inf") if call.result is None else call.result.at
    return call.begun - SLACK_S <= at <= until + SLACK_S


def _is_result(call: Call, row: ChangeRow) -> bool:
    """Whether a call ended as its row says. What was done may have been undone later."""
    if row.message and row.state not in ENDED_BADLY:
        return False
    result = call.result
    if result is None:
        return row.state in ("started", "done", *ENDED_BADLY)
    if result.ok:
        held = _read_result(call).get("held")
        is_same = read_change(call) == row.id and held == list(row.held)
        return row.state in ("done", "undone") and is_same
    if row.state in ENDED_BADLY and result.error is not None and result.error.code in SAID:
        return row.message[:COMPARED] in result.content
    return row.state in (*ENDED_BADLY, "undone", "started")


def read_change(call: Call) -> str | None:
    """The id of the change that a call has made."""
    if call.result is None or not call.result.ok:
        return None
    change = _read_result(call).get("change")
    return None if change is None else str(change)


def _read_result(call: Call) -> Mapping[str, Any]:
    try:
        return _read_arguments(json.loads("" if call.result is None else call.result.content))
    except ValueError:
        return {}


def _is_noted_by(call: Call, note: Note) -> bool:
    """Whether a call of a tool has made exactly this note."""
    said, evidence = call.arguments, note.evidence or {}
    if call.name == "note_hypothesis":
        told = (said.get("hypothesis"), said.get("verdict"), said.get("evidence_for"))
        noted = (note.text, evidence.get("verdict"), evidence.get("for"))
        against = said.get("evidence_against") == evidence.get("against")
        return told == noted and against
    if call.name in PROPOSING:
        shown = f"commit {evidence.get('commit')}\n{evidence.get('diff')}"
        return said.get("summary") == note.text and _is_result_of(call, shown)
    if call.name == "pin_evidence" and note.kind == "pin":
        answer = QueryAnswer.model_validate(evidence)
        told = (said.get("text"), said.get("query"))
        # Earlier versions kept no digest.
        kept = any(
            _is_result_of(call, w) for w in (describe_evidence(answer), write_summary(answer))
        )
        return told == (note.text, answer.query) and kept
    if call.name == "propose_runbook" and note.kind == "runbook":
        words = (str(said.get(name, "")) for name in ("title", "invariant", "do", "text"))
        file = {"file": said.get("name"), "content": write_runbook(*words)}
        return said.get("title") == note.text and evidence == file
    return False


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
