"""A chat without a screen: each line is a prompt, for pipes, programs and simple terminals."""

from __future__ import annotations

import asyncio
from argparse import Namespace
from collections.abc import Sequence

from harness.cli.out import Out
from harness.cli.runs.attach import CODES, attend_run, leave_run
from harness.cli.runs.run import worker_command
from harness.terminal import exit_codes
from harness.terminal.backend import BackendRun
from harness.terminal.chat.inbox import ChatInbox
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


async def chat_by_lines(inbox: ChatInbox, args: Namespace, out: Out) -> int:
    """Answer one line after another."""
    with count_interrupts() as counted:
        left = await _take_lines(inbox, out, Presence(counted))
    if isinstance(left, int):
        if inbox.card is not None:
            out.note(f"\nTo continue:  harness chat {inbox.card.id}")
        return left
    run, attended = left
    return await leave_run(run, attended, out, worker_command(args.agent))


async def _take_lines(
    inbox: ChatInbox, out: Out, person: Presence
) -> int | tuple[BackendRun, Attended]:
    """The exit code, or the run that continues without the person."""
    code, history = exit_codes.DONE, list[str]()
    await inbox.skip_answered()
    while True:
        asked, left = await person.ask(history, out)
        if asked is None:
            return left or code
        history.append(asked)
        receipt = await inbox.send(asked, "reject")
        turn = await inbox.next_turn()
        run_id = turn.run if turn else receipt.run
        if run_id is None:
            continue
        handle = inbox.backend.get_run(run_id)
        here = at_terminal()
        attended = await attend_run(handle, out, person.counted, leave=not here, chat=here)
        if not attended.ended:
            return handle, attended
        if not person.counted.count:
            code = CODES[attended.ended.state]
        elif person.leaves():
            return exit_codes.INTERRUPTED
        await inbox.settle()
