"""The transcript: a chain of content-addressed nodes, like commits."""

from __future__ import annotations

import base64
import hashlib

from harness.contracts.base import Word
from harness.contracts.message import Message


class Node(Word):
    """One step of a conversation: the messages since `parent`, oldest first."""

    parent: str | None = None
    messages: tuple[Message, ...]
    salt: str | None = None
    """The run's own, if content is encrypted: it keeps the address from revealing the content."""
    replaces: str | None = None
    """Of a node that begins a compacted conversation: the head of the whole one. The messages up to
    here, pinned ones, a summary and the newest, stand for it when a model is called; all other
    readers skip this node and continue with that head."""

    @property
    def before(self) -> str | None:
        """The node before it in the whole conversation."""
        return self.parent or self.replaces


class SaveTranscript(Word):
    """Input of the `save_transcript` activity: append `messages` to `head` and wait until it and
    everything before it is durable."""

    head: str | None = None
    messages: tuple[Message, ...]
    turn: int
    salt: str | None = None


def digest(content: bytes) -> str:
    """The address of content: 192 bits of SHA-256, 32 characters. Collisions take 2^96 tries."""
    return address_of(hashlib.sha256(content).digest())


def address_of(sha256: bytes) -> str:
    """The address of content with this SHA-256."""
    return base64.urlsafe_b64encode(sha256[:24]).decode()
