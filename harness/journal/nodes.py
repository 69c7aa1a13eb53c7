"""Rebuild transcript nodes from a run's events: history has every message, so nodes that a store
lost or has not written yet can be made again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from harness.contracts.event import DurableEvent, ModelCalled, ModelReplied
from harness.contracts.message import Message
from harness.contracts.transcript import Node, digest


def rebuild_nodes(events: Iterable[DurableEvent], salt: str | None = None) -> dict[str, bytes]:
    """Rebuild node bodies by address, oldest first; only those with the same bytes. `salt` is the
    run's."""
    found: dict[str, bytes] = {}
    asked: ModelCalled | None = None
    for event in events:
        if isinstance(event, ModelCalled):
            asked = event
        elif isinstance(event, ModelReplied) and asked is not None:
            said = (event.message,) if event.message.parts else ()
            body = Node(parent=asked.head, messages=(*asked.messages, *said), salt=salt).wire()
            if digest(body) == event.head:
                found[event.head] = body
    return found


def collect_sent(head: str | None, bodies: Mapping[str, bytes]) -> list[Message]:
    """Collect the messages up to `head` that a model is called with, as far as they are there."""
    found: list[tuple[Message, ...]] = []
    while head is not None and head in bodies:
        node = Node.model_validate_json(bodies[head])
        found.append(node.messages)
        head = node.parent
    return [message for messages in reversed(found) for message in messages]


def collect_whole(head: str | None, bodies: Mapping[str, bytes]) -> list[Message]:
    """Collect the messages up to `head`, also those that a compaction left out, as far as they are
    there."""
    found: list[tuple[Message, ...]] = []
    while head is not None and head in bodies:
        node = Node.model_validate_json(bodies[head])
        if node.replaces is None:
            found.append(node.messages)
        head = node.before
    return [message for messages in reversed(found) for message in messages]
