"""Count what a stream brings besides text: thoughts, and arguments of tools. Providers charge for
them, but report it only at the end, which an interrupted answer does not reach."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass
class Hidden:
    """What has arrived so far."""

    characters: int = 0


_COUNTED: ContextVar[Hidden | None] = ContextVar("_COUNTED", default=None)


@contextmanager
def counting_hidden(hidden: Hidden) -> Generator[None]:
    """Count what arrives in the block, and when it ends, for the block around it too."""
    outer = _COUNTED.get()
    token = _COUNTED.set(hidden)
    try:
        yield
    finally:
        _COUNTED.reset(token)
        if outer is not None:
            outer.characters += hidden.characters


def note_hidden(characters: int) -> None:
    """Note that so many characters arrived that are not text of the answer."""
    if (counted := _COUNTED.get()) is not None:
        counted.characters += characters
