"""`harness conversation list` and `show`."""

from __future__ import annotations

import json
import time
from argparse import Namespace
from typing import Any, get_args

from rich.text import Text

from harness.cli.out import Out
from harness.contracts.clean_text import clean_line
from harness.contracts.message import Part
from harness.conversations.contracts import Answering, SessionView, State
from harness.conversations.list_query import Filter
from harness.conversations.rows import StoredMessage, StoredTurn
from harness.terminal import exit_codes
from harness.terminal.backend import Backend
from harness.terminal.view.console import print_indented
from harness.terminal.view.text import format_age, format_call

ALL: tuple[State, ...] = get_args(State)
LIMIT = 20
ARGUMENTS = 200
"""Characters shown of a tool call's arguments."""


async def print_list(backend: Backend, args: Namespace, out: Out) -> int:
    states = ALL if args.state == "all" else (args.state or "active",)
    which = Filter(owner=args.owner, states=states, agent=args.agent, tag=args.tag, text=args.text)
    page = await backend.conversations.list(which, limit=args.limit or LIMIT, after=args.after)
    for each in page.conversations:
        card = each.card
        if out.json:
            out.line({**card.model_dump(mode="json", exclude_none=True), "active": each.active})
            continue
        tags = f"  [{', '.join(card.tags)}]" if card.tags else ""
        state = "" if card.state == "active" else f"  {card.state}"
        age = format_age(time.time() - each.active)
        title = clean_line(card.title or "")
        out.raw(f"{card.id}  {age:>6} ago  {card.agent}{state}  {title}{tags}".rstrip())
    if not page.conversations:
        out.note("No conversation matches. Create one: harness conversation create AGENT")
    _print_next(out, "list", page.next)
    return exit_codes.DONE


async def show(backend: Backend, args: Namespace, out: Out) -> int:
    conversations = backend.conversations
    read = await conversations.read(args.id)
    page = await conversations.messages(args.id, limit=args.limit or LIMIT, after=args.after)
    if out.json:
        data: dict[str, Any] = {
            "card": read.card.model_dump(mode="json", exclude_none=True),
            "session": read.session.model_dump(mode="json", exclude_none=True, exclude={"card"})
            if read.session
            else None,
            "messages": [m.model_dump(mode="json", exclude_none=True) for m in page.messages],
            "turns": [t.model_dump(mode="json", exclude_none=True) for t in page.turns],
            "next": page.next,
        }
        out.line(data)
        return exit_codes.DONE
    card = read.card
    out.console.print(Text(card.title or card.id, style="bold"))
    owner = f", of {card.owner}" if card.owner else ""
    out.console.print(Text(f"{card.id}: {card.state}, answered by {card.agent}{owner}"))
    turns = {turn.number: turn for turn in page.turns}
    for message in page.messages:
        _print_message(out, message, turns.get(message.turn), card.agent)
    if read.session is None:
        out.note("No worker answers, so what waits is not shown. Serve: harness worker FILE.py")
    elif page.next is None:
        _print_open(out, read.session)
    _print_next(out, f"show {card.id}", page.next)
    return exit_codes.DONE


def _print_message(out: Out, message: StoredMessage, turn: StoredTurn | None, agent: str) -> None:
    who = "you" if message.role == "user" else agent
    marks = [message.origin] if message.origin else []
    if turn is not None and message.place == 0:
        marks += ["rolled back"] if turn.dropped else []
        marks += [turn.state.value] if turn.state.value != "completed" else []
        marks += [turn.error.message] if turn.error else []
    note = f" ({', '.join(marks)})" if marks else ""
    where = f"  {message.run}" if message.run else ""
    out.console.print(Text(f"{who}{note}{where}", style="quiet"), soft_wrap=True)
    text = message.text or "\n".join(_describe_part(part) for part in message.parts)
    print_indented(out.console, Text(text), 2)


def _describe_part(part: Part) -> str:
    if part.type != "tool_call":
        return f"[{part.type}]"
    arguments = json.dumps(part.arguments, ensure_ascii=False)
    return clean_line(f"→ {part.name} {arguments[:ARGUMENTS]}")


def _print_open(out: Out, view: SessionView) -> None:
    if view.open is not None:
        _print_answering(out, view.open)
    for place, waiting in enumerate(view.queue, 1):
        out.raw(f"waiting {place}: {waiting.line}  ({waiting.id})")
    for turn in view.turns:
        if turn.run is None and turn.error is not None:
            line = f" ({turn.line})" if turn.line else ""
            out.raw(f"not answered: {turn.message}{line}: {turn.error.message}")


def _print_answering(out: Out, turn: Answering) -> None:
    """The message that is being answered, and what its answer waits for."""
    if turn.parts:
        out.console.print(Text("you", style="quiet"))
        text = turn.text or "\n".join(_describe_part(part) for part in turn.parts)
        print_indented(out.console, Text(text), 2)
    out.raw(f"answering {turn.message}: {turn.run or 'its run is being prepared'}")
    if turn.delay is not None:
        out.raw(f"  no worker could prepare it yet: {turn.delay.message} [{turn.delay.code}]")
        out.note(turn.delay.fix)
    for each in turn.pending or ():
        call = f"{format_call(each.tool, each.arguments or {})}: " if each.tool else ""
        out.raw(f"  waits for a decision: {call}{clean_line(each.question)}")
    if turn.pending:
        out.note(f"Decide: harness approve {turn.run}, or reject")


def _print_next(out: Out, what: str, cursor: str | None) -> None:
    if cursor is None:
        return
    if out.json:
        out.line({"next": cursor})
    else:
        out.note(f"More: harness conversation {what} --after {cursor}")
