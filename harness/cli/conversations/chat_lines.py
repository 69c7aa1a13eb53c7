"""A chat without a screen: each line is a prompt, for pipes, programs and simple terminals."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from harness.cli.out import Out
from harness.cli.runs.attach import attend_run
from harness.terminal.chat.inbox import ChatInbox
from harness.terminal.chat.left import Left
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

    async def ask(self, history: Sequence[str], out: Out) -> tuple[str | None, bool]:
        """The next prompt; None when the person leaves, and whether with Ctrl-C."""
        while True:
            typed = await type_line("> ", self.counted, history)
            if not typed.interrupted:
                if typed.line != "":
                    return typed.line, False
            elif self.leaves():
                return None, True
            else:
                out.note(f"To leave, press Ctrl-C again within {GRACE_S:g} s, or Ctrl-D.")


async def chat_by_lines(inbox: ChatInbox, out: Out) -> Left:
    """Answer one line after another, until the person leaves or a run goes on without them."""
    with count_interrupts() as counted:
        return await _take_lines(inbox, out, Presence(counted))


async def _take_lines(inbox: ChatInbox, out: Out, person: Presence) -> Left:
    state, history = None, list[str]()
    await inbox.skip_answered()
    while True:
        asked, interrupted = await person.ask(history, out)
        if asked is None:
            if at_terminal():
                out.note("")  # after the prompt
            return Left(inbox, interrupted, state)
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
            return Left(inbox, state=state, run=handle, attended=attended)
        if not person.counted.count:
            state = attended.ended.state
        elif person.leaves():
            return Left(inbox, interrupted=True)
        await inbox.settle()
