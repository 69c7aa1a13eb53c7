"""A chat without a screen: each line is a prompt, for pipes, programs and simple terminals."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from harness.cli.out import Out
from harness.cli.runs.attach import attend_run
from harness.contracts.clean_text import clean_line
from harness.terminal.chat.inbox import ChatInbox
from harness.terminal.chat.left import Left
from harness.terminal.chat.past import read_past
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
    run_id = await _find_open(inbox, out)
    if run_id is None:
        await inbox.skip_answered()
    while True:
        if run_id is None:
            asked, interrupted = await person.ask(history, out)
            if asked is None:
                if at_terminal():
                    out.note("")  # after the prompt
                return Left(inbox, interrupted, state)
            history.append(asked)
            run_id = await _send(inbox, asked)
        if run_id is None:
            continue
        handle, run_id = inbox.backend.get_run(run_id), None
        here = at_terminal()
        attended = await attend_run(handle, out, person.counted, leave=not here, chat=here)
        if not attended.ended:
            return Left(inbox, state=state, run=handle, attended=attended)
        if not person.counted.count:
            state = attended.ended.state
        elif person.leaves():
            return Left(inbox, interrupted=True)
        await inbox.settle()


async def _find_open(inbox: ChatInbox, out: Out) -> str | None:
    """The run of a message that is being answered, which is printed for the person at a terminal.
    A program sends the next message, and is told that the conversation is busy."""
    if not at_terminal() or out.json:
        return None
    past = await read_past(inbox.backend, inbox.card)
    inbox.shown = max((turn.number for turn in past.turns), default=0)
    found = await inbox.find_open()
    if found is None:
        return None
    out.note("\n".join(f"> {clean_line(line)}" for line in found.text.split("\n")))
    return found.run


async def _send(inbox: ChatInbox, text: str) -> str | None:
    """Send a message; the run that answers it."""
    receipt = await inbox.send(text, "reject")
    turn = await inbox.next_turn()
    return turn.run if turn else receipt.run
