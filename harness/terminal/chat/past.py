"""The ended turns of a conversation: read for the status line, shown when it is resumed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.console import Console

from harness.contracts.clean_text import clean_line
from harness.conversations.rows import StoredMessage, StoredTurn
from harness.terminal.chat.blocks import Block, BlockSplitter
from harness.terminal.chat.markdown import print_wrapped
from harness.terminal.view.text import count_of, format_call

if TYPE_CHECKING:
    from harness.conversations.contracts import Answering, Card, Turn
    from harness.terminal.backend import Backend

PAGE = 500
MOST_PAGES = 100

ShowBlocks = Callable[[Sequence[Block]], None]
"""Shows the blocks of an answer."""


@dataclass(frozen=True)
class Past:
    """Messages and turns, oldest first."""

    messages: Sequence[StoredMessage] = ()
    turns: Sequence[StoredTurn] = ()

    def has(self, turn: Turn) -> bool:
        """Whether the turn is among them."""
        return any(each.number == turn.number for each in self.turns)


async def read_past(backend: Backend, card: Card | None) -> Past:
    """All that the conversation has kept of turns that have ended."""
    if card is None:
        return Past()
    messages, turns, after = list[StoredMessage](), dict[int, StoredTurn](), None
    for _ in range(MOST_PAGES):
        page = await backend.conversations.messages(card.id, limit=PAGE, after=after)
        messages += page.messages
        turns |= {turn.number: turn for turn in page.turns}
        after = page.next
        if after is None:
            break
    return Past(messages, list(turns.values()))


def print_past(console: Console, past: Past, turns: int, show: ShowBlocks) -> None:
    """Print the last turns as they were shown when they were answered."""
    numbers = sorted({message.turn for message in past.messages})
    shown = set(numbers[-turns:]) if turns else set[int]()
    left = len(numbers) - len(shown)
    if left > 0:
        console.print(f"  … {count_of(left, 'earlier message')}: /history", style="quiet")
    states = {turn.number: turn for turn in past.turns}
    for message in past.messages:
        if message.turn in shown:
            _print_message(console, message, states.get(message.turn), show)


def print_asked(console: Console, turn: Answering, *, pending: bool) -> None:
    """Print the message that is being answered, and why it has no answer yet. `pending`: also what
    its run asks."""
    console.print()
    _print_text(console, "›", turn.text)
    if turn.delay is not None:
        why = clean_line(turn.delay.message)
        print_wrapped(console, f"  no worker could prepare its run yet: {why}", "ask")
    for each in (turn.pending or ()) if pending else ():
        call = f"{format_call(each.tool, each.arguments or {})}: " if each.tool else ""
        print_wrapped(console, f"  waits for a decision: {call}{clean_line(each.question)}", "ask")


def _print_text(console: Console, mark: str, text: str) -> None:
    for line in text.split("\n"):
        print_wrapped(console, f"{mark} {clean_line(line)}", "bold")
        mark = " "


def _print_message(
    console: Console, message: StoredMessage, turn: StoredTurn | None, show: ShowBlocks
) -> None:
    console.print()
    if message.role == "user":
        _print_text(console, "↳" if message.origin == "hint" else "›", message.text)
        if message.place == 0 and turn is not None and turn.dropped:
            console.print("  (rolled back)", style="ask")
        return
    splitter = BlockSplitter()
    show([*splitter.feed(message.text), *splitter.finish()])
    for part in message.parts:
        if part.type == "tool_call":
            call = format_call(part.name, part.arguments)
            console.print(f"● {call}", style="call", soft_wrap=True)
