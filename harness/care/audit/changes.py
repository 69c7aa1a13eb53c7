"""Compare changes of subjects with the run that made them, and with what the history of its ticket
says of their ends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.care.acts import digest_change
from harness.care.audit.calls import Call
from harness.care.audit.sources import Activity, list_activities
from harness.care.contracts import ChangeEnd, Undone, UndoWork, Work, Worked
from harness.care.repair.following import find_run
from harness.care.tickets.rows import (
    ENDED_BADLY,
    NOT_FINISHED,
    NOT_TAKEN_BACK,
    STUCK_TOO,
    TAKEN_BACK,
    ChangeRow,
)
from harness.contracts.errors import OutsideConfines, TargetChanged, ToolFailed
from harness.journal import Execution

COMPARED = 1_000
"""Characters of a message."""
KINDS = {"deploy_change": "deploy", "restart_subject": "restart"}
"""What the tools that change a subject do to it."""
SAID = (ToolFailed.code, TargetChanged.code, OutsideConfines.code)
"""The errors of a tool that say why a change failed."""
RESULTS: Mapping[str, type[Worked] | type[Undone]] = {
    "work_on_ticket": Worked, "stop_ticket_work": Undone, "undo_ticket_work": Undone,
}  # fmt: skip


@dataclass
class Ends:
    """What the history of a ticket says of how the changes of a run have ended."""

    told: dict[str, ChangeEnd] | None = None
    """By the ids of the changes. None: it does not say, yet or at all."""
    worked: Worked | None = None
    """How the work has ended, if it has."""


def find_ends(executions: Sequence[Execution], run: str) -> Ends:
    """What a ticket's history says of the changes of one run."""
    ends = Ends()
    for each in list_activities(executions):
        if each.name not in RESULTS or each.result is None or _read_run(each) != run:
            continue
        result = RESULTS[each.name].model_validate_json(each.result)
        if isinstance(result, Worked):
            ends.worked = result
        if result.changes is not None:
            ends.told = {**(ends.told or {}), **{change.id: change for change in result.changes}}
    return ends


def _read_run(activity: Activity) -> str:
    if activity.name == "work_on_ticket":
        return find_run(Work.model_validate_json(activity.request))
    return UndoWork.model_validate_json(activity.request).run


def describes(call: Call, row: ChangeRow) -> bool:
    """Whether a call asked for exactly this change, at this time."""
    said = call.arguments
    words = said.get("summary") or said.get("reason")
    told = (KINDS.get(call.name), said.get("subject"), said.get("commit"), words)
    return told == (row.kind, row.subject, row.commit, row.summary) and call.is_when(row.at)


def is_result(call: Call, row: ChangeRow) -> bool:
    """Whether a call ended as its row says. What was done may have been undone later."""
    if row.message and row.state not in ENDED_BADLY:
        return False
    if row.state == "undone" and row.kind == "restart":  # an undo leaves it as it is
        return False
    result = call.result
    if result is None:
        return row.state in ("started", "done", *ENDED_BADLY)
    if result.ok:
        held = call.read_result().get("held")
        is_same = read_change(call) == row.id and held == list(row.held)
        return row.state in ("done", "undone") and is_same
    says_why = result.error is not None and result.error.code in SAID
    if says_why and (state := find_told_state(call)) is not None:
        return row.state == state and row.message[:COMPARED] in result.content
    if says_why and row.state in ENDED_BADLY:
        is_settled = row.message == NOT_FINISHED or row.message.startswith(NOT_TAKEN_BACK)
        return is_settled or row.message[:COMPARED] in result.content
    return row.state in (*ENDED_BADLY, "undone", "started")


def find_told_state(call: Call) -> str | None:
    """How a deploy that failed has ended, if its result says so. None: maybe it has not begun."""
    result = call.result
    if result is None or result.ok or call.name != "deploy_change":
        return None
    if result.content.startswith(TAKEN_BACK):
        return "failed"
    return "stuck" if STUCK_TOO in result.content else None


def read_change(call: Call) -> str | None:
    """The id of the change that a call has made."""
    if call.result is None or not call.result.ok:
        return None
    change = call.read_result().get("change")
    return None if change is None else str(change)


def compare_with_ticket(row: ChangeRow, ends: Ends, call: Call) -> str:
    """What is wrong with a change, as the history of its ticket says how it ended."""
    if ends.told is None:
        is_over = ends.worked is not None and row.state == "started"
        return "the work on the ticket has ended, and nothing is left unfinished" if is_over else ""
    end = ends.told.get(row.id)
    if end is None:  # a run that was reset may go on after the work
        is_named = read_change(call) == row.id
        return "" if is_named else "the history of the ticket has no such change"
    if row.state != end.state and (end.state, row.state) != ("done", "undone"):
        return f"the history of the ticket says that it was {end.state}"
    if digest_change(row) != end.digest:
        return "the history of the ticket says something else of it"
    return ""


def list_lost_changes(
    run: str, calls: Sequence[Call], rows: Sequence[ChangeRow], ends: Ends
) -> list[str]:
    """The changes of a run that histories have, and the list does not have."""
    known = {each.id for each in rows}
    made = {id for call in calls if (id := read_change(call)) is not None}
    told = set[str]() if ends.told is None else set(ends.told)
    lost = [f"change {id} of run {run} is missing" for id in sorted((made | told) - known)]
    if ends.told is not None:
        return lost
    # Histories of earlier versions, and of work that has not ended, only say some of it.
    count = sum(find_told_state(call) is not None for call in calls)
    failed = sum(each.state in ENDED_BADLY for each in rows)
    if failed < count:
        lost.append(f"{count - failed} of {count} changes of run {run} that failed are missing")
    worked = ends.worked
    if worked is not None and "stuck" in worked.model_fields_set:
        stuck = " ".join(each.message for each in rows if each.state == "stuck")
        if stuck[: len(worked.stuck)] != worked.stuck or bool(stuck) != bool(worked.stuck):
            lost.append(f"changes of run {run} that are stuck are not as the ticket was told")
    return lost
