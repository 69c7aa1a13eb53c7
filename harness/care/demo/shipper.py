"""Send the lines of a log file to Loki: python -m harness.care.demo.shipper FILE --url URL.

It bounds what it holds and what the file grows to: lines that Loki does not take in time are lost,
and a line in Loki says so.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import time
from pathlib import Path
from typing import Any, cast

EVERY_S = 0.5
MOST_READ = 1_000_000
"""Bytes of one push."""
MOST_LINE = 64_000
"""Characters of a line that are sent."""
MOST_FILE = 64_000_000
"""Bytes at which the file is emptied. Its writer must append."""
LEVELS = frozenset({"debug", "info", "warning", "error", "critical"})
NEWEST_S = 300.0
"""How far ahead a line's own time may be."""


class Tail:
    """What is added to a file from now on, in whole lines."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._at = path.stat().st_size if path.exists() else 0
        self._skipping = False
        """Whether the beginning of the next line was sent: it is too long to be held."""
        self.lost = 0
        """Bytes that were not read in time."""

    def read(self) -> list[str]:
        """The next lines, at most `MOST_READ` bytes of them."""
        try:
            with self._path.open("rb") as file:
                size = os.fstat(file.fileno()).st_size
                self._at = self._at if self._at <= size else 0
                file.seek(self._at)
                found = file.read(MOST_READ)
        except OSError:
            return []
        end = found.rfind(b"\n") + 1
        if end == 0 and len(found) < MOST_READ:
            return []  # the line is still being written
        whole = found[: end or None]
        self._at += len(whole)
        lines = whole.removesuffix(b"\n").split(b"\n")
        if self._skipping:
            lines = lines[1:]
        self._skipping = end == 0
        return [line.decode(errors="replace")[:MOST_LINE] for line in lines if line.strip()]

    def empty_large(self) -> None:
        """Empty the file if it is large."""
        try:
            size = self._path.stat().st_size
            if size > MOST_FILE:
                self.lost += max(0, size - self._at)
                os.truncate(self._path, 0)
                self._at, self._skipping = 0, False
        except OSError:
            return


class Stamps:
    """Times of lines, each later than the one before: Loki keeps equal lines of one moment once."""

    def __init__(self) -> None:
        self._last = 0

    def choose(self, wanted: float | None) -> int:
        now = time.time()
        seconds = wanted if wanted is not None and 0 < wanted < now + NEWEST_S else now
        self._last = max(int(seconds * 1e9), self._last + 1)
        return self._last


def make_push(lines: list[str], service: str, stamps: Stamps) -> dict[str, Any]:
    """The body of a push: a stream for each level."""
    streams = dict[str, list[list[str]]]()
    for line in lines:
        fields = _read_fields(line)
        level, at = fields.get("level"), fields.get("at")
        name = level if isinstance(level, str) and level in LEVELS else "unknown"
        stamp = stamps.choose(float(at) if isinstance(at, int | float) else None)
        streams.setdefault(name, []).append([str(stamp), line])
    return {
        "streams": [
            {"stream": {"service": service, "level": level}, "values": values}
            for level, values in streams.items()
        ]
    }


def _read_fields(line: str) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return cast("dict[str, Any]", found) if isinstance(found, dict) else {}


async def ship(path: Path, url: str, service: str) -> None:
    """Send what is added to the file, until cancelled."""
    import httpx2

    tail, stamps = Tail(path), Stamps()
    lines = list[str]()
    async with httpx2.AsyncClient(timeout=10, trust_env=False) as client:
        while True:
            tail.empty_large()
            if not lines:
                lines = tail.read()
                if tail.lost:
                    note = {"level": "warning", "message": f"{tail.lost} bytes were not sent"}
                    lines, tail.lost = [*lines, json.dumps(note)], 0
            if lines:
                try:
                    body = make_push(lines, service, stamps)
                    reply = await client.post(f"{url}/loki/api/v1/push", json=body)
                    if reply.status_code == 429 or reply.status_code >= 500:
                        raise httpx2.HTTPError(f"status {reply.status_code}")
                    if reply.is_error:  # sent again it would be refused again
                        print(reply.status_code, reply.text[:500], file=sys.stderr)
                    lines = []
                    continue
                except httpx2.HTTPError as error:
                    print(f"not sent, again soon: {error}", file=sys.stderr)
            await asyncio.sleep(EVERY_S)


def main() -> None:
    parser = argparse.ArgumentParser(prog="ship_logs", description=__doc__)
    parser.add_argument("file", type=Path, help="whose lines are sent")
    parser.add_argument("--url", required=True, help="of Loki")
    parser.add_argument("--service", required=True, help="the label of the lines")
    asked = parser.parse_args()
    asyncio.run(ship(asked.file, asked.url, asked.service))


if __name__ == "__main__":
    main()
