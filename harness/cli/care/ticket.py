"""`harness care ticket`: problems, and what becomes of them."""

from __future__ import annotations

import time
from argparse import Namespace
from collections.abc import Sequence
from typing import cast

from harness.care.contracts import Action
from harness.care.views import (
    CommentBody,
    OpenTicketBody,
    TicketActBody,
    TicketDetail,
    TicketMove,
    TicketNote,
    TicketView,
)
from harness.cli.access.shown import print_table
from harness.cli.care.invariant import describe_age
from harness.cli.context import open_backend
from harness.cli.out import Out
from harness.cli.parser import UsageError
from harness.contracts.clean_text import clean_line, clean_text
from harness.terminal import exit_codes
from harness.terminal.backend import Backend

HEADS = ("TICKET", "STATE", "FOR", "SUBJECT", "SEEN", "TITLE")
NEEDS = {
    "show": ("ID",), "open": ("SUBJECT", "TITLE"), "work": ("ID",), "resolve": ("ID",),
    "close": ("ID",), "comment": ("ID", "TEXT"),
}  # fmt: skip


async def run_ticket(args: Namespace, out: Out) -> int:
    words: list[str] = args.words
    needs = NEEDS.get(args.action, ())
    if args.action != "list" and len(words) != len(needs):
        raise UsageError(
            f"`harness care ticket {args.action}` needs {' '.join(needs)}.", "Quote texts."
        )
    async with open_backend(args, out) as backend:
        if args.action == "list":
            found = await backend.care.list_tickets(
                words[0] if words else None, all_states=args.all
            )
            _print_list(found, out)
        elif args.action == "show":
            _print_detail(await backend.care.show_ticket(words[0]), out)
        elif args.action == "comment":
            note = await backend.care.comment(words[0], CommentBody(text=words[1]))
            _say(out, note, "Noted.")
        else:
            ticket = await _act(backend, args, words)
            hint = f"To follow it: harness care ticket show {ticket.id}"
            _say(out, ticket, f"{ticket.id} is {ticket.state}. {hint}")
    return exit_codes.DONE


async def _act(backend: Backend, args: Namespace, words: Sequence[str]) -> TicketView:
    if args.action == "open":
        body = OpenTicketBody(subject=words[0], title=words[1][:300], work=args.work)
        return await backend.care.open_ticket(body)
    act = TicketActBody(action=cast("Action", args.action), why=args.why or "")
    return await backend.care.act_on_ticket(words[0], act)


def _print_list(found: Sequence[TicketView], out: Out) -> None:
    if out.json:
        for each in found:
            out.line(each.model_dump(exclude_none=True))
    elif found:
        rows = [
            (each.id, each.state, describe_age(each.changed), each.subject, str(each.count),
             clean_line(each.title)[:80])
            for each in found
        ]  # fmt: skip
        print_table(out, HEADS, rows)
    else:
        out.note("No open tickets.")


def _print_detail(ticket: TicketDetail, out: Out) -> None:
    if out.json:
        out.line(ticket.model_dump(exclude_none=True))
        return
    out.raw(f"{ticket.id}  {ticket.state}  {ticket.subject}  {ticket.severity}")
    out.raw(clean_line(ticket.title))
    out.raw(f"seen {ticket.count} times, opened {describe_age(ticket.opened)} ago")
    for move in ticket.moves:
        print_move(move, out)
    for note in ticket.notes:
        print_note(note, out)
    for change in ticket.changes:
        commit = f" of {change.commit[:12]}" if change.commit else ""
        out.raw(f"  {change.kind}{commit}: {change.state}: {clean_line(change.summary)}")
        if change.message:
            out.raw(f"    {clean_line(change.message)}")
    if ticket.run is not None:
        out.raw(f"the agent's run: harness show {ticket.run}")
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
    for key, value in (note.evidence or {}).items():
        lines = clean_text(str(value or "")).splitlines()
        if len(lines) == 1:
            out.raw(f"    {key}: {lines[0]}")
        elif lines:
            out.raw(f"    {key}:")
            for line in lines:
                out.raw(f"      {line}")


def _clock(at: float) -> str:
    return time.strftime("%H:%M:%S", time.localtime(at))


def _say(out: Out, made: TicketView | TicketNote, text: str) -> None:
    if out.json:
        out.line(made.model_dump(exclude_none=True))
    else:
        out.raw(text)
