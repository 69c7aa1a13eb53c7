"""The verdicts a person can give, and what each does: one table for all interfaces. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from harness.contracts.base import Flag, Word
from harness.contracts.clean_text import clean_line
from harness.contracts.steering import Decide, Verdict

MEANINGS: dict[str, dict[Verdict, str]] = {
    "approval": {
        "approve": "call the tool with these arguments",
        "edit": "call it with changed arguments",
        "reject": "do not call it; the model reads the note",
    },
    "answer": {
        "answer": "the model reads this text as the tool's result",
        "reject": "give no answer; the model reads the note",
    },
    # The safe verdict first: approving an unknown payment may pay twice.
    "outcome": {
        "answer": "it happened: record this text as its result, do not call it again",
        "approve": "it did not happen: call it again",
        "edit": "it did not happen: call it again with changed arguments",
        "reject": "leave it as it is, outcome unknown; do not call it again",
    },
    "budget": {
        "approve": "grant as much again as at first (of a budget in the settings: check it again)",
        "edit": "grant other amounts",
        "answer": "grant nothing; the model sums up what it has in one last turn without tools",
        "reject": "end the run",
    },
    "store": {
        "approve": "check again, once the matching copy is restored",
        "reject": "let the run fail",
    },
}
"""What each verdict does, by need; offer them in this order."""
DONE: dict[Verdict, str] = {
    "approve": "approved", "reject": "rejected", "edit": "edited", "answer": "answered",
}  # fmt: skip
_HAPPENED: dict[Verdict, str] = {
    "approve": "marked as not happened (call again)",
    "edit": "marked as not happened (call again, edited)",
    "answer": "marked as happened",
    "reject": "left as unknown",
}
DIGEST = 16
"""Characters of a digest that are shown."""
SHORTEST = 8


class Decision(Word):
    """Result of the `decide` update."""

    id: str
    verdict: Verdict
    by: str | None = None
    note: str | None = None
    edited: Flag = None
    arguments: dict[str, Any] | None = None
    """With `edit` of a call: all arguments of the call, changed or not."""
    need: str | None = None
    """The need that it decided; filled in by the client."""

    def __str__(self) -> str:
        by = f" by {self.by}" if self.by else ""
        note = f": {self.note}" if self.note else ""
        return clean_line(f"{self.id}: {describe_done(self.need, self.verdict)}{by}{note}")


class Asked(NamedTuple):
    """The subject of a decision, to which a verdict is bound."""

    need: str
    tool: str | None
    arguments: Mapping[str, Any] | str | None


def digest_asked(asked: Asked) -> str | None:
    """SHA-256 of the need, the tool and its arguments, in canonical JSON; None without a tool."""
    if asked.tool is None:
        return None
    text = json.dumps(list(asked), ensure_ascii=True, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def short_digest(asked: Asked) -> str | None:
    digest = digest_asked(asked)
    return None if digest is None else digest[:DIGEST]


def fits_digest(asked: Asked, prefix: str) -> bool:
    digest = digest_asked(asked)
    return digest is not None and len(prefix) >= SHORTEST and digest.startswith(prefix.lower())


def describe_done(need: str | None, verdict: Verdict) -> str:
    """Say what a verdict did: `approved`; for an unknown outcome, how it was marked."""
    return (_HAPPENED if need == "outcome" else DONE)[verdict]


def merge_arguments(decide: Decide, asked: Mapping[str, Any] | str | None) -> dict[str, Any]:
    """The arguments of an edited call; those the edit does not name stay as requested."""
    changed = decide.arguments or {}
    if decide.replace or not isinstance(asked, Mapping):
        return dict(changed)
    return {**asked, **changed}


def refusal_text(need: str | None, note: str | None) -> str:
    """The result that the model reads when a person rejects a call."""
    words = {
        "answer": "A person gave no answer",
        "outcome": "It is unknown whether this call happened; a person decided not to repeat it",
    }.get(need or "", "A person refused this call")
    return f"{words}: {note}" if note else words


def list_verdicts(need: str) -> list[str]:
    """`approve: call the tool with these arguments`, one a line."""
    return [f"{verdict}: {does}" for verdict, does in MEANINGS[need].items()]
