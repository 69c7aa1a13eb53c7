"""What the fake model server answers: one step per call, the same words for every protocol."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Literal


@dataclass(frozen=True)
class Used:
    input: int = 100
    output: int = 20
    cached: int = 0
    cache_write: int = 0
    reasoning: int = 0


@dataclass(frozen=True)
class Fail:
    """An answer with an error status, or an error event when it is the `error` of a Say."""

    status: int
    message: str = "the fake model server was told to fail"
    code: str | None = None
    type: str | None = None
    headers: dict[str, str] = field(default_factory=dict[str, str])
    body: bytes | None = None
    """Sent as it is, in place of the provider's usual error body."""


@dataclass(frozen=True)
class Say:
    """A good answer, with the ways in which it can go wrong on the way."""

    text: str = ""
    calls: tuple[tuple[str, dict[str, Any] | str], ...] = ()
    """Tool calls: name and arguments (a string is sent as it is, even if it is no JSON)."""
    thinking: str = ""
    refusal: str = ""
    used: Used = Used()
    finish: Literal["length", "content_filter"] | None = None
    pieces: int = 4
    """Deltas that the text and each call's arguments are cut into."""
    delay: float = 0.0
    """Seconds before each delta."""
    wait: float = 0.0
    """Seconds before the answer begins."""
    then: Literal["end", "cut", "stop", "hang"] = "end"
    """How it goes on after half of the events: to the end; the connection drops (cut); the body
    ends well but early (stop); nothing comes any more (hang)."""
    after: Literal["first", "half", "last", "all"] = "half"
    """Where it goes on so instead: before the first event, before the last one, or after all."""
    until: asyncio.Event | None = None
    """Half of the events are sent, and the others once this is set."""
    error: Fail | None = None
    """An error event after half of the events."""
    split: int | None = None
    """Send the bytes in HTTP chunks of this size, so that characters and events are cut."""
    garbage: bool = False
    """The event in the middle is no JSON."""
    again: bool = False
    """All of it is sent twice."""
    before: bytes = b""
    """Sent before the first event."""
    content_type: str = "text/event-stream"


@dataclass(frozen=True)
class Hang:
    """Takes the request and never answers."""


@dataclass(frozen=True)
class Drop:
    """Takes the request and closes the connection."""


@dataclass(frozen=True)
class Raw:
    """Any bytes at all, with a status and a type."""

    body: bytes
    status: int = 200
    content_type: str = "application/json"


@dataclass(frozen=True)
class Stream:
    """`start`, then `piece` again and again for as long as the client reads; the body ends after
    `start` where there is no piece."""

    start: bytes
    piece: bytes
    encoding: str | None = None
    status: int = 200
    delay: float = 0.0
    """Seconds before each piece."""


Step = Say | Fail | Hang | Drop | Raw | Stream
Script = Callable[[dict[str, Any]], Step]
"""Looks at the request's body and says what to answer."""


def say(text: str, **more: Any) -> Say:
    return Say(text=text, **more)


def call(name: str, /, **arguments: Any) -> Say:
    """Ask for one tool."""
    return Say(calls=((name, arguments),))


def calls(*wanted: tuple[str, dict[str, Any] | str], **more: Any) -> Say:
    """Ask for several tools at once: calls(("add", {"a": 1}), ("now", {}))."""
    return Say(calls=wanted, **more)


def fail(
    status: int, message: str = "", *, retry_after: str | float | None = None, **more: Any
) -> Fail:
    headers = dict(more.pop("headers", {}))
    if retry_after is not None:
        headers["retry-after"] = str(retry_after)
    step = Fail(status, headers=headers, **more)
    return replace(step, message=message) if message else step


def cut(text: str = "half of this is never sent", **more: Any) -> Say:
    """The connection drops in the middle of the answer."""
    return Say(text=text, then="cut", **more)


def stop_short(text: str = "half of this is never sent", **more: Any) -> Say:
    """The body ends well, but its closing event never comes."""
    return Say(text=text, then="stop", **more)


def stall(text: str = "half of this is never sent", **more: Any) -> Say:
    """Half of the answer comes, then nothing more."""
    return Say(text=text, then="hang", **more)


def garbage(text: str = "one event of this is broken") -> Say:
    return Say(text=text, garbage=True)


def empty() -> Say:
    """A good answer with nothing in it."""
    return Say()


def hang() -> Hang:
    return Hang()


def pieces_of(text: str, count: int) -> list[str]:
    """`text` in about `count` pieces."""
    if not text:
        return []
    size = max(1, -(-len(text) // max(1, count)))
    return [text[i : i + size] for i in range(0, len(text), size)]


def json_text(arguments: dict[str, Any] | str) -> str:
    import json

    return arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False)


@dataclass(frozen=True)
class Frame:
    """One server-sent event; `delta` when it carries a piece of the answer."""

    data: bytes
    delta: bool = False
