"""Make the ids of a reply's tool calls unique.

Providers with the compatible protocol leave them empty or repeat them, but results, approvals and
undo rely on them.
"""

from __future__ import annotations

from harness.contracts.message import Message, Part, ToolCall


def make_ids_unique(message: Message) -> Message:
    ids = [call.id for call in message.calls]
    if all(ids) and len(set(ids)) == len(ids):
        return message
    taken: set[str] = set()
    parts: list[Part] = []
    for part in message.parts:
        if isinstance(part, ToolCall):
            id = _find_free_id(part.id or "call", taken)
            taken.add(id)
            parts.append(part.model_copy(update={"id": id}))
        else:
            parts.append(part)
    return message.model_copy(update={"parts": tuple(parts)})


def _find_free_id(id: str, taken: set[str]) -> str:
    number, free = 1, id
    while free in taken:
        number += 1
        free = f"{id}_{number}"
    return free
