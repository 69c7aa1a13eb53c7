"""`harness chat`: a session with one run for each line that a person types."""

from __future__ import annotations

import asyncio
from argparse import Namespace
from collections.abc import Awaitable, Callable, Sequence

from harness.cli.context import open_client, open_daemon
from harness.cli.out import Out
from harness.cli.runs.agents import choose_agent
from harness.cli.runs.at_daemon import choose_published, note_unserved, start_turn
from harness.cli.runs.attach import CODES, attend_run, leave_run
from harness.cli.runs.run import check_request, hosting_agent, start_run, worker_command
from harness.runs.start import new_id
from harness.terminal import exit_codes
from harness.terminal.backend import BackendRun
from harness.terminal.input.attend import Attended
from harness.terminal.input.interrupts import GRACE_S, Interrupts, count_interrupts
from harness.terminal.input.keyboard import at_terminal, type_line


class Presence:
    """Tracks Ctrl-C: once stops an answer, twice within a moment leaves."""

    def __init__(self, counted: Interrupts) -> None:
        self.counted = counted
        self._last = float("-inf")

    def leaves(self) -> bool:
        """Whether this Ctrl-C is the second of two."""
        before, self._last = self._last, asyncio.get_running_loop().time()
        return self.counted.take_count() > 1 or self._last - before <= GRACE_S

    async def ask(self, history: Sequence[str], out: Out) -> tuple[str | None, int]:
        """The next prompt; None and an exit code when the person leaves."""
        while True:
            typed = await type_line("> ", self.counted, history)
            if not typed.interrupted:
                if typed.line != "":
                    return typed.line, exit_codes.DONE
            elif self.leaves():
                return None, exit_codes.INTERRUPTED
            else:
                out.note(f"To leave, press Ctrl-C again within {GRACE_S:g} s, or Ctrl-D.")


async def chat_with_agent(args: Namespace, out: Out) -> int:
    check_request(args)
    agent = choose_published(args) if args.server else choose_agent(args.agent)
    args.session, args.id = args.session or new_id("session"), None
    name = agent if isinstance(agent, str) else agent.name
    out.note(f"Session {args.session} with {name}. Ctrl-C stops an answer, Ctrl-D leaves.")
    if args.server is not None:
        return await _chat_at_daemon(str(agent), args, out)
    async with open_client(out, index=isinstance(agent, str), page=at_terminal()) as client:
        page = client.connection.endpoints.ui_url
        if page and at_terminal():
            out.note(f"Page: {page}")
        async with hosting_agent(client, agent) as harness:
            with count_interrupts() as counted:
                left = await _chat_loop(
                    lambda asked: start_run(harness, agent, args, asked), out, Presence(counted)
                )
        return await _leave_chat(left, client.get_run, args, out)


async def _chat_at_daemon(agent: str, args: Namespace, out: Out) -> int:
    async with open_daemon(args.server) as backend:
        await note_unserved(backend, agent, out)
        with count_interrupts() as counted:
            left = await _chat_loop(
                lambda asked: start_turn(backend, agent, args, asked), out, Presence(counted)
            )
        return await _leave_chat(left, backend.get_run, args, out)


async def _leave_chat(
    left: int | tuple[str, Attended],
    get_run: Callable[[str], BackendRun],
    args: Namespace,
    out: Out,
) -> int:
    if isinstance(left, int):
        out.note(f"\nTo continue:  harness chat --session {args.session}")
        return left
    run, attended = left
    return await leave_run(get_run(run), attended, out, worker_command(args.agent))


async def _chat_loop(
    start: Callable[[str], Awaitable[BackendRun]], out: Out, person: Presence
) -> int | tuple[str, Attended]:
    """The exit code, or the run that continues without the person."""
    code, history = exit_codes.DONE, list[str]()
    while True:
        asked, left = await person.ask(history, out)
        if asked is None:
            return left or code
        history.append(asked)
        handle = await start(asked)
        here = at_terminal()
        attended = await attend_run(handle, out, person.counted, leave=not here, chat=here)
        if not attended.ended:
            return handle.id, attended
        if not person.counted.count:
            code = CODES[attended.ended.state]
        elif person.leaves():
            return exit_codes.INTERRUPTED
