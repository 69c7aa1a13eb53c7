"""Which tokens are masked in logs: those in use, and the last that they replaced.

A worker lives for months and its tokens for minutes, and each masked value costs time in every
text.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection
from dataclasses import dataclass, field

from harness.commons.redact import forget_secrets, register_secrets

REPLACED = 6
"""Requests with these may still be in flight."""


@dataclass
class Masked:
    """The tokens of one server."""

    _current: tuple[str, ...] = field(default=(), repr=False)
    _replaced: deque[str] = field(default_factory=deque[str], repr=False)

    def replace(self, tokens: Collection[str]) -> None:
        """Mask these tokens instead of the former."""
        register_secrets(tokens)
        self._replaced.extend(each for each in self._current if each not in tokens)
        self._current = tuple(tokens)
        while len(self._replaced) > REPLACED:
            old = self._replaced.popleft()
            if old not in self._current:
                forget_secrets([old])
