"""Rebuild transcript nodes from a run's events: history has every message, so nodes that a store
lost or has not written yet can be made again."""

from __future__ import annotations

from collections.abc import Iterable

from harness.contracts.event import DurableEvent, ModelCalled, ModelReplied
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
