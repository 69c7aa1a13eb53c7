"""`harness care agent`: serve the agent that works on tickets, or follow it on one."""

from __future__ import annotations

import asyncio
from argparse import Namespace
from contextlib import AsyncExitStack

from harness.care.states import CAN_WORK, ENDS_OF_WORK
from harness.cli.care.rehearse import rehearse_ticket
from harness.cli.care.talk import talk_about_subject
from harness.cli.care.ticket import print_move, print_note
from harness.cli.context import open_client
from harness.cli.out import Out
from harness.cli.parser import UsageError
from harness.cli.runs.serve import watch_stop_signals
from harness.engine.connection import Connection, get_identity
from harness.terminal import exit_codes

LOOK_S = 1.0


async def serve_agent(args: Namespace, out: Out) -> int:
    from harness.care.repair.agent import make_care_agent
    from harness_workers.worker import serve

    if args.subject is not None:
        if args.ticket is not None:
            raise UsageError("--subject and --ticket exclude each other.", "Give one of them.")
        return await talk_about_subject(args, out)
    if args.rehearse:
        if args.ticket is None:
            raise UsageError("--rehearse goes with --ticket.", "Name the ticket.")
        return await rehearse_ticket(args, out)
    if getattr(args, "continue"):
        raise UsageError("--continue goes with --subject.", "Name the subject to talk about.")
    agent = make_care_agent(args.model)
    stop = watch_stop_signals()
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(open_client(out))
        await stack.enter_async_context(serve(client.connection, agent))
        if args.ticket is not None:
            following = asyncio.ensure_future(_work(client.connection, args.ticket, out))
            stopping = asyncio.ensure_future(stop.wait())
            await asyncio.wait([following, stopping], return_when=asyncio.FIRST_COMPLETED)
            stopping.cancel()
            if following.done():
                return following.result()
            following.cancel()
            return exit_codes.INTERRUPTED
        out.note("Serving care: it works on tickets when asked to. Ctrl-C stops.")
        await stop.wait()
    return exit_codes.DONE


async def _work(connection: Connection, id: str, out: Out) -> int:
    """Let the agent work on a ticket, and print what happens until it is settled."""
    from harness.care.tickets import client, reading

    before = await reading.show_ticket(connection, id)
    moves, notes = len(before.moves), len(before.notes)
    if before.state in CAN_WORK:
        await client.act_on_ticket(connection, id, "work", get_identity())
    while True:
        detail = await reading.show_ticket(connection, id)
        for note in detail.notes[notes:]:
            print_note(note, out)
        for move in detail.moves[moves:]:
            print_move(move, out)
            if move.state == "proposed" and detail.run is not None:
                out.note(f"To decide: harness approve {detail.run}, or harness reject {detail.run}")
        if len(detail.moves) > moves and detail.state in ENDS_OF_WORK:
            return exit_codes.DONE if detail.state == "resolved" else exit_codes.FAILED
        moves, notes = len(detail.moves), len(detail.notes)
        await asyncio.sleep(LOOK_S)
