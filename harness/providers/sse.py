"""Cut a stream into events with as little CPU as possible: server-sent events, or lines of JSON."""

from __future__ import annotations

from collections.abc import Iterator


class TooLong(Exception):
    """An event is longer than it may be."""


class Splitter:
    """Splits bytes into events (name, data), in linear time however the bytes are chunked."""

    starts: tuple[bytes, ...] = (b":", b"data:", b"event:", b"id:", b"retry:")
    """How a body of events can begin. Content types are unreliable: some servers stream events as
    text/plain, and some send one JSON object as an event stream."""
    mark: bytes = b"\n\n"

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
        size = len(self.mark)
        start, end = 0, buffer.find(self.mark, self._seen)
        while end >= 0:
            parsed = self._parse(bytes(buffer[start:end]))
            if parsed is not None:
                yield parsed
            start = end + size
            end = buffer.find(self.mark, start)
        if start:
            del buffer[:start]
        if len(buffer) > self._limit:
            raise TooLong
        self._seen = max(0, len(buffer) - size + 1)

    def rest(self) -> tuple[bytes, bytes] | None:
        """Return the last event if the server omitted the blank line after it."""
        return self._parse(bytes(self._buffer))

    def _parse(self, block: bytes) -> tuple[bytes, bytes] | None:
        return _parse_event(block)


class LineSplitter(Splitter):
    """Splits bytes into lines, each of them a JSON object (NDJSON)."""

    starts = (b"{",)
    mark = b"\n"

    def _parse(self, block: bytes) -> tuple[bytes, bytes] | None:
        line = block.strip()
        return (b"", line) if line else None


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
