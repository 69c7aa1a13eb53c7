"""What an agent is told of changes that people have rejected on its ticket. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from harness.care.repair.following import is_rejection
from harness.care.tickets.rows import MoveRow, Note

HEAD = "People have rejected changes that you proposed on this ticket; their reasons are below."
REFUSED = "Refused: "
"""How the line of a refused change begins."""
_REVERTED = re.compile(r"^Revert ([0-9a-f]{12})\b")
_COMMIT = re.compile(r"[0-9a-f]{40}")
RESTART = "restart"
AGAIN = "A person has asked you to work on it again: a refused change needs a new reason."
NEVER = "Do not propose these again: a person has to ask for that."


def describe_refusals(notes: Sequence[Note], moves: Sequence[MoveRow], *, asked: bool) -> str:
    """Name what was refused; empty if nothing was. Reasons of people stand with the other words of
    the ticket, for notes quote what an agent has read."""
    refused = [_find_refused(notes, moves[:place]) for place, _ in list_rejections(moves)]
    if not refused:
        return ""
    lines = [f"{REFUSED}{what}." for what in dict.fromkeys(refused)]
    return "\n".join([HEAD, *lines, AGAIN if asked else NEVER])


def list_rejections(moves: Sequence[MoveRow]) -> list[tuple[int, MoveRow]]:
    """The moves with which people rejected something, each with its place."""
    return [pair for pair in enumerate(moves) if is_rejection(pair[1])]


def _find_refused(notes: Sequence[Note], before: Sequence[MoveRow]) -> str:
    """What was proposed last."""
    asked = next((each for each in reversed(before) if each.state == "proposed"), None)
    if asked is None or asked.why.startswith("restart_subject"):
        return RESTART
    proposed = [
        each
        for each in notes
        if each.kind == "proposal" and each.run == asked.run and each.at <= asked.at
    ]
    if not proposed:
        return "a change"
    if reverted := _REVERTED.match(proposed[-1].text):
        return f"revert of {reverted[1]}"
    commit = str((proposed[-1].evidence or {}).get("commit", ""))
    return f"commit {commit[:12]}" if _COMMIT.fullmatch(commit) else "a change"
