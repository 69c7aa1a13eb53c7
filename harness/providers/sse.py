"""Parse server-sent events with as little CPU as possible."""

from __future__ import annotations

from collections.abc import Iterator


class TooLong(Exception):
    """An event is longer than it may be."""


class Splitter:
    """Splits bytes into events (name, data), in linear time however the bytes are chunked."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._buffer = bytearray()
        self._seen = 0

    def feed(self, chunk: bytes) -> Iterator[tuple[bytes, bytes]]:
        buffer = self._buffer
        if b"\r" in chunk:
            # A CRLF may be cut in two; a bare CR as a line end is allowed but used by nobody.
            chunk = chunk.replace(b"\r", b"")
        buffer += chunk
        start, end = 0, buffer.find(b"\n\n", self._seen)
        while end >= 0:
            parsed = _parse_event(bytes(buffer[start:end]))
            if parsed is not None:
                yield parsed
            start = end + 2
            end = buffer.find(b"\n\n", start)
        if start:
            del buffer[:start]
        if len(buffer) > self._limit:
            raise TooLong
        self._seen = max(0, len(buffer) - 1)

    def rest(self) -> tuple[bytes, bytes] | None:
        """Return the last event if the server omitted the blank line after it."""
        return _parse_event(bytes(self._buffer))


def _parse_event(block: bytes) -> tuple[bytes, bytes] | None:
    name = b""
    data: list[bytes] = []
    for line in block.split(b"\n"):
        if line.startswith(b"data:"):
            data.append(line[6:] if line.startswith(b"data: ") else line[5:])
        elif line.startswith(b"event:"):
            name = line[6:].strip()
    joined = b"\n".join(data)
    return (name, joined) if joined else None
