"""What a provider answers in a case: one step per request, the same words for every protocol."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True)
class Used:
    """Tokens that the provider reports."""

    input: int = 100
    output: int = 20


@dataclass(frozen=True)
class Say:
    """A good answer, or one that breaks off."""

    text: str = ""
    calls: tuple[tuple[str, dict[str, Any] | str], ...] = ()
    """Tool calls: name and arguments; a string is sent as it is, even if it is not JSON."""
    used: Used = Used()
    finish: Literal["length"] | None = None
    """`length`: the answer was cut off at the model's output limit."""
    pieces: int = 4
    """Deltas that the text and each call's arguments are cut into."""
    then: Literal["end", "cut", "stop", "hang"] = "end"
    """After half of the answer: all of it follows (end); the connection drops (cut); the body ends
    in due form but early (stop); nothing more comes (hang)."""


@dataclass(frozen=True)
class Fail:
    """An answer with an error status, with the message where the protocol has one."""

    status: int
    message: str = "the server was told to fail"
    headers: dict[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True)
class Hang:
    """The request is taken and never answered."""


Step = Say | Fail | Hang
