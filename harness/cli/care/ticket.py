"""`harness care ticket`: problems, and what becomes of them."""

from __future__ import annotations

import time
from argparse import Namespace
from collections.abc import Sequence
from typing import TYPE_CHECKING

from harness.care.contracts import TicketFields, describe_fields
from harness.care.query_views import QueryAnswer
from harness.care.states import OPEN_STATES, SETTLES
from harness.care.ticket_views import (
    CommentBody,
    OpenTicketBody,
    PinBody,
    TicketActBody,
    TicketChangeBody,
    TicketDetail,
    TicketMove,
    TicketNote,
    TicketView,
)
from harness.care.tickets.rows import SETTLED, TicketFilter
from harness.cli.access.shown import print_table
from harness.cli.care.body import make_body
from harness.cli.care.invariant import describe_age
from harness.cli.care.query import print_answer
from harness.cli.context import open_backend
from harness.cli.history.time_filter import parse_duration
from harness.cli.out import Out
from harness.cli.parser import UsageError
from harness.contracts.clean_text import clean_line, clean_text
from harness.terminal import exit_codes
from harness.terminal.backend import Backend

if TYPE_CHECKING:
    from harness.config.logins import Server

HEADS = ("TICKET", "STATE", "PRIORITY", "FOR", "SUBJECT", "SEEN", "ASSIGNEE", "TITLE")
NEEDS = {
    "show": ("ID",), "open": ("SUBJECT", "TITLE"), "work": ("ID",), "resolve": ("ID",),
    "close": ("ID",), "comment": ("ID", "TEXT"), "pin": ("ID", "QUERY"),
    "priority": ("ID", "PRIORITY"), "assign": ("ID", "WHO"), "link": ("ID", "TICKET"),
    "unlink": ("ID", "TICKET"), "undo": ("ID",),
}  # fmt: skip
FIELDS = {"priority": "priority", "assign": "assignee", "link": "link", "unlink": "unlink"}
"""What an action changes."""
RELATED = {"person": "as a person says", "commit": "same commit", "time": "at the same time"}
LISTED, MOST_LISTED = 50, 500


async def run_ticket(args: Namespace, out: Out) -> int:
    words: list[str] = args.words
    needs = NEEDS.get(args.action, ())
    if args.action != "list" and len(words) != len(needs):
        raise UsageError(
            f"`harness care ticket {args.action}` needs {' '.join(needs)}.", "Quote texts."
        )
    if args.action == "list" and args.limit is not None and args.limit < 1:
        raise UsageError("--limit must be at least 1.", "Give a larger number.")
    async with open_backend(args, out) as backend:
        if args.action == "list":
            await _list(backend, args, words, out)
        elif args.action == "show":
            _print_detail(await backend.care.show_ticket(words[0]), out, args.server)
        elif args.action == "comment":
            comment = make_body(CommentBody, {"text": words[1]}, "care ticket")
            note = await backend.care.comment(words[0], comment)
            _say(out, note, "Noted.")
        elif args.action == "pin":
            print_note(await backend.care.pin(words[0], _read_pin(args, words[1])), out)
        elif args.action == "undo":
            undone = await backend.care.undo_ticket(words[0])
            changes = sum(each.state == "undone" for each in undone.changes)
            _say(out, undone, f"{undone.id}: {changes} of {len(undone.changes)} changes undone.")
        elif args.action in FIELDS:
            value = "" if words[1] == "nobody" and args.action == "assign" else words[1]
            body = make_body(TicketChangeBody, {FIELDS[args.action]: value}, "care ticket")
            changed = await backend.care.change_ticket(words[0], body)
            what = describe_fields(TicketFields(**body.model_dump()))
            _say(out, changed, f"{changed.id}: {what}.")
        else:
            await _act_and_say(backend, args, words, out)
    return exit_codes.DONE


async def _act_and_say(backend: Backend, args: Namespace, words: Sequence[str], out: Out) -> None:
    if args.action == "open":
        fields = {"subject": words[0], "title": words[1], "work": args.work}
        ticket = await backend.care.open_ticket(make_body(OpenTicketBody, fields, "care ticket"))
    else:
        act = {"action": args.action, "why": args.why or ""}
        body = make_body(TicketActBody, act, "care ticket")
        before = await backend.care.show_ticket(words[0])
        ticket = await backend.care.act_on_ticket(words[0], body)
        if ticket.changed == before.changed and SETTLES.get(body.action) == before.state:
            _say_repetition(before, ticket, args, out)
            return
    hint = f"To follow it: harness care ticket show {ticket.id}"
    _say(out, ticket, f"{ticket.id} is {ticket.state}. {hint}")
    if ticket.state in SETTLED:
        await _warn_of_return(backend, ticket, out)


def _say_repetition(before: TicketDetail, ticket: TicketView, args: Namespace, out: Out) -> None:
    _say(out, ticket, _describe_repetition(before))
    if args.why:
        hint = f"harness care ticket comment {ticket.id} TEXT"
        out.note(f"Your reason is not noted, since nothing was changed. To note it: {hint}")


def _describe_repetition(ticket: TicketDetail) -> str:
    """Who has brought a ticket into its state, and when."""
    move = next((each for each in reversed(ticket.moves) if each.fields is None), None)
    if move is None or move.state != ticket.state:
        return f"It is already {ticket.state}."
    return f"It is already {move.state}, by {clean_line(move.by)} at {_moment(move.at)}."


