"""The line at the bottom of a chat: what it is, and what it has used. Pure."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.cells import cell_len, set_cell_size

from harness.contracts.clean_text import clean_line
from harness.contracts.run import Totals
from harness.terminal.view.text import count_of, format_money, settled_cost

if TYPE_CHECKING:
    from harness.conversations.rows import StoredTurn

KEYS_WHILE_ANSWERING = "Enter hints, /queue waits, Ctrl-C stops"
KEYS_WHILE_UNSERVED = "Ctrl-C twice leaves"
KEYS_WHILE_ASKING = "decide above, Ctrl-C stops"


@dataclass
class Spent:
    """What the answers of a conversation have used."""

    answers: int = 0
    calls: int = 0
    input: int = 0
    output: int = 0
    micros: int | None = 0
    """None: the cost of a run is not known."""

    @classmethod
    def of(cls, turns: Iterable[StoredTurn]) -> Spent:
        """The sum of turns that have ended."""
        spent = cls()
        for turn in turns:
            spent.add(turn.totals)
        return spent

    def add(self, totals: Totals) -> None:
        """Add what a run has used."""
        self.answers += 1
        self.calls += totals.tool_calls
        self.input += totals.usage.input
        self.output += totals.usage.output
        cost = settled_cost(totals)
        known = self.micros is not None and cost is not None
        self.micros = (self.micros or 0) + (cost or 0) if known else None

    def describe(self) -> list[str]:
        """Turns, tokens and cost in words."""
        answers, tokens = count_of(self.answers, "answer"), self.input + self.output
        return [answers, count_of(tokens, "token"), format_money(self.micros)]


def describe_status(
    *, agent: str, model: str | None, spent: Spent, title: str | None, since: float | None,
    asking: bool, unserved: bool, width: int,
) -> str:  # fmt: skip
    """As many of the facts as fit, the most important first."""
    facts = list[str]()
    if asking:
        facts += [KEYS_WHILE_ASKING]
    elif unserved:
        facts += ["waiting for a worker", KEYS_WHILE_UNSERVED]
    elif since is not None:
        facts += [f"answering {int(time.monotonic() - since)} s", KEYS_WHILE_ANSWERING]
    facts.append(clean_line(agent))
    facts += [clean_line(model)] if model else []
    facts += spent.describe() if spent.answers else []
    facts += [clean_line(title)] if title else []
    line = ""
    for fact in facts:
        longer = f"{line} · {fact}" if line else fact
        if cell_len(longer) > width:
            break
        line = longer
    return line or set_cell_size(facts[0], width)
