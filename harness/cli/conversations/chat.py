"""`harness chat`: start or resume a conversation, at a terminal or with one prompt a line."""

from __future__ import annotations

import os
from argparse import Namespace
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.cli.context import open_client, open_daemon
from harness.cli.conversations.chat_lines import chat_by_lines
from harness.cli.conversations.copies import write_export
from harness.cli.out import Out
from harness.cli.parser import UsageError
from harness.cli.runs.agents import choose_agent
from harness.cli.runs.at_daemon import ASSISTANT, choose_published
from harness.cli.runs.attach import CODES, leave_run
from harness.cli.runs.run import check_request, parse_budget, worker_command
from harness.cli.values import check_text
from harness.contracts.errors import ConversationNotFound, HarnessError, InvalidValue
from harness.conversations.checks import check_change
from harness.conversations.contracts import Change
from harness.terminal import exit_codes
from harness.terminal.input.interrupts import count_interrupts
from harness.terminal.input.keyboard import at_terminal

if TYPE_CHECKING:
    from harness.agent import Agent
    from harness.conversations.contracts import Card, TurnOptions
    from harness.sdk.client import HarnessClient
    from harness.terminal.backend import Backend
    from harness.terminal.chat.inbox import ChatInbox
    from harness.terminal.chat.left import Left


async def chat_with_agent(args: Namespace, out: Out) -> int:
    _check_usage(args)
    check_request(args)
    if args.server is not None:
        agent = choose_published(args)
        async with open_daemon(args.server) as backend:
            inbox = await _open_inbox(backend, agent, args, out)
            backend.connection.on_change = lambda text: inbox.report(text)
            return await report_left(await hold_chat(inbox, out, ours=False), out)
    chosen = choose_agent(args.agent)
    async with open_client(out, index=True, page=at_terminal()) as client:
        from harness.cli.stack_backend import StackBackend

        backend = StackBackend(client)
        name = chosen if isinstance(chosen, str) else chosen.name
        inbox = await _open_inbox(backend, name, args, out)
        ours = not isinstance(chosen, str) and chosen.name == inbox.agent
        async with _serving(client, chosen if ours else None, args):
            left = await hold_chat(inbox, out, ours=ours)
        # Our own worker has left: only now does a served run mean that another worker serves it.
        return await report_left(left, out)


@asynccontextmanager
async def _serving(
    client: HarnessClient, agent: Agent[Any, Any] | str | None, args: Namespace
) -> AsyncGenerator[None]:
    """Serve the agent and the conversations in this process; a published one has its workers."""
    if agent is None or isinstance(agent, str):
        yield
        return
    from harness.sdk.local import host_agents

    async with host_agents(client.connection, capabilities_after=0) as harness:
        if args.workspace:
            harness.allow_workspace(Path(args.workspace))
        await harness.serve(agent)
        yield


async def _open_inbox(backend: Backend, agent: str, args: Namespace, out: Out) -> ChatInbox:
    """The conversation that the command means; a new one is created by its first message."""
    from harness.terminal.chat.inbox import ChatInbox

    card = await _find_card(backend, agent, args)
    if card is not None and args.agent and card.agent != agent:
        raise InvalidValue(
            f"Conversation {card.id!r} is answered by {card.agent}, not by {agent}.",
            fix="Omit --agent, or start another conversation: with another --session, or with "
            "--title.",
        )
    return ChatInbox(
        backend, card.agent if card else agent, out.note, card=card, id=args.session,
        title=args.title, model=args.model, options=_read_options(args),
        serve=_name_commands(agent, args.agent),
    )  # fmt: skip


def _name_commands(agent: str, chosen: str | None) -> dict[str, str]:
    """The commands that serve the agents whose code this process knows."""
    commands = {ASSISTANT: worker_command(None)}
    if chosen is not None:
        commands[agent] = worker_command(chosen)
    return commands


async def _find_card(backend: Backend, agent: str, args: Namespace) -> Card | None:
    from harness.terminal.chat.names import find_conversation, find_newest

    if args.name is not None:
        return await find_conversation(backend, args.name)
    if getattr(args, "continue"):
        return await find_newest(backend, agent if args.agent else None)
    if args.session is not None:
        try:
            return (await backend.conversations.read(args.session)).card
        except ConversationNotFound:
            return None
    return None


def _read_options(args: Namespace) -> TurnOptions | None:
    from harness.conversations.contracts import TurnOptions

    folder = str(Path(args.workspace).resolve()) if args.workspace else None
    found = TurnOptions(model=args.model, budget=parse_budget(args), workspace=folder)
    return None if found == TurnOptions() else found


async def hold_chat(inbox: ChatInbox, out: Out, *, ours: bool) -> Left:
    """Talk until the person leaves. `ours`: this process serves the agent."""
    model = await _look_at_agent(inbox, out, ours=ours)
    if not _has_screen(out):
        return await chat_by_lines(inbox, out)
    from harness.terminal.chat.talk import Talk

    with count_interrupts() as counted:
        talk = Talk(inbox.backend, inbox, model, write_export, counted)
        inbox.report = talk.note
        left = await talk.run()
    left.inbox.report = out.note
    return left


async def report_left(left: Left, out: Out, again: str | None = None) -> int:
    """Print how to go on with what the person left; return the exit code. `again`: the command that
    continues the conversation."""
    inbox = left.inbox
    if left.run is not None and left.attended is not None:
        run = inbox.backend.get_run(left.run.id)
        code = await leave_run(run, left.attended, out, inbox.how_to_serve)
    elif left.interrupted:
        code = exit_codes.INTERRUPTED
    else:
        code = CODES[left.state] if left.state else exit_codes.DONE
    if inbox.card is not None:
        out.note(f"To continue:  {again or f'harness chat {inbox.card.id}'}")
    return code


async def _look_at_agent(inbox: ChatInbox, out: Out, *, ours: bool) -> str | None:
    """The model of the agent; a note if neither a worker nor this process serves it."""
    if out.json:
        return None
    listed = await inbox.backend.list_agents()
    found = next((each for each in listed if each.publication.name == inbox.agent), None)
    if not ours and (found is None or not found.workers):
        how = inbox.how_to_serve
        out.note(f"No worker serves {inbox.agent} now: messages wait for one. Serve it: {how}")
    if found is None or isinstance(found.publication.agent, HarnessError):
        return None
    return next(iter(found.publication.agent.models), None)


def _has_screen(out: Out) -> bool:
    """Whether a chat can draw: the rest is for programs, and for terminals that only print."""
    return at_terminal() and not out.json and os.environ.get("TERM", "dumb") != "dumb"


def _check_usage(args: Namespace) -> None:
    check_text("NAME", args.name, "harness chat trip")
    check_text("--title", args.title, "harness chat --title Invoices")
    ways = {"NAME": args.name, "--session": args.session, "--continue": getattr(args, "continue")}
    given = [way for way, value in ways.items() if value not in (None, False)]
    if len(given) > 1:
        raise UsageError(f"{given[0]} and {given[1]} exclude each other.", "Give one of them.")
    if args.title:
        check_change(Change(title=args.title))
    if args.title and given and given != ["--session"]:
        raise UsageError("--title names a new conversation.", "Omit it, or omit " + given[0] + ".")
