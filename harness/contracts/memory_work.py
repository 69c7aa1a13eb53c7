"""The words of the activities of memory: recall at the start of a run, extraction at its end."""

from __future__ import annotations

from harness.contracts.base import Word
from harness.contracts.message import Message
from harness.contracts.model import Usage


class RecallMemories(Word):
    """Input of the `recall_memories` activity: what a run begins with."""

    spec: str
    query: str
    salt: str | None = None


class RecalledMemories(Word):
    """Result of the `recall_memories` activity."""

    text: str | None = None
    """What the model reads; absent if nothing was recalled."""


class LearnMemories(Word):
    """Input of the `learn_memories` activity: extract facts from the run's own messages."""

    spec: str
    turn: int
    since: str | None = None
    """The transcript node that the run started from."""
    head: str | None = None
    messages: tuple[Message, ...] = ()
    """Those after `head`."""
    salt: str | None = None


class LearnedMemories(Word):
    """Result of the `learn_memories` activity."""

    ids: tuple[str, ...] = ()
    """The memories that were added."""
    model: str | None = None
    usage: Usage = Usage()
    cost_micros: int | None = None
    problem: str | None = None
    """Why nothing could be extracted."""
