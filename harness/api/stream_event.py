"""An event on its way to a reader, in the formats of server-sent events and WebSockets."""

from __future__ import annotations

import json
from typing import NamedTuple


class StreamEvent(NamedTuple):
    """One event of a stream."""

    kind: str
    data: bytes
    """One line of JSON."""
    id: str | None = None
    """The cursor to resume after; live text has none."""

    def as_sse(self) -> bytes:
        """The event in the format of server-sent events."""
        head = f"id: {self.id}\n" if self.id else ""
        return f"{head}event: {self.kind}\ndata: ".encode() + self.data + b"\n\n"

    def as_message(self, topic: str | None = None) -> str:
        """The event as a WebSocket message: a JSON object. `topic`: what it belongs to, on a
        connection that carries several streams."""
        head = "" if topic is None else f'"topic": {json.dumps(topic)}, '
        id = f', "id": {json.dumps(self.id)}' if self.id else ""
        return f'{{{head}"event": {json.dumps(self.kind)}{id}, "data": {self.data.decode()}}}'


class Chunk(StreamEvent):
    """An event without a name, as other protocols have them."""

    def as_sse(self) -> bytes:
        """The event in the format of server-sent events."""
        return b"data: " + self.data + b"\n\n"


END = StreamEvent("end", b"{}")
DONE = Chunk("done", b"[DONE]")
"""The end of a stream of OpenAI's protocols, and of those that took it from there."""
