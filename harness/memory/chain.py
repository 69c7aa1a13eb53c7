"""The MACs of a chain of memories: what makes a change outside harness visible.

Each entry's MAC covers everything in it, its place, and the MAC of the entry before. The head's MAC
covers the newest entry. Of the content, a digest is covered, so that a chain can be verified after
content was erased.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import replace

from harness.crypto.signing import Signer
from harness.memory.rows import Entry, Problem

ENTRY, HEAD, CONTENT, VECTOR = "memory.entry", "memory.head", "memory.content", "memory.embedding"
START = ""
"""`previous` of the first entry."""


class Chain:
    """Signs and checks the entries of one owner."""

    def __init__(self, signer: Signer, namespace: str, owner: str) -> None:
        self.namespace, self.owner = namespace, owner
        self._signer = signer
        self._words = signer.derive_key("memory.words", namespace, owner)

    def sign_entry(self, entry: Entry) -> Entry:
        """Add the MAC."""
        return replace(entry, mac=self._signer.sign(ENTRY, *self._parts(entry)))

    def is_genuine(self, entry: Entry) -> bool:
        """Whether the entry is as it was written, in its own place."""
        return self._signer.is_signed(entry.mac, ENTRY, *self._parts(entry))

    def sign_head(self, seq: int, last: str) -> str:
        return self._signer.sign(HEAD, self.namespace, self.owner, str(seq), last)

    def is_head(self, seq: int, last: str, mac: str) -> bool:
        return self._signer.is_signed(mac, HEAD, self.namespace, self.owner, str(seq), last)

    def sign_vector(self, seq: int, embedder: str, vector: str) -> str:
        return self._signer.sign(
            VECTOR, self.namespace, self.owner, str(seq), embedder,
            hashlib.sha256(vector.encode()).digest(),
        )  # fmt: skip

    def digest(self, text: str) -> str:
        """A digest of content that nobody without the key can confirm a guess with."""
        return self._signer.sign(CONTENT, self.namespace, self.owner, text)

    def hide_word(self, word: str) -> str:
        """The form of a word in the index: the same for this owner alone, and not readable."""
        return hmac.digest(self._words, word.encode(), hashlib.sha256)[:9].hex()

    def find_problems(self, entries: Iterable[Entry], after: tuple[int, str]) -> list[Problem]:
        """What is wrong with entries in their order, that follow the entry `after`."""
        problems: list[Problem] = []
        seq, previous = after
        for entry in entries:
            if entry.seq != seq + 1:
                problems.append(
                    Problem(what=f"{entry.seq - seq - 1} entries are missing", seq=seq + 1)
                )
            elif entry.previous != previous:
                problems.append(
                    Problem(what="it does not follow the entry before", seq=entry.seq, id=entry.id)
                )
            if not self.is_genuine(entry):
                problems.append(Problem(what="it was changed", seq=entry.seq, id=entry.id))
            seq, previous = entry.seq, entry.mac
        return problems

    def _parts(self, entry: Entry) -> tuple[str, ...]:
        return (
            self.namespace, self.owner, str(entry.seq), entry.id, entry.kind,
            "" if entry.target is None else str(entry.target), entry.scope, entry.digest,
            entry.fields, entry.run or "", entry.previous,
        )  # fmt: skip