async def _warn_of_return(backend: Backend, ticket: TicketView, out: Out) -> None:
    """Say that a settled ticket will open again, if its invariant does not hold."""
    known = await backend.care.list_invariants(ticket.subject)
    mine = next((each for each in known if each.name == ticket.invariant), None)
    if mine is not None and mine.state == "broken" and not mine.silenced:
        out.note(
            f"{mine.name} is still broken, so the ticket opens again. To prevent that: "
            f"harness care silence {ticket.subject} {mine.name} --for 2h --reason TEXT"
        )


def _read_pin(args: Namespace, query: str) -> PinBody:
    since = args.since and parse_duration("--since", args.since).total_seconds()
    source = "logs" if args.logs else "metrics"
    fields = {"query": query, "source": source, "seconds": since, "text": args.why or ""}
    return make_body(PinBody, fields, "care ticket", {"text": "--why"})


async def _list(backend: Backend, args: Namespace, words: Sequence[str], out: Out) -> None:
    """Print tickets, page after page until there are as many as asked for."""
    states = (args.state,) if args.state else None if args.all else OPEN_STATES
    assignee = "" if args.assignee == "nobody" else args.assignee
    which = TicketFilter(
        subject=words[0] if words else None, states=states, assignee=assignee,
        priority=args.priority,
    )  # fmt: skip
    left = LISTED if args.limit is None else args.limit
    found, cursor = list[TicketView](), None
    while left > 0:
        page = await backend.care.list_tickets(which, min(left, MOST_LISTED), cursor)
        found += page.tickets
        left, cursor = left - len(page.tickets), page.next
        if cursor is None:
            break
    _print_list(found, out)
    if cursor is not None:
        out.note(f"There are more. To see them: --limit {2 * len(found)}")


def _print_list(found: Sequence[TicketView], out: Out) -> None:
    if out.json:
        for each in found:
            out.line(each.model_dump(exclude_none=True))
    elif found:
        rows = [
            (each.id, each.state, each.priority, describe_age(each.changed), each.subject,
             str(each.count), clean_line(each.assignee or ""), clean_line(each.title)[:80])
            for each in found
        ]  # fmt: skip
        print_table(out, HEADS, rows)
    else:
        out.note("No tickets.")


def _print_detail(ticket: TicketDetail, out: Out, server: Server | None) -> None:
    if out.json:
        out.line(ticket.model_dump(exclude_none=True))
        return
    out.raw(f"{ticket.id}  {ticket.state}  {ticket.subject}  {ticket.severity}")
    out.raw(clean_line(ticket.title))
    times = "once" if ticket.count == 1 else f"{ticket.count} times"
    out.raw(f"seen {times}, opened {describe_age(ticket.opened)} ago")
    of = f", of {clean_line(ticket.assignee)}" if ticket.assignee else ""
    out.raw(f"{ticket.priority} priority{of}")
    for move in ticket.moves:
        print_move(move, out)
    for note in ticket.notes:
        print_note(note, out)
    for change in ticket.changes:
        commit = f" of {change.commit[:12]}" if change.commit else ""
        out.raw(f"  {change.kind}{commit}: {change.state}: {clean_line(change.summary)}")
        if change.message:
            out.raw(f"    {clean_line(change.message)}")
    for other in ticket.related:
        title = clean_line(other.title)[:80]
        out.raw(f"  related ({RELATED[other.why]}): {other.id}  {other.state}  {title}")
    if ticket.run is not None:
        out.raw(f"the agent's run: harness show {ticket.run}")
    if server is not None:
        out.raw(f"page: {server.url}/panels/care/care?ticket=care.{ticket.id}")
    if ticket.state == "proposed":
        out.raw(f"to decide: harness approve {ticket.run}   or: harness reject {ticket.run}")


def print_move(move: TicketMove, out: Out) -> None:
    if out.json:
        out.line(move.model_dump(exclude_none=True))
        return
    out.raw(f"  {_clock(move.at)}  {move.state:<13}  {clean_line(move.why)}  ({move.by})")


def print_note(note: TicketNote, out: Out) -> None:
    if out.json:
        out.line(note.model_dump(exclude_none=True))
        return
    out.raw(f"  {_clock(note.at)}  {note.kind} by {note.by}: {clean_line(note.text)}")
    if note.kind == "pin":
        answer = QueryAnswer.model_validate(note.evidence)
        out.raw(f"    {clean_line(answer.query)}")
        print_answer(answer, out, indent="    ")
        if answer.more:
            out.raw(f"    {answer.more} more {'lines' if answer.lines else 'curves'} are not kept")
        return
    for key, value in (note.evidence or {}).items():
        lines = clean_text(str(value or "")).splitlines()
        if len(lines) == 1:
            out.raw(f"    {key}: {lines[0]}")
        elif lines:
            out.raw(f"    {key}:")
            for line in lines:
                out.raw(f"      {line}")


def _moment(at: float) -> str:
    """The time alone if it is today's."""
    is_today = time.localtime(at)[:3] == time.localtime()[:3]
    return _clock(at) if is_today else time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(at))


def _clock(at: float) -> str:
    return time.strftime("%H:%M:%S", time.localtime(at))


def _say(out: Out, made: TicketView | TicketNote, text: str) -> None:
    if out.json:
        out.line(made.model_dump(exclude_none=True))
    else:
        out.raw(text)
