"""The place where a value is stored, as bytes that are signed or encrypted with the value."""

from __future__ import annotations


def place_of(column: str, *row: object) -> bytes:
    """Encode a value's place, `table.column` and the row's identity, without ambiguity."""
    parts = [column.encode(), *(str(each).encode("utf-8", "surrogatepass") for each in row)]
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)


def show_place(place: bytes) -> str:
    """Format a place for people: the column and the first part of the row's identity."""
    parts: list[str] = []
    at = 0
    while at < len(place) and len(parts) < 2:
        end = at + 4 + int.from_bytes(place[at : at + 4], "big")
        parts.append(place[at + 4 : end].decode("utf-8", "replace"))
        at = end
    return f"{parts[0]} {parts[1][:80]!r}" if len(parts) > 1 else "".join(parts)
