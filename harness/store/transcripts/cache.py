"""Recent conversations in memory.

A line is one list of messages that all heads along it share: a head is a length of that list, so
adding to the newest head copies nothing. A branch gets a line of its own. Lines are evicted whole,
the least recently used first.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import NamedTuple

from harness.contracts.message import Message
from harness.contracts.transcript import Node

MESSAGE_BYTES = 1000
"""Memory of a message, beside twice its encoded bytes (measured, within a fifth)."""


class Place(NamedTuple):
    line: Line
    parent: str | None
    start: int
    end: int


class Whose(NamedTuple):
    """The owner of messages: the run that wrote them, or the key they were encrypted with."""

    run: str | None = None
    key: bytes | None = None


NOBODY = Whose()


class Line:
    __slots__ = ("heads", "messages", "size", "whose")

    def __init__(self, messages: list[Message], whose: Whose) -> None:
        self.messages = messages
        self.whose = whose
        self.heads: list[str] = []
        self.size = 0


class Lines:
    def __init__(self, limit_bytes: int) -> None:
        self._limit = limit_bytes
        self._places: dict[str, Place] = {}
        self._lines: OrderedDict[Line, None] = OrderedDict()
        self.size = 0

    def __contains__(self, head: str) -> bool:
        return head in self._places

    def get_messages(self, head: str) -> list[Message] | None:
        """Return the conversation up to `head`; None if it is not in memory."""
        place = self._places.get(head)
        if place is None:
            return None
        self._lines.move_to_end(place.line)
        return place.line.messages[: place.end]

    def get_node(self, head: str) -> Node | None:
        place = self._places.get(head)
        if place is None:
            return None
        return Node(
            parent=place.parent, messages=tuple(place.line.messages[place.start : place.end])
        )

    def get_parent(self, head: str) -> str | None:
        place = self._places.get(head)
        return place.parent if place else None

    def get_whose(self, head: str) -> Whose:
        place = self._places.get(head)
        return place.line.whose if place else NOBODY

    def add(self, head: str, node: Node, size: int, whose: Whose = NOBODY) -> bool:
        """Add a node; False if its parent is not in memory."""
        if head in self._places:
            return True
        if node.parent is None:
            line, start = Line([], whose), 0
        else:
            place = self._places.get(node.parent)
            if place is None:
                return False
            line, start = place.line, place.end
            if start < len(line.messages):
                self._lines.move_to_end(line)
                line = Line(line.messages[:start], line.whose)
                self._grow_line(line, start * 8)
        line.messages.extend(node.messages)
        if any(whose):
            line.whose = whose
        line.heads.append(head)
        self._places[head] = Place(line, node.parent, start, len(line.messages))
        self._grow_line(line, 2 * size + MESSAGE_BYTES * max(1, len(node.messages)))
        return True

    def _grow_line(self, line: Line, size: int) -> None:
        line.size += size
        self.size += size
        self._lines[line] = None
        self._lines.move_to_end(line)
        while self.size > self._limit and len(self._lines) > 1:
            old, _ = self._lines.popitem(last=False)
            self.size -= old.size
            for head in old.heads:
                del self._places[head]
